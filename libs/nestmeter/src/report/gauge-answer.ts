import type { Gauge } from '../accumulate/gauge.js';

/** In how much time, and by how many replicas at most, something was counted. */
export interface Span {
  /** Seconds in whose slots anybody published. */
  readonly publishedSeconds: number;
  /** Most replicas that contributed to any one slot. */
  readonly replicas: number;
}

/**
 * Mean of a level that sums over replicas, over the time in which any replica published: while a replica does not know
 * the level, it adds 0. Null when nobody ever knew it.
 *
 * The gauge's own seconds add up over replicas and say how long it was known only of a single one. Shared among all of
 * them they are the least that this time was, which counts where a store that lost its contents got them back.
 */
export function meanSum(gauge: Gauge | null | undefined, { publishedSeconds, replicas }: Span): number | null {
  if (gauge == null || gauge.seconds === 0) return null;
  return gauge.weighted / Math.max(publishedSeconds, gauge.seconds / Math.max(replicas, 1));
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
