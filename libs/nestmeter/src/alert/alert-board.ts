import { z } from 'zod';
import { advance, alertKey, type AlertChange, type AlertState, held, shifted, unwatched } from './alert-state.js';
import { elapsedStepMs } from './clock-step.js';
import type { Observation, RuleOutcome } from './evaluate.js';
import { noNotifications, notificationsSchema, shiftedNotifications } from './notify/notifications.js';
import { gravity, severities } from './severity.js';

/*
 * All alerts of the fleet as one control document, replaced as a whole by whoever keeps the store. What happened is in it
 * until it is in the history too, so that nothing is lost between two writes.
 */

const labels = z.record(z.string(), z.string());
const severity = z.enum(severities);
const threshold = z.number().nullable();
const timeMs = z.number();

const alert = z.object({
  id: z.string(),
  rule: z.string(),
  labels,
  title: z.string().nullable(),
  pendingSinceMs: timeMs,
  firingSinceMs: timeMs.nullable(),
  severity,
  threshold,
  value: z.number().nullable(),
  amounts: z.string().optional(),
  noData: z.boolean(),
  levels: z.array(z.object({ severity, threshold, sinceMs: timeMs, crossedMs: timeMs, firing: z.boolean() })),
});

const changeRecord = z.object({
  /** The same for the same change of the same episode. */
  id: z.string(),
  alertId: z.string(),
  kind: z.enum(['fired', 'escalated', 'eased', 'resolved']),
  atMs: timeMs,
  rule: z.string(),
  labels,
  title: z.string().nullable(),
  severity,
  threshold,
  value: z.number().nullable(),
  amounts: z.string().optional(),
  firingSinceMs: timeMs.nullable(),
});

const ruleStates = ['ok', 'pending', 'firing', 'no_data', 'stale', 'inactive', 'error'] as const;

/** Schema of the document. */
export const boardSchema = z.object({
  evaluatedMs: timeMs,
  alerts: z.array(alert),
  rules: z.array(z.object({ name: z.string(), state: z.enum(ruleStates), reason: z.string().nullable() })),
  changes: z.array(changeRecord),
  /** Alerts beyond the cap that are not watched. */
  untracked: z.int().min(0),
  /** In the same document, so that a change and the message about it are one write. */
  notifications: notificationsSchema.default(noNotifications),
});

/** See {@link boardSchema}. */
export type AlertBoard = z.output<typeof boardSchema>;

/** Something that happened to an alert. */
export type ChangeRecord = z.output<typeof changeRecord>;

/** States that a rule can be in. `stale`: nothing can be told of the fleet; `inactive`: it has nothing to look at. */
export type RuleState = (typeof ruleStates)[number];

/** Nothing was evaluated yet. */
export const emptyBoard: AlertBoard = {
  evaluatedMs: 0,
  alerts: [],
  rules: [],
  changes: [],
  untracked: 0,
  notifications: noNotifications,
};

/** Alerts that are watched at the same time; past it the gravest stay, those that fire before those that are pending. */
export const mostAlerts = 500;
/** Changes that wait for the history; past it the oldest go. */
const mostWaiting = 1000;

/** When a board is made from the one before. */
export interface BoardTime {
  /** Unix milliseconds of the store. */
  readonly nowMs: number;
  /** Milliseconds since the board before was made, by a clock that cannot be set; null when another replica made it. */
  readonly elapsedMs: number | null;
  /** Milliseconds of which nobody looked at the rules, though it was time: the store was away, or the keeper. */
  readonly unwatchedMs: number;
}

/** Goes on from one board to the next, but for what is to be told of it. Pure. */
export function nextBoard(
  before: AlertBoard,
  outcomes: readonly RuleOutcome[],
  { nowMs, elapsedMs, unwatchedMs }: BoardTime,
): AlertBoard {
  const stepMs = before.evaluatedMs === 0 ? 0 : elapsedStepMs(before.evaluatedMs, nowMs, elapsedMs);
  // A step moves all times, those when a threshold was crossed last too.
  const uncountedMs = stepMs === 0 ? unwatchedMs : 0;
  const moved = (one: AlertState): AlertState => unwatched(shifted(one, stepMs), uncountedMs);
  const known = new Map(before.alerts.map((one) => [alertKey(one.rule, one.labels), moved(one)]));
  const alerts: AlertState[] = [];
  const changes: ChangeRecord[] = [];
  const rules: AlertBoard['rules'] = [];
  for (const outcome of outcomes) {
    const { name } = outcome.rule;
    const mine: AlertState[] = [];
    const own = new Map([...known].filter(([, one]) => one.rule === name));
    for (const key of own.keys()) known.delete(key);
    for (const [key, observation] of observed(outcome, own)) {
      const was = own.get(key) ?? null;
      if (observation === 'hold') {
        if (was !== null) mine.push(held(was, nowMs));
        continue;
      }
      const { state, change } = advance(was, observation, outcome.rule, nowMs);
      if (state !== null) mine.push(state);
      if (change !== null) changes.push(recordOf(change, change === 'resolved' ? was! : state!, observation, nowMs));
    }
    alerts.push(...mine);
    rules.push({ name, state: stateOf(outcome, mine), reason: outcome.reason });
  }
  // Alerts of rules that are no more.
  for (const gone of known.values())
    if (gone.firingSinceMs !== null) changes.push(recordOf('resolved', gone, { value: null }, nowMs));
  alerts.sort(byGravity);
  return {
    evaluatedMs: nowMs,
    alerts: alerts.slice(0, mostAlerts),
    rules,
    changes: [...before.changes, ...changes].slice(-mostWaiting),
    untracked: Math.max(0, alerts.length - mostAlerts),
    notifications: shiftedNotifications(before.notifications, stepMs),
  };
}

/** What a rule saw of each group, also of those that have an alert and were not seen. */
function* observed(
  { rule, state, observations }: RuleOutcome,
  own: ReadonlyMap<string, AlertState>,
): Generator<[key: string, observation: Observation | 'hold']> {
  const seen = new Map<string, Observation>();
  for (const observation of observations) {
    const key = alertKey(rule.name, observation.labels);
    const same = seen.get(key);
    // Findings of one check with the same labels are one alert.
    seen.set(key, same === undefined ? observation : { ...same, crossed: joined(same.crossed, observation.crossed) });
  }
  yield* seen;
  const isTold = rule.check !== undefined || state === 'inactive';
  for (const [key, { labels: unseen }] of own)
    if (!seen.has(key))
      yield [
        key,
        state === 'stale' || state === 'error' ? 'hold' : { labels: unseen, value: null, crossed: isTold ? [] : null },
      ];
}

function joined(one: Observation['crossed'], other: Observation['crossed']): Observation['crossed'] {
  const all = new Map([...(one ?? []), ...(other ?? [])].map((level) => [level.severity, level]));
  return [...all.values()].sort((a, b) => gravity(a.severity) - gravity(b.severity));
}

function stateOf({ state, observations }: RuleOutcome, mine: readonly AlertState[]): RuleState {
  if (state !== 'observed' && state !== 'no_data') return state;
  if (mine.some(({ firingSinceMs }) => firingSinceMs !== null)) return 'firing';
  if (mine.length > 0) return 'pending';
  return state === 'no_data' && observations.every(({ crossed }) => crossed === null) ? 'no_data' : 'ok';
}

function recordOf(
  kind: AlertChange,
  state: AlertState,
  { value, amounts }: Pick<Observation, 'value' | 'amounts'>,
  nowMs: number,
): ChangeRecord {
  const { id: alertId, rule, labels: of, title, severity: grade, threshold: limit, firingSinceMs } = state;
  const id = `${alertId}:${kind}:${nowMs}`;
  return {
    id,
    alertId,
    kind,
    atMs: nowMs,
    rule,
    labels: of,
    title,
    severity: grade,
    threshold: limit,
    value,
    amounts,
    firingSinceMs,
  };
}

/** Firing before pending, worst first, then oldest first; else in the order of the rules. */
function byGravity(a: AlertState, b: AlertState): number {
  const firing = Number(b.firingSinceMs !== null) - Number(a.firingSinceMs !== null);
  return firing || gravity(b.severity) - gravity(a.severity) || a.pendingSinceMs - b.pendingSinceMs;
}
