/**
 * Counters are non-negative integers that only add up. Money is a counter of nano-USD. A family keeps its counters of
 * one series in one `Float64Array`, one column each, whose elements are safe integers.
 */
export const saturation = Number.MAX_SAFE_INTEGER;

/** A sum of two counters that stops at {@link saturation} instead of losing integers silently. Associative. */
export function addCounts(a: number, b: number): number {
  const sum = a + b;
  return sum > saturation ? saturation : sum;
}

/** Whether a counter stopped at its ceiling of 2^53 − 1, so that the true value is that or more. */
export function isSaturated(count: number): boolean {
  return count >= saturation;
}

/** Adds `source` to `target`, column by column; `source` stays as it is. */
export function mergeCounters(target: Float64Array, source: ArrayLike<number>): void {
  for (let column = 0; column < target.length; column++) target[column] = addCounts(target[column]!, source[column]!);
}
