/*
 * Rule 14: usage against a budget never falls within a period. A store that is wiped, or goes back, lacks what replicas
 * counted that are gone by now; else a hard stop would open again.
 */

/** How much of a budget was used in a period, however much of it the store still knows. Amounts are nano-USD or tokens. */
export interface HighWater {
  /** What was used; never falls. */
  readonly used: number;
  /** The part of it that the store does not have any more. */
  readonly carried: number;
  /** A fall that living replicas may still make good by publishing again. */
  readonly fall: Fall | null;
}

/** When the store began to have less, and what had been used until then. */
export interface Fall {
  readonly atMs: number;
  readonly used: number;
}

/** Before anything was used. */
export const noUsage: HighWater = Object.freeze({ used: 0, carried: 0, fall: null });

/** For so long after a fall replicas may still be publishing what the store lost. */
export const healingMs = 60_000;

/**
 * Takes in what the store has now.
 *
 * @param counted what it has of the whole period
 * @param sinceFall what it has of the time after `known.fall`: that was not there before the fall; 0 without one
 * @param nowMs Unix milliseconds of the store
 */
export function withCounted(known: HighWater, counted: number, sinceFall: number, nowMs: number): HighWater {
  const total = counted + known.carried;
  if (known.fall === null) {
    if (total >= known.used) return { used: total, carried: known.carried, fall: null };
    return { ...known, fall: { atMs: nowMs, used: known.used } };
  }
  const expected = known.fall.used + sinceFall;
  const used = Math.max(known.used, expected, total);
  if (total >= used) return { used, carried: known.carried, fall: null };
  if (nowMs - known.fall.atMs < healingMs) return { ...known, used };
  return { used, carried: known.carried + used - total, fall: null };
}

/** What this replica and another one know together; a fall is each one's own affair. */
export function merged(own: HighWater, other: Pick<HighWater, 'used' | 'carried'>): HighWater {
  if (own.used >= other.used && own.carried >= other.carried) return own;
  return { ...own, used: Math.max(own.used, other.used), carried: Math.max(own.carried, other.carried) };
}
