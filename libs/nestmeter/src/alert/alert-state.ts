import { createHash } from 'node:crypto';
import type { Crossed, Observation } from './evaluate.js';
import type { AlertRule } from './rule.js';
import { gravity, type Severity } from './severity.js';

/*
 * The life of one alert as a pure function: pending → firing → resolved. It knows no store and no clock, so that it is the
 * same whoever evaluates. Times are Unix milliseconds of the store.
 */

/** One threshold of an alert. */
export interface LevelState {
  readonly severity: Severity;
  readonly threshold: number | null;
  /** Since when it has been crossed without a break. */
  readonly sinceMs: number;
  /** When it was crossed last. */
  readonly crossedMs: number;
  readonly firing: boolean;
}

/** An alert that is pending or fires: one episode of one rule for one group of series. */
export interface AlertState {
  /** The same on every replica and for as long as the episode lasts. */
  readonly id: string;
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What is wrong, if not the rule's own title. */
  readonly title: string | null;
  /** Since when it has been pending or firing. */
  readonly pendingSinceMs: number;
  /** Null while it is pending. */
  readonly firingSinceMs: number | null;
  /** The gravest threshold that fires; while it is pending, that is crossed. */
  readonly severity: Severity;
  readonly threshold: number | null;
  /** As last seen; null when there was no data. */
  readonly value: number | null;
  /** For people, what a value in percent is of. */
  readonly amounts?: string | undefined;
  /** Whether the last evaluation could tell nothing of it. */
  readonly noData: boolean;
  readonly levels: LevelState[];
}

/** What happened to an alert in one evaluation. */
export type AlertChange = 'fired' | 'escalated' | 'eased' | 'resolved';

/** An alert after an evaluation: null when it is over, or never began. */
export interface Advanced {
  readonly state: AlertState | null;
  readonly change: AlertChange | null;
}

/** Timing of a rule, as far as the life of its alerts depends on it. */
export type AlertTiming = Pick<AlertRule, 'name' | 'forSeconds' | 'keepFiringSeconds' | 'noData'>;

/**
 * Goes on from one evaluation to the next. A threshold fires once it has been crossed for `forSeconds`, and on until it was
 * not crossed for `keepFiringSeconds`; the alert has the severity of the gravest one that fires.
 */
export function advance(
  before: AlertState | null,
  observation: Observation,
  rule: AlertTiming,
  nowMs: number,
): Advanced {
  const { labels, value, title, amounts } = observation;
  if (observation.crossed === null && rule.noData === 'keep' && before !== null)
    return { state: { ...held(before, nowMs), noData: true }, change: null };
  const crossed = observation.crossed ?? (rule.noData === 'alert' ? [noDataLevel(before)] : []);
  const levels = nextLevels(before?.levels ?? [], crossed, rule, nowMs);
  if (levels.length === 0) return { state: null, change: before?.firingSinceMs == null ? null : 'resolved' };
  const isFiring = levels.some(({ firing }) => firing);
  const worst = levels.filter(({ firing }) => firing === isFiring).at(-1)!;
  const wasFiring = before?.firingSinceMs ?? null;
  // A pending alert of which a graver threshold went on pending after the firing one ended begins anew.
  const isOver = wasFiring !== null && !isFiring;
  const pendingSinceMs =
    before === null || isOver ? Math.min(...levels.map(({ sinceMs }) => sinceMs)) : before.pendingSinceMs;
  const state: AlertState = {
    id: before === null || isOver ? episodeId(rule.name, labels, isOver ? nowMs : pendingSinceMs) : before.id,
    rule: rule.name,
    labels,
    title: title ?? null,
    pendingSinceMs,
    firingSinceMs: isFiring ? (wasFiring ?? nowMs) : null,
    severity: worst.severity,
    threshold: worst.threshold,
    value,
    amounts,
    noData: observation.crossed === null,
    levels,
  };
  return { state, change: changeOf(before, state) };
}

/** An alert of which nothing can be told now: it stays as it is, and the time does not count. */
export function held(before: AlertState, nowMs: number): AlertState {
  return {
    ...before,
    levels: before.levels.map((level) => {
      const skippedMs = Math.max(0, nowMs - level.crossedMs);
      const sinceMs = level.firing ? level.sinceMs : level.sinceMs + skippedMs;
      return { ...level, sinceMs, crossedMs: nowMs };
    }),
  };
}

/** The same alert after the clock was set: what has lasted for a minute still has. @param byMs back when negative */
export function shifted(before: AlertState, byMs: number): AlertState {
  return {
    ...before,
    pendingSinceMs: before.pendingSinceMs + byMs,
    firingSinceMs: before.firingSinceMs === null ? null : before.firingSinceMs + byMs,
    levels: before.levels.map((level) => ({
      ...level,
      sinceMs: level.sinceMs + byMs,
      crossedMs: level.crossedMs + byMs,
    })),
  };
}

/**
 * The same alert after a time in which nobody looked: whether a firing threshold was crossed then is unknown, so that it
 * does not count as time in which it was not. What waits to fire goes on waiting: a change of keeper delays nothing.
 */
export function unwatched(before: AlertState, forMs: number): AlertState {
  if (forMs === 0) return before;
  const levels = before.levels.map((level) =>
    level.firing ? { ...level, crossedMs: level.crossedMs + forMs } : level,
  );
  return { ...before, levels };
}

function nextLevels(
  before: readonly LevelState[],
  crossed: readonly Crossed[],
  { forSeconds, keepFiringSeconds }: AlertTiming,
  nowMs: number,
): LevelState[] {
  const now = crossed.map(({ severity, threshold }): LevelState => {
    const known = before.find((level) => level.severity === severity);
    // A threshold that is held although it is not crossed begins anew when it is.
    const sinceMs = known?.sinceMs ?? nowMs;
    const firing = known?.firing === true || nowMs - sinceMs >= forSeconds * 1000;
    return { severity, threshold, sinceMs, crossedMs: nowMs, firing };
  });
  const isHeld = (level: LevelState): boolean => level.firing && nowMs - level.crossedMs < keepFiringSeconds * 1000;
  const heldOn = before.filter((level) => isHeld(level) && now.every(({ severity }) => severity !== level.severity));
  return [...now, ...heldOn].sort((a, b) => gravity(a.severity) - gravity(b.severity));
}

/** No data is as grave as the alert was, a warning where there was none. */
function noDataLevel(before: AlertState | null): Crossed {
  return { severity: before?.severity ?? 'warning', threshold: null };
}

function changeOf(before: AlertState | null, after: AlertState): AlertChange | null {
  const wasFiring = before?.firingSinceMs != null;
  const isFiring = after.firingSinceMs !== null;
  if (wasFiring !== isFiring) return isFiring ? 'fired' : 'resolved';
  if (!isFiring || before === null || before.severity === after.severity) return null;
  return gravity(after.severity) > gravity(before.severity) ? 'escalated' : 'eased';
}

/** Made from what every replica knows alike, so that two who see an alert begin give it the same id. */
function episodeId(rule: string, labels: AlertState['labels'], sinceMs: number): string {
  return createHash('sha256')
    .update(JSON.stringify([alertKey(rule, labels), sinceMs]))
    .digest('base64url')
    .slice(0, 16);
}

/** The same text for the same rule and group of series. */
export function alertKey(rule: string, labels: AlertState['labels']): string {
  return JSON.stringify([rule, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
