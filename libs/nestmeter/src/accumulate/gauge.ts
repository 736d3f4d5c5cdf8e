/**
 * What a level did over time: value × seconds, the seconds it was known, its lowest and highest value.
 *
 * One merge serves replicas and slots alike: it adds the first two and takes the extremes. The average of a gauge that
 * sums over replicas (a queue's depth) divides by the seconds of the window in which any replica published, of any other
 * by its own.
 */
export interface Gauge {
  /** Σ value × seconds, in the gauge's unit times seconds. */
  weighted: number;
  /** Seconds over which the level was known; adds up over replicas. */
  seconds: number;
  min: number;
  max: number;
}

/** The zero of merging. */
export function createGauge(): Gauge {
  return { weighted: 0, seconds: 0, min: Infinity, max: -Infinity };
}

/** Counts that the level was `value` for `seconds`. A touch of 0 seconds still moves the extremes. */
export function recordLevel(gauge: Gauge, value: number, seconds: number): void {
  gauge.weighted = bounded(gauge.weighted + value * seconds);
  gauge.seconds += seconds;
  if (value < gauge.min) gauge.min = value;
  if (value > gauge.max) gauge.max = value;
}

/** Adds `source` to `target`; `source` stays as it is. */
export function mergeGauge(target: Gauge, source: Readonly<Gauge>): void {
  target.weighted = bounded(target.weighted + source.weighted);
  target.seconds += source.seconds;
  if (source.min < target.min) target.min = source.min;
  if (source.max > target.max) target.max = source.max;
}

/** Never infinite, since two infinities of different signs add up to no number, and a state with one cannot be read. */
function bounded(sum: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, sum));
}
