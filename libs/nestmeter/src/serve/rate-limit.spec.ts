import { ManualClock } from '../clock.js';
import { RateLimit } from './rate-limit.js';

describe('RateLimit', () => {
  it('lets a minute’s worth pass at once, then one by one as time goes by', () => {
    const clock = new ManualClock(0);
    const limit = new RateLimit(() => 10, clock);
    const taken = Array.from({ length: 12 }, () => limit.take('a'));
    expect(taken).toEqual([...new Array<number>(10).fill(0), 6, 6]);
    clock.advance(5999);
    expect(limit.take('a')).toBe(1);
    clock.advance(1);
    expect(limit.take('a')).toBe(0);
    expect(limit.take('a')).toBe(6);
    clock.advance(600_000);
    expect(Array.from({ length: 11 }, () => limit.take('a')).filter(Boolean)).toHaveLength(1);
  });

  it('keeps callers apart, and asking takes nothing', () => {
    const limit = new RateLimit(() => 1, new ManualClock(0));
    expect(limit.wait('a')).toBe(0);
    expect(limit.take('a')).toBe(0);
    expect(limit.wait('a')).toBe(60);
    expect(limit.take('b')).toBe(0);
  });

  it('remembers a bounded number of callers and forgets the one unused for longest', () => {
    const limit = new RateLimit(() => 1, new ManualClock(0));
    limit.take('first');
    limit.take('second');
    limit.take('first');
    for (let caller = 0; caller < 9999; caller++) limit.take(`caller ${caller}`);
    expect(limit.size).toBe(10_000);
    expect(limit.wait('first')).toBe(60);
    expect(limit.wait('second')).toBe(0);
  });

  it('follows a limit that changes', () => {
    let perMinute = 2;
    const limit = new RateLimit(() => perMinute, new ManualClock(0));
    expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 30]);
    perMinute = 60;
    expect(limit.take('a')).toBe(1);
    perMinute = 1;
    expect([limit.take('b'), limit.take('b')]).toEqual([0, 60]);
  });
});
