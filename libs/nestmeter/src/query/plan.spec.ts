import fc from 'fast-check';
import { defaultTiers, expiresAt, settleSeconds } from '../time-slot.js';
import { cutStretches, planSlots } from './plan.js';
import { resolveWindow } from './window.js';

const arbitrary = fc
  .record({
    nowMs: fc.double({ min: 1.6e12, max: 1.7e12, noNaN: true }),
    seconds: fc.oneof(fc.integer({ min: 30, max: 90 * 86_400 }), fc.integer({ min: 30, max: 7200 })),
    share: fc.option(fc.double({ min: 0.01, max: 0.99, noNaN: true })),
  })
  .map(({ nowMs, seconds, share }) => {
    const from = nowMs / 1000 - seconds + 1;
    const query = share === null ? { window: `${seconds}s` } : { from, to: from + (seconds - 1) * share };
    return { nowMs, window: resolveWindow(query, '1h', nowMs, defaultTiers) };
  });

describe('planSlots', () => {
  it('covers the window in order, without a gap and without an overlap', () => {
    fc.assert(
      fc.property(arbitrary, ({ nowMs, window }) => {
        let at = window.from;
        for (const { start, tier } of planSlots(window, nowMs, defaultTiers)) {
          expect(start).toBe(at);
          expect(start % tier.slotSeconds).toBe(0);
          at += tier.slotSeconds;
        }
        expect(at).toBeGreaterThanOrEqual(window.to);
        expect(at - window.to).toBeLessThanOrEqual(defaultTiers[0]!.slotSeconds);
      }),
      { numRuns: 500 },
    );
  });

  it('takes coarse slots only once they are settled, and no slot that may have expired', () => {
    fc.assert(
      fc.property(arbitrary, ({ nowMs, window }) => {
        for (const { start, tier } of planSlots(window, nowMs, defaultTiers)) {
          const isSettled = start + tier.slotSeconds + settleSeconds <= nowMs / 1000;
          expect(isSettled || tier === defaultTiers[0]).toBe(true);
          expect(expiresAt(start, tier)).toBeGreaterThan(nowMs / 1000);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads fewer than 80 slots for 24 h', () => {
    for (let minute = 0; minute < 1440; minute += 7) {
      const nowMs = 1.7e12 + minute * 60_000;
      expect(
        planSlots(resolveWindow({ window: '24h' }, '1h', nowMs, defaultTiers), nowMs, defaultTiers).length,
      ).toBeLessThan(80);
    }
  });
});

describe('cutStretches', () => {
  it('cuts a window into at most so many stretches of whole slots that together are the window', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 2, max: 200 }), ({ window }, points) => {
        const stretches = cutStretches(window, points);
        expect(stretches.length).toBeLessThanOrEqual(points);
        expect([stretches[0]!.from, stretches.at(-1)!.to]).toEqual([window.from, window.to]);
        stretches.forEach(({ from, to }, index) => {
          expect((from - window.from) % window.slotSeconds).toBe(0);
          expect(stretches[index - 1]?.to ?? from).toBe(from);
          expect(to).toBeGreaterThan(from);
        });
      }),
    );
  });
});
