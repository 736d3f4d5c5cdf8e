import { bucketIndex, Buckets, bucketValue } from './buckets.js';
import { addCounts, isSaturated, saturation } from './counter.js';

/** How the values of a distribution are summed and put on the grid. */
export interface DistributionUnit {
  /** Unit of recorded values and answers: `ms`, `tokens`, `bytes`, `tokens/s`. */
  readonly unit: string;
  /** Parts of a unit in which sums are kept, so that they are integers: 1000 for `ms` means microseconds. */
  readonly sumParts: number;
  /** Units in one grid unit: 1000 for `ms`, since the grid of durations is over seconds. */
  readonly gridUnits: number;
}

/** Durations: recorded in milliseconds, summed in whole microseconds, on a grid over seconds. */
export const milliseconds: DistributionUnit = { unit: 'ms', sumParts: 1000, gridUnits: 1000 };
/** Whole things, summed as they are. */
export const tokens: DistributionUnit = { unit: 'tokens', sumParts: 1, gridUnits: 1 };
/** Sizes in bytes. */
export const bytes: DistributionUnit = { unit: 'bytes', sumParts: 1, gridUnits: 1 };
/** Rates, summed in thousandths. */
export const tokensPerSecond: DistributionUnit = { unit: 'tokens/s', sumParts: 1000, gridUnits: 1 };
/** Whatever a custom distribution counts, summed in thousandths. */
export function plainUnit(unit: string): DistributionUnit {
  return { unit, sumParts: 1000, gridUnits: 1 };
}

/**
 * How often which values occurred. Count, sum, minimum and maximum are exact (the sum to half a part per value),
 * quantiles to 1.1 %, the standard deviation to 1e-9 and one part of the unit (Welford, merged after Chan et al. 1979).
 * Merging adds; nothing depends on the order but the last digits of `m2`.
 */
export class Distribution {
  count = 0;
  /** Σ values, in parts of the unit (see {@link DistributionUnit.sumParts}); stops at 2^53 − 1. */
  sum = 0;
  /** Σ (value − mean)², in units². */
  m2 = 0;
  min = Infinity;
  max = -Infinity;
  /** Values that were 0; the grid holds only positive ones. */
  zeros = 0;
  readonly buckets = new Buckets();
  readonly #gridShift: number;

  constructor(readonly unit: DistributionUnit) {
    this.#gridShift = Math.log2(unit.gridUnits);
  }

  /** Counts one value. @param value finite and ≥ 0, in the distribution's unit; the caller has checked that. */
  record(value: number): void {
    const parts = this.unit.sumParts;
    const before = this.count === 0 ? value : this.sum / parts / this.count;
    this.count++;
    const sum = this.sum + Math.round(value * parts);
    this.sum = sum > saturation ? saturation : sum;
    this.m2 += (value - before) * (value - this.sum / parts / this.count);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (value > 0) this.buckets.add(bucketIndex(Math.log2(value) - this.#gridShift));
    else this.zeros++;
  }

  /** Adds `source`, which stays as it is. */
  merge(source: Distribution): void {
    if (source.count === 0) return;
    this.mergeMoments(source.count, source.sum, source.m2, source.min, source.max, source.zeros);
    this.buckets.merge(source.buckets);
  }

  /** Adds everything of another distribution but its buckets. */
  mergeMoments(count: number, sum: number, m2: number, min: number, max: number, zeros: number): void {
    if (count === 0) return;
    if (this.count > 0) {
      const apart = sum / count - this.sum / this.count;
      const distance = apart / this.unit.sumParts;
      this.m2 += m2 + (distance * distance * this.count * count) / (this.count + count);
    } else this.m2 = m2;
    this.count = addCounts(this.count, count);
    this.sum = addCounts(this.sum, sum);
    this.zeros = addCounts(this.zeros, zeros);
    if (min < this.min) this.min = min;
    if (max > this.max) this.max = max;
  }

  /** Arithmetic mean in the unit; null when nothing was counted, and when the sum stopped at its ceiling. */
  mean(): number | null {
    return this.count === 0 || isSaturated(this.sum) ? null : this.sum / this.unit.sumParts / this.count;
  }

  /** Standard deviation of the population in the unit; null when nothing was counted. */
  standardDeviation(): number | null {
    return this.count === 0 ? null : Math.sqrt(Math.max(0, this.m2) / this.count);
  }

  /**
   * The values at rank ceil(q × count) for each of `quantiles` (0 … 1), within 1.1 %; nulls when nothing was counted.
   * One pass over the buckets for all of them.
   */
  quantiles(quantiles: readonly number[]): (number | null)[] {
    const answers: (number | null)[] = quantiles.map(() => null);
    if (this.count === 0) return answers;
    const order = quantiles
      .map((quantile, index) => ({ index, rank: Math.min(this.count, Math.max(1, Math.ceil(quantile * this.count))) }))
      .sort((a, b) => a.rank - b.rank);
    let next = 0;
    let seen = this.zeros;
    const settle = (value: number): boolean => {
      while (next < order.length && order[next]!.rank <= seen) {
        answers[order[next]!.index] = Math.min(this.max, Math.max(this.min, value));
        next++;
      }
      return next < order.length;
    };
    if (settle(0))
      this.buckets.forEach((index, count) => {
        seen += count;
        // Most buckets hold no rank, and the value of one costs two powers.
        return order[next]!.rank > seen || settle(bucketValue(index) * this.unit.gridUnits);
      });
    // Only saturated counts leave a rank unreached.
    seen = Infinity;
    settle(this.max);
    return answers;
  }

  /**
   * How many values were at most each of `bounds` (in the unit, rising), in one pass; values within 1.1 % of a bound may
   * fall on either side of it.
   */
  countsAtMost(bounds: readonly number[]): number[] {
    const counts = new Array<number>(bounds.length).fill(0);
    let seen = this.zeros;
    let next = 0;
    this.buckets.forEach((index, count) => {
      const value = bucketValue(index) * this.unit.gridUnits;
      while (next < bounds.length && bounds[next]! < value) counts[next++] = seen;
      seen += count;
      return next < bounds.length;
    });
    while (next < bounds.length) counts[next++] = seen;
    return counts;
  }
}
