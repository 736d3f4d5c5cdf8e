import type { Gauge } from '../accumulate/gauge.js';

/**
 * Mean of a level that sums over replicas, over the time in which it was known. Null when it never was.
 *
 * @param seconds in which anybody published; a level known for less than that (a queue first seen just now) is divided by
 *   what it was known for
 */
export function meanSum(gauge: Gauge | null | undefined, seconds: number): number | null {
  if (gauge == null || gauge.seconds === 0) return null;
  return gauge.weighted / Math.min(gauge.seconds, seconds);
}

/** Mean of a level that does not sum, over the replicas that knew it. Null when none did. */
export function meanLevel(gauge: Gauge | null | undefined): number | null {
  return gauge == null || gauge.seconds === 0 ? null : gauge.weighted / gauge.seconds;
}

/** Highest level of any one replica; null when there was none. */
export function highestLevel(gauge: Gauge | null | undefined): number | null {
  return gauge == null || gauge.max === -Infinity ? null : gauge.max;
}

/** Lowest level of any one replica; null when there was none. */
export function lowestLevel(gauge: Gauge | null | undefined): number | null {
  return gauge == null || gauge.min === Infinity ? null : gauge.min;
}
