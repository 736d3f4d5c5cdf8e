import fc from 'fast-check';
import { healingMs, type HighWater, merged, noUsage, withCounted } from './high-water.js';

const at = Date.UTC(2026, 10, 22);

describe('usage within a period', () => {
  it('follows what the store has while that does not fall', () => {
    const first = withCounted(noUsage, 10, 0, at);
    expect(withCounted(first, 25, 0, at + 1000)).toEqual({ used: 25, carried: 0, fall: null });
  });

  it('stays when the store has less, and goes on from there with what is counted since', () => {
    let known = withCounted(noUsage, 100, 0, at);
    known = withCounted(known, 30, 0, at + 1000);
    expect(known).toEqual({ used: 100, carried: 0, fall: { atMs: at + 1000, used: 100 } });
    known = withCounted(known, 40, 10, at + 20_000);
    expect(known.used).toBe(110);
    known = withCounted(known, 45, 15, at + 1000 + healingMs);
    expect(known).toEqual({ used: 115, carried: 70, fall: null });
    expect(withCounted(known, 50, 0, at + 70_000)).toEqual({ used: 120, carried: 70, fall: null });
  });

  it('carries nothing when replicas publish again what was lost', () => {
    let known = withCounted(noUsage, 100, 0, at);
    known = withCounted(known, 30, 0, at + 1000);
    known = withCounted(known, 112, 12, at + 10_000);
    expect(known).toEqual({ used: 112, carried: 0, fall: null });
  });

  it('never falls, and is never below what was counted, in any order of losses and counts', () => {
    const step = fc.record({
      counted: fc.nat({ max: 1000 }),
      since: fc.nat({ max: 200 }),
      ms: fc.nat({ max: 30_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let known: HighWater = noUsage;
        let now = at;
        for (const { counted, since, ms } of steps) {
          const next = withCounted(known, counted, known.fall === null ? 0 : since, (now += ms));
          expect(next.used).toBeGreaterThanOrEqual(known.used);
          expect(next.used).toBeGreaterThanOrEqual(counted);
          expect(next.carried).toBeGreaterThanOrEqual(known.carried);
          known = next;
        }
      }),
    );
  });

  it('is the larger of what two replicas know', () => {
    const own = { used: 10, carried: 5, fall: null };
    expect(merged(own, { used: 7, carried: 6 })).toEqual({ used: 10, carried: 6, fall: null });
    expect(merged(own, { used: 9, carried: 5 })).toBe(own);
  });
});
