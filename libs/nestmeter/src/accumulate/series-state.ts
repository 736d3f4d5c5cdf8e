import { addCounts, mergeCounters } from './counter.js';
import { Distribution } from './distribution.js';
import type { AnyFamily } from './family.js';
import { createGauge, type Gauge, mergeGauge } from './gauge.js';
import { createTally, mergeTally, recordTally, type Tally } from './tally.js';

/**
 * What was counted for one series in some stretch of time: one cell per meter of its family. All but counters are made
 * when first needed.
 */
export class SeriesState {
  readonly counters: Float64Array;
  readonly distributions: (Distribution | null)[];
  readonly gauges: (Gauge | null)[];
  readonly tallies: (Tally | null)[];

  constructor(private readonly family: AnyFamily) {
    const { counters, distributions, gauges, tallies } = family.specs;
    this.counters = new Float64Array(counters.length);
    this.distributions = empty(distributions.length);
    this.gauges = empty(gauges.length);
    this.tallies = empty(tallies.length);
  }

  /** Adds to a counter. @param by a non-negative integer */
  count(counter: number, by = 1): void {
    this.counters[counter] = addCounts(this.counters[counter]!, by);
  }

  /** Counts a value. @param value finite and ≥ 0, in the distribution's unit */
  record(distribution: number, value: number): void {
    this.distribution(distribution).record(value);
  }

  /** Counts a key. */
  tallyUp(tally: number, key: string, by = 1): void {
    recordTally(this.tally(tally), key, by);
  }

  /** The distribution of a column, made if it is missing. */
  distribution(column: number): Distribution {
    return (this.distributions[column] ??= new Distribution(this.family.specs.distributions[column]!.unit));
  }

  /** The gauge of a column, made if it is missing. */
  gauge(column: number): Gauge {
    return (this.gauges[column] ??= createGauge());
  }

  /** The tally of a column, made if it is missing. */
  tally(column: number): Tally {
    return (this.tallies[column] ??= createTally());
  }

  /** Adds `source`, a state of the same family, which stays as it is. */
  merge(source: SeriesState): void {
    mergeCounters(this.counters, source.counters);
    source.distributions.forEach((from, column) => from && this.distribution(column).merge(from));
    source.gauges.forEach((from, column) => from && mergeGauge(this.gauge(column), from));
    source.tallies.forEach((from, column) => from && mergeTally(this.tally(column), from));
  }

  /** Memory, roughly, in bytes. */
  get bytes(): number {
    let sum = 200 + this.counters.byteLength;
    for (const distribution of this.distributions) if (distribution) sum += 300 + distribution.buckets.bytes;
    for (const gauge of this.gauges) if (gauge) sum += 100;
    for (const tally of this.tallies) if (tally) sum += 200 + 60 * tally.size;
    return sum;
  }
}

const nothing: never[] = [];

function empty<T>(length: number): (T | null)[] {
  return length === 0 ? nothing : new Array<T | null>(length).fill(null);
}
