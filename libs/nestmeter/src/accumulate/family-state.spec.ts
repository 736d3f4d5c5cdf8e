import fc from 'fast-check';
import { arbitraryState, contents, measure, sampleFamily } from '../../../../test/fixtures/random-state.js';
import { addCounts, isSaturated, saturation } from './counter.js';
import { FamilyState } from './family-state.js';
import { createTally, mergedTallyCap, mergeTally, recordTally, tallyCap } from './tally.js';

const merged = (...parts: readonly FamilyState[]): FamilyState => {
  const whole = new FamilyState(sampleFamily);
  for (const part of parts) whole.merge(part);
  return whole;
};

const total = (state: FamilyState): number =>
  [...state.series.values()].reduce((sum, series) => addCounts(sum, series.counters[0]!), 0);

describe('merging states of a family', () => {
  it('does not depend on the order', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, (a, b) => {
        expect(contents(merged(a, b))).toEqual(contents(merged(b, a)));
      }),
    );
  });

  it('does not depend on what is merged first, past four times the cap too', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, arbitraryState, (a, b, c) => {
        expect(contents(merged(merged(a, b), c))).toEqual(contents(merged(a, merged(b, c))));
      }),
    );
  });

  it('has the empty state as its zero', () => {
    fc.assert(
      fc.property(arbitraryState, (a) => {
        expect(contents(merged(a, new FamilyState(sampleFamily)))).toEqual(contents(merged(a)));
        expect(contents(merged(a))).toEqual(contents(a));
      }),
    );
  });

  it('leaves its arguments as they are', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, (a, b) => {
        const before = JSON.stringify([contents(a), contents(b)]);
        measure(merged(a, b).at('x\0y'), { kind: 'count', by: 1 });
        const whole = merged(a, b);
        for (const series of whole.series.values()) {
          measure(series, { kind: 'duration', ms: 5 });
          measure(series, { kind: 'level', value: 99, seconds: 9 });
          measure(series, { kind: 'code', code: 'late' });
        }
        expect(JSON.stringify([contents(a), contents(b)])).toBe(before);
      }),
    );
  });

  it('loses no count to the cap and keeps at most four times the cap beside `__other__`', () => {
    fc.assert(
      fc.property(fc.array(arbitraryState, { maxLength: 5 }), (parts) => {
        const whole = merged(...parts);
        expect(total(whole)).toBe(parts.reduce((sum, part) => addCounts(sum, total(part)), 0));
        expect(whole.series.size).toBeLessThanOrEqual(4 * sampleFamily.cap + 1);
      }),
    );
  });
});

describe('counters', () => {
  it('stop at 2^53 − 1, whatever is added in which order', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat(), (a, b, c) => {
        expect(addCounts(addCounts(a, b), c)).toBe(addCounts(a, addCounts(b, c)));
        expect(Number.isSafeInteger(addCounts(a, b))).toBe(true);
      }),
    );
    expect(isSaturated(addCounts(saturation, 1))).toBe(true);
    expect(isSaturated(saturation - 1)).toBe(false);
  });
});

describe('tallies', () => {
  it('count keys past the cap as `__other__`', () => {
    const tally = createTally();
    for (let key = 0; key < 1000; key++) recordTally(tally, `key ${key}`);
    recordTally(tally, 'key 3');
    expect(tally.size).toBe(tallyCap + 1);
    expect([tally.get('key 3'), tally.get('__other__')]).toEqual([2, 1000 - tallyCap]);
  });

  it('take hostile keys as data, short ones as they are and long ones cut', () => {
    const tally = createTally();
    for (const key of ['__proto__', 'constructor', '__other__', '__mine', 'x'.repeat(1e7), '\ud800'])
      recordTally(tally, key);
    expect([...tally].map(([key, count]) => [key.length > 20 ? 'cut' : key, count])).toEqual([
      ['__proto__', 1],
      ['constructor', 1],
      ['__other__', 2],
      ['cut', 1],
      ['\ufffd', 1],
    ]);
  });

  it('lose no key up to four times the cap and no count past it, in any order of merging', () => {
    const keys = fc.array(fc.tuple(fc.nat(900).map(String), fc.nat(50)), { maxLength: 400 });
    fc.assert(
      fc.property(keys, keys, keys, (a, b, c) => {
        const sum = (...parts: Iterable<readonly [string, number]>[]): Map<string, number> => {
          const whole = createTally();
          for (const part of parts) mergeTally(whole, part);
          return whole;
        };
        const [left, right] = [sum(sum(a, b), c), sum(sum(c), sum(b, a))];
        expect(new Set(left)).toEqual(new Set(right));
        const all = new Set([...a, ...b, ...c].map(([key]) => key));
        expect(left.has('__other__')).toBe(all.size > mergedTallyCap);
        const counted = [...a, ...b, ...c].reduce((count, [, by]) => count + by, 0);
        expect([...left.values()].reduce((count, by) => count + by, 0)).toBe(counted);
      }),
      { numRuns: 50 },
    );
  });
});
