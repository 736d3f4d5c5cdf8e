import { levelName } from '../store/levels.js';
import { Levels, liveBeats, underWay } from './live-replicas.js';

describe('Levels', () => {
  const levels = new Levels([
    { current: { [levelName('active_calls', 'a/b', 'm')]: 2, [levelName('active_calls', 'a/b', 'n')]: 3 } },
    { current: { [levelName('active_calls', 'a/b', 'm')]: 10, [levelName('active_calls', 'a', 'b/m')]: 100 } },
  ]);

  it('sums over replicas and over everything below a name, whatever characters names have', () => {
    expect(levels.sum('active_calls')).toBe(115);
    expect(levels.sum('active_calls', 'a/b')).toBe(15);
    expect(levels.sum('active_calls', 'a/b', 'm')).toBe(12);
    expect(levels.highest('active_calls', 'a/b')).toBe(10);
    expect(levels.names('active_calls')).toEqual(['a/b', 'a']);
  });

  it('answers null for what no replica tells', () => {
    expect(levels.sum('queue')).toBeNull();
    expect(levels.highest('active_calls', '__proto__')).toBeNull();
    expect(levels.names('queue')).toEqual([]);
  });

  it('takes calls that nobody tells of as not under way, unless nobody is known', () => {
    expect(underWay(levels, 'active_calls', 'c')).toBe(0);
    expect(underWay(null, 'active_calls', 'c')).toBeNull();
  });
});

describe('liveBeats', () => {
  it('knows no replicas while the store is unreachable', () => {
    expect(liveBeats({ live: ['own'], beats: [] })).toBeNull();
  });
});
