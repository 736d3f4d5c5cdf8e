import fc from 'fast-check';
import { saturation } from './counter.js';
import { Distribution, milliseconds, plainUnit, tokens } from './distribution.js';
import { VarintReader, VarintWriter } from './varint.js';

const asked = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

/** The value at rank ceil(q × count). */
const exact = (sorted: readonly number[], quantile: number): number =>
  sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;

const filled = (values: readonly number[], unit = milliseconds): Distribution => {
  const distribution = new Distribution(unit);
  for (const value of values) distribution.record(value);
  return distribution;
};

const merged = (parts: readonly Distribution[]): Distribution => {
  const whole = new Distribution(parts[0]!.unit);
  for (const part of parts) whole.merge(part);
  return whole;
};

const recoded = (source: Distribution): Distribution => {
  const writer = new VarintWriter();
  source.buckets.write(writer);
  const copy = new Distribution(source.unit);
  copy.mergeMoments(source.count, source.sum, source.m2, source.min, source.max, source.zeros);
  copy.buckets.read(new VarintReader(writer.take()));
  return copy;
};

/** A generator with a seed (mulberry32), since ten thousand values per shape are too many for fast-check. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
const seed = 20_261_122;
const next = random(seed);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
const inRange = (ms: number): number => Math.min(3_600_000, Math.max(0.001, ms));

const shapes: Record<string, () => number> = {
  lognormal: () => inRange(Math.exp(Math.log(300) + 1.2 * normal())),
  bimodal: () => inRange(next() < 0.7 ? 2 + 0.2 * normal() : 9000 + 700 * normal()),
  constant: () => 123.456,
  'heavy-tailed': () => inRange(0.001 / (1 - next()) ** 1.5),
  'evenly spread over 1 µs to 1 h': () => 0.001 * 3.6e9 ** next(),
};

describe(`quantiles (seed ${seed})`, () => {
  it.each(Object.entries(shapes))('of %s data are within 1.1 %, merged from 10 replicas and recoded too', (_, draw) => {
    const replicas = Array.from({ length: 10 }, () => Array.from({ length: 2000 }, draw));
    const check = (distribution: Distribution, values: readonly number[]): void => {
      const sorted = [...values].sort((a, b) => a - b);
      const found = distribution.quantiles(asked);
      asked.forEach((quantile, at) => {
        const truth = exact(sorted, quantile);
        expect(Math.abs(found[at]! - truth) / truth).toBeLessThan(0.011);
      });
      expect([distribution.count, distribution.min, distribution.max]).toEqual([
        values.length,
        sorted[0],
        sorted.at(-1),
      ]);
      expect(distribution.sum).toBe(values.reduce((sum, ms) => sum + Math.round(ms * 1000), 0));
    };
    const parts = replicas.map((values) => filled(values));
    check(parts[0]!, replicas[0]!);
    check(merged(parts), replicas.flat());
    check(recoded(merged(parts)), replicas.flat());
  });

  it('lie at rank ceil(q × count)', () => {
    const distribution = filled([1, 2, 3, 4], tokens);
    const rounded = distribution.quantiles([0, 0.25, 0.26, 0.5, 0.75, 0.76, 1]).map((value) => Math.round(value!));
    expect(rounded).toEqual([1, 1, 2, 2, 3, 4, 4]);
  });

  it('count zeros below everything else', () => {
    const distribution = filled([0, 0, 0, 50]);
    expect(distribution.quantiles([0.5, 0.75])).toEqual([0, 0]);
    expect(distribution.quantiles([1])[0]).toBeCloseTo(50, 0);
  });

  it('are null when nothing was counted', () => {
    const empty = new Distribution(milliseconds);
    expect([empty.quantiles([0.5]), empty.mean(), empty.standardDeviation()]).toEqual([[null], null, null]);
  });
});

describe('Distribution', () => {
  const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 3_600_000, noNaN: true })), {
    minLength: 1,
    maxLength: 200,
  });

  it('keeps the variance to 1e-9, or to half a part of the unit where that is more', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 7 }), (given, cuts) => {
        const mean = given.reduce((sum, ms) => sum + ms, 0) / given.length;
        const truth = Math.sqrt(given.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / given.length);
        const size = Math.ceil(given.length / cuts);
        const parts = Array.from({ length: cuts }, (_, cut) => filled(given.slice(cut * size, (cut + 1) * size)));
        for (const found of [filled(given), merged(parts)])
          expect(Math.abs(found.standardDeviation()! - truth)).toBeLessThan(0.001 + truth * 1e-9);
      }),
    );
  });

  it('counts every value in exactly one bucket or as a zero, after merging too', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        for (const distribution of [filled(a), merged([filled(a), filled(b)])]) {
          let counted = distribution.zeros;
          distribution.buckets.forEach((_, count) => void (counted += count));
          expect(counted).toBe(distribution.count);
        }
      }),
    );
  });

  it('counts values up to a bound, those within 1.1 % of it on either side', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1e6, noNaN: true }), (given, bound) => {
        const found = filled(given).countsAtMost([bound])[0]!;
        expect(found).toBeGreaterThanOrEqual(given.filter((ms) => ms <= bound * 0.975).length);
        expect(found).toBeLessThanOrEqual(given.filter((ms) => ms <= bound * 1.025).length);
      }),
    );
  });

  it('stops sums and counts at 2^53 − 1', () => {
    const distribution = filled([1e300, 1e300], plainUnit('things'));
    expect(distribution.sum).toBe(saturation);
    distribution.mergeMoments(saturation, 5, 0, 1, 1, saturation);
    expect([distribution.count, distribution.sum, distribution.zeros]).toEqual([saturation, saturation, saturation]);
    expect(distribution.quantiles([0.5, 1])).not.toContain(null);
  });
});
