import { z } from 'zod';
import { alertTexts, systemHealth } from '../report/alert-fields.js';
import { count, mapOf, time } from '../report/answer-field.js';
import type { Acknowledgements } from './acknowledgement.js';
import type { AlertBoard, ChangeRecord } from './alert-board.js';
import type { AlertState } from './alert-state.js';
import { alertText, unitOf } from './alert-text.js';
import { comparisons } from './comparison.js';
import { noticeKinds } from './notify/notifications.js';
import { type AlertRule, levelsOf } from './rule.js';
import { healthOf, severities } from './severity.js';
import { type Silence, silencedUntil } from './silence.js';

const severity = z.enum(severities);
const labels = mapOf(z.string(), 'Of which series');
const threshold = z.number().nullable().describe('What it is compared with; null for a check that names none');
const value = z.number().nullable().describe('As last seen');
/** Of what an alert compares. */
export const alertUnit = z
  .string()
  .describe('Of value, threshold and target: ms, %, USD, or empty. % for rules that compare with before');

const recommendation = z
  .object({ immediate: z.string(), short_term: z.string().nullable(), long_term: z.string().nullable() })
  .nullable()
  .describe('What to do');

const alertShape = {
  id: z.string().describe('The same on every replica, for as long as the alert lasts'),
  rule: z.string(),
  category: z.string(),
  severity,
  text: z.string().describe('As in alerts'),
  metric: z.string(),
  comparison: z.enum(comparisons),
  threshold,
  target: z.number().nullable().describe('The value to aim at'),
  value,
  unit: alertUnit,
  labels,
  state: z
    .enum(['pending', 'firing', 'no_data', 'stale'])
    .describe('no_data: it fires on while nothing is measured; stale: nothing is known of the fleet'),
  since: time('Since when it fires; of a pending one since when it is pending'),
  recommendation,
  runbook_url: z.string().nullable(),
  acknowledged: z.boolean(),
  acknowledged_by: z.string().nullable(),
  silenced_until: z.number().nullable().describe('No notifications until then, in Unix seconds'),
  notified: z
    .object({ kind: z.enum(noticeKinds), at: time('When') })
    .nullable()
    .describe('The last message about it that was sent, to whichever channel'),
  not_notified: z.array(z.string()).describe('Channels that could not be told of it'),
};

/** Schema of GET /alerts. */
export const alertsAnswer = z.object({
  timestamp: time('When it was read, by the clock of the store'),
  evaluated_at: z.number().nullable().describe('When the rules were evaluated last, in Unix seconds'),
  active_alerts_count: count('Firing alerts'),
  system_health: systemHealth,
  alerts: alertTexts,
  active: z.array(z.object(alertShape)).describe('The same as objects, in the same order'),
  pending: z.array(z.object(alertShape)).describe('Alerts that do not fire yet'),
  rules: z
    .array(
      z.object({
        name: z.string(),
        state: z.string().describe('ok, pending, firing, no_data, stale, inactive or error'),
        reason: z.string().nullable().describe('Why it does not watch'),
        title: z.string().describe('What is wrong when it fires'),
        category: z.string(),
        metric: z.string().nullable().describe('What it watches; null for a check'),
        unit: z.string().describe('Of thresholds and target: %, ms, USD or nothing'),
        relative_to: z
          .enum(['previous_window', 'week'])
          .nullable()
          .describe('Thresholds are in percent of what it was then; null for thresholds of the value itself'),
        comparison: z.enum(comparisons),
        thresholds: mapOf(z.number(), 'By severity, mildest first'),
        target: z.number().nullable().describe('The value to aim at'),
        window_seconds: z.number().nullable().describe('How far it looks back, in seconds'),
        for_seconds: z.number().nullable().describe('How long it must hold before it fires, in seconds'),
      }),
    )
    .describe('Every rule; inactive ones have nothing to look at yet'),
  untracked: count('Alerts beyond the cap of 500 that are not watched'),
});

/** See {@link alertsAnswer}. */
export type AlertsAnswer = z.output<typeof alertsAnswer>;

/** Schema of a change in the history. */
export const changeAnswer = z.object({
  alert_id: z.string(),
  change: z.enum(['fired', 'escalated', 'eased', 'resolved']),
  at: time('When'),
  rule: z.string(),
  severity,
  text: z.string(),
  threshold,
  value,
  unit: alertUnit,
  labels,
  since: z.number().nullable().describe('Since when it fired, in Unix seconds'),
});

/** What alerts are answered from. */
export interface AlertFacts {
  readonly board: AlertBoard;
  readonly rules: readonly AlertRule[];
  readonly acknowledgements: Acknowledgements;
  readonly silences: readonly Silence[];
  /** Unix milliseconds of the store. */
  readonly nowMs: number;
  /** Whether the board is so old that nobody seems to evaluate. */
  readonly isStale: boolean;
}

/** What GET /alerts answers. */
export function answerAlerts(facts: AlertFacts): AlertsAnswer {
  const { board, nowMs, isStale } = facts;
  const of = (firing: boolean) =>
    board.alerts
      .filter(({ firingSinceMs }) => (firingSinceMs !== null) === firing)
      .map((alert) => alertAnswer(alert, facts));
  const active = of(true);
  const health = healthOf(active.map((alert) => alert.severity));
  return {
    timestamp: nowMs / 1000,
    evaluated_at: board.evaluatedMs === 0 ? null : board.evaluatedMs / 1000,
    active_alerts_count: active.length,
    // Whether all is well is not known while nobody looks; what was wrong is likely to be so still.
    system_health: isStale && health === 'healthy' ? 'unknown' : health,
    alerts: active.map(({ text }) => text),
    active,
    pending: of(false),
    rules: board.rules.map(({ name, state, reason }) => ({
      name,
      state: isStale ? 'stale' : state,
      reason,
      ...ruleAnswer(name, facts.rules),
    })),
    untracked: board.untracked,
  };
}

const relativeNames = { previousWindow: 'previous_window', week: 'week' } as const;

/** What a rule watches, as this replica knows it: the keeper may have another release or other rules. */
function ruleAnswer(name: string, rules: readonly AlertRule[]) {
  const rule = rules.find((each) => each.name === name);
  return {
    title: rule?.title ?? name,
    category: rule?.category ?? 'unknown',
    metric: rule?.metric ?? null,
    unit: unitOf(rule),
    relative_to: rule?.relativeTo === undefined ? null : relativeNames[rule.relativeTo],
    comparison: rule?.comparison ?? '>',
    thresholds: Object.fromEntries(
      rule === undefined ? [] : levelsOf(rule).map(({ severity: grave, threshold: level }) => [grave, level]),
    ),
    target: rule?.target ?? null,
    window_seconds: rule?.windowSeconds ?? null,
    for_seconds: rule?.forSeconds ?? null,
  };
}

function alertAnswer(
  alert: AlertState,
  { board, rules, acknowledgements, silences, isStale }: AlertFacts,
): AlertsAnswer['active'][number] {
  const rule = rules.find(({ name }) => name === alert.rule);
  const acknowledgement = acknowledgements.of.find(([id]) => id === alert.id)?.[1];
  const state = alert.firingSinceMs === null ? 'pending' : 'firing';
  return {
    id: alert.id,
    rule: alert.rule,
    category: rule?.category ?? 'unknown',
    severity: alert.severity,
    text: alertText(alert, rule),
    metric: rule?.metric ?? '',
    comparison: rule?.comparison ?? '>',
    threshold: alert.threshold,
    target: rule?.target ?? null,
    value: alert.value,
    unit: unitOf(rule),
    labels: alert.labels,
    state: isStale ? 'stale' : alert.noData ? 'no_data' : state,
    since: (alert.firingSinceMs ?? alert.pendingSinceMs) / 1000,
    recommendation: recommendationAnswer(rule),
    runbook_url: rule?.runbookUrl ?? null,
    acknowledged: acknowledgement !== undefined,
    acknowledged_by: acknowledgement?.by ?? null,
    silenced_until: silencedUntil(silences, alert, rule),
    ...notifiedAnswer(alert, board),
  };
}

/** What channels were told of an alert. */
function notifiedAnswer({ id }: AlertState, { notifications: { records } }: AlertBoard) {
  const about = records.filter(({ notice }) => notice.alertId === id);
  const sent = about.flatMap(({ told, sentMs, sentKind: kind }) =>
    told === null || sentMs === null || kind === null ? [] : [{ kind, at: sentMs / 1000 }],
  );
  const [last = null] = sent.sort((a, b) => b.at - a.at);
  const failed = about.filter(({ failedMs }) => failedMs !== null);
  return { notified: last, not_notified: failed.map(({ channel }) => channel) };
}

/** What a rule recommends, for answers and messages. */
export function recommendationAnswer(rule: AlertRule | undefined) {
  const advice = rule?.recommendation;
  if (advice === undefined) return null;
  const { immediate, shortTerm = null, longTerm = null } = advice;
  return { immediate, short_term: shortTerm, long_term: longTerm };
}

/** A change for an answer. */
export function answerChange(change: ChangeRecord, rules: readonly AlertRule[]): z.output<typeof changeAnswer> {
  const rule = rules.find(({ name }) => name === change.rule);
  return {
    alert_id: change.alertId,
    change: change.kind,
    at: change.atMs / 1000,
    rule: change.rule,
    severity: change.severity,
    text: alertText(change, rule),
    threshold: change.threshold,
    value: change.value,
    unit: unitOf(rule),
    labels: change.labels,
    since: change.firingSinceMs === null ? null : change.firingSinceMs / 1000,
  };
}
