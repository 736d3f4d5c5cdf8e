import fc from 'fast-check';
import { forecast, overshoot } from './forecast.js';

describe('a forecast', () => {
  it('goes on at the rate of late until the end of the period', () => {
    expect(forecast({ used: 50, limit: 100, perSecond: 0.1, now: 1000, to: 1200 })).toEqual({
      amount: 70,
      exceedsAt: null,
    });
    expect(forecast({ used: 50, limit: 100, perSecond: 0.5, now: 1000, to: 1200 })).toEqual({
      amount: 150,
      exceedsAt: 1100,
    });
  });

  it('tells nothing of rolling windows, without a rate, and of a limit that is reached already', () => {
    expect(forecast({ used: 1, limit: 2, perSecond: 1, now: 0, to: null })).toEqual({ amount: null, exceedsAt: null });
    expect(forecast({ used: 1, limit: 2, perSecond: null, now: 0, to: 9 })).toEqual({ amount: null, exceedsAt: null });
    expect(forecast({ used: 5, limit: 2, perSecond: 1, now: 0, to: 9 })).toEqual({ amount: 14, exceedsAt: null });
  });

  it('never tells an end of the budget that is past, or after the period', () => {
    const amount = fc.nat({ max: 1_000_000 });
    fc.assert(
      fc.property(amount, amount, amount, fc.integer({ min: 1, max: 100_000 }), (used, limit, perSecond, length) => {
        const { exceedsAt } = forecast({ used, limit, perSecond, now: 1000, to: 1000 + length });
        if (exceedsAt === null) return;
        expect(exceedsAt).toBeGreaterThan(1000);
        expect(exceedsAt).toBeLessThanOrEqual(1000 + length);
      }),
    );
  });
});

describe('an overshoot', () => {
  it('is what is spent until everybody knows, and what calls under way still cost', () => {
    expect(overshoot({ perSecond: 100, delaySeconds: 2.5, underWay: 3, perCall: 20 })).toBe(310);
  });
});
