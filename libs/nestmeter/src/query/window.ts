import { NestmeterError, shown } from '../errors.js';
import { slotStart, type Tier } from '../time-slot.js';

/** What a reader may ask for; at most one of `window`, `hours` and `from`. Durations and times as text or numbers. */
export interface WindowQuery {
  /** `30s`, `15m`, `24h`, `7d`, or a bare integer in minutes. */
  readonly window?: string | number | undefined;
  /** Whole hours. */
  readonly hours?: string | number | undefined;
  /** Unix seconds or ISO 8601. */
  readonly from?: string | number | undefined;
  /** Unix seconds or ISO 8601; now when left out. */
  readonly to?: string | number | undefined;
}

/** A time range on the slots of the finest tier that still has all of it. */
export interface Window {
  /** As asked for, for the answer. */
  readonly requested: string;
  /** Unix seconds, the start of a slot. */
  readonly from: number;
  /** Unix seconds, fractional when it is now. */
  readonly to: number;
  /** Index of the tier that is read. */
  readonly level: number;
  readonly slotSeconds: number;
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const shortestSeconds = 30;

/** Seconds of `30s`, `15m`, `24h`, `7d` or a bare integer in minutes; null when it is none of these. */
export function durationSeconds(text: string | number): number | null {
  const match = /^(\d{1,9})([smhd]?)$/.exec(String(text).trim());
  return match === null ? null : Number(match[1]) * unitSeconds[match[2] || 'm']!;
}

/**
 * Resolves a query to a window on slots. `from` is rounded down to a slot of the finest tier whose retention covers it,
 * `to` up, and never beyond now. Throws NM_QUERY_INVALID naming the parameter and what is allowed.
 *
 * @param nowMs store time
 */
export function resolveWindow(query: WindowQuery, fallback: string, nowMs: number, tiers: readonly Tier[]): Window {
  const now = nowMs / 1000;
  const longest = tiers.at(-1)!.retentionSeconds;
  const { from, to, requested } = range(query, fallback, now, longest);
  // Compared in whole milliseconds: seconds since 1970 with fractions do not subtract exactly.
  const ageMs = Math.round((now - from) * 1000);
  const level = tiers.findIndex((tier) => ageMs <= tier.retentionSeconds * 1000);
  const { slotSeconds } = tiers[level]!;
  const start = slotStart(from * 1000, slotSeconds);
  const end = Math.ceil(to / slotSeconds) * slotSeconds;
  return { requested, from: start, to: Math.min(now, Math.max(end, start + slotSeconds)), level, slotSeconds };
}

function range(query: WindowQuery, fallback: string, now: number, longest: number) {
  const given = (['window', 'hours', 'from'] as const).filter((name) => query[name] !== undefined);
  if (given.length > 1) throw invalid(given[1]!, `left out when ${given[0]} is given`, query[given[1]!]);
  if (query.to !== undefined && query.from === undefined) throw invalid('to', 'given together with from', query.to);
  if (query.from !== undefined) {
    const from = time('from', query.from);
    const to = query.to === undefined ? now : Math.min(now, time('to', query.to));
    if (from >= to) throw invalid('from', 'earlier than to and than now', query.from);
    if (Math.round((now - from) * 1000) > longest * 1000)
      throw invalid('from', `at most ${days(longest)} ago`, query.from);
    return { from, to, requested: query.to === undefined ? `from ${query.from}` : `${query.from}/${query.to}` };
  }
  const [name, text] = query.hours === undefined ? ['window', query.window ?? fallback] : ['hours', `${query.hours}h`];
  const seconds = durationSeconds(text);
  if (seconds === null || seconds < shortestSeconds || seconds > longest) {
    const rule =
      name === 'hours'
        ? `a whole number from 1 to ${longest / 3600}`
        : `a duration from 30s to ${days(longest)} such as 15m or 24h, or whole minutes`;
    throw invalid(name, rule, query[name as 'window']);
  }
  return { from: now - seconds, to: now, requested: String(text) };
}

const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

function time(name: string, value: string | number): number {
  const text = String(value);
  const iso = isoTime.exec(text);
  // Without a zone UTC is meant: the zone of whichever replica answers would make answers differ.
  const zone = iso?.[1] !== undefined && iso[4] === undefined ? 'Z' : '';
  const seconds = /^\d{1,11}(\.\d+)?$/.test(text) ? Number(text) : iso === null ? NaN : Date.parse(text + zone) / 1000;
  if (!Number.isFinite(seconds)) throw invalid(name, 'Unix seconds or an ISO 8601 time', value);
  return seconds;
}

const days = (seconds: number): string => (seconds % 86_400 === 0 ? `${seconds / 86_400}d` : `${seconds}s`);

/** A query parameter that breaks its rule. */
export function invalid(name: string, rule: string, got: unknown): NestmeterError {
  return new NestmeterError({
    code: 'NM_QUERY_INVALID',
    message: `${name} must be ${rule}, got ${shown(got)}. Correct the parameter.`,
  });
}
