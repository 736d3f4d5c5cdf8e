import type { Tier } from '../time-slot.js';

/** Periods of the calendar, in UTC; weeks begin on Monday as in ISO 8601. */
export const calendarPeriods = ['hour', 'day', 'week', 'month'] as const;

/** Over which time a budget counts. */
export type Period =
  | { readonly kind: (typeof calendarPeriods)[number] }
  /** Always the last so many seconds. */
  | { readonly kind: 'rolling'; readonly seconds: number };

/** A stretch of time in Unix seconds. */
export interface PeriodSpan {
  readonly from: number;
  /** Null for rolling windows, which do not end. */
  readonly to: number | null;
}

const day = 86_400;
/** Unix time began on a Thursday. */
const mondayOffset = 4 * day;

/** Longest length of a period in seconds. */
export function longestSeconds(period: Period): number {
  return period.kind === 'rolling' ? period.seconds : { hour: 3600, day, week: 7 * day, month: 31 * day }[period.kind];
}

/** The period that contains a time; of a rolling window, the window that ends then. @param nowMs Unix milliseconds */
export function periodAt(period: Period, nowMs: number): PeriodSpan {
  const now = nowMs / 1000;
  if (period.kind === 'rolling') return { from: now - period.seconds, to: null };
  if (period.kind === 'month') {
    const date = new Date(nowMs);
    const month = (ahead: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead) / 1000;
    return { from: month(0), to: month(1) };
  }
  const length = longestSeconds(period);
  const offset = period.kind === 'week' ? mondayOffset : 0;
  const from = Math.floor((now - offset) / length) * length + offset;
  return { from, to: from + length };
}

/** Length in seconds of the slots that a period is read from, and that a rolling window moves by. */
export function slotSecondsOf(period: Period, tiers: readonly Tier[]): number {
  const seconds = longestSeconds(period);
  return (tiers.find(({ retentionSeconds }) => retentionSeconds >= seconds) ?? tiers.at(-1)!).slotSeconds;
}

/** Slots of a rolling window at least: its edge moves in steps of them, and each step is that part of it. */
const fewestRollingSlots = 2;

/**
 * Completes "must be", when what was counted in a period cannot be told from the tiers; null when it can. A period is read
 * from the finest tier that still has all of it, whose slots must not reach over its beginning.
 */
export function periodProblem(period: Period, tiers: readonly Tier[]): string | null {
  const seconds = longestSeconds(period);
  const tier = tiers.find(({ retentionSeconds }) => retentionSeconds >= seconds);
  if (tier === undefined) return `no longer than the ${tiers.at(-1)?.retentionSeconds ?? 0} s that the tiers keep`;
  const { slotSeconds } = tier;
  if (period.kind === 'hour' && 3600 % slotSeconds !== 0)
    return `longer, or read from a tier of slots of at most 1800 s that keeps 3600 s; got slots of ${slotSeconds} s`;
  if (period.kind === 'rolling' && seconds < fewestRollingSlots * slotSeconds)
    return `at least ${fewestRollingSlots * slotSeconds} s, two slots of the tier that keeps it`;
  return null;
}
