import { meanSum } from './gauge-answer.js';

const known = (weighted: number, seconds: number) => ({ weighted, seconds, min: 0, max: 100 });

describe('meanSum', () => {
  it('divides by the time in which anybody published, not by the sum of what replicas knew', () => {
    expect(meanSum(known(3 * 600 * 10, 1800), { publishedSeconds: 3600, replicas: 3 })).toBe(5);
  });

  it('never answers more than replicas can have counted, when less time seems published than they knew the level', () => {
    expect(meanSum(known(1860 * 7, 1860), { publishedSeconds: 120, replicas: 1 })).toBe(7);
  });

  it('answers null for a level that nobody knew', () => {
    expect(meanSum(null, { publishedSeconds: 60, replicas: 1 })).toBeNull();
    expect(meanSum(known(0, 0), { publishedSeconds: 60, replicas: 0 })).toBeNull();
  });
});
