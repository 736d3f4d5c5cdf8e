import { z } from 'zod';
import { alertUnit, recommendationAnswer } from '../alert-answer.js';
import { alertText, unitOf } from '../alert-text.js';
import { comparisons } from '../comparison.js';
import type { AlertRule } from '../rule.js';
import { severities } from '../severity.js';
import { alertsOf, type Notice, noticeKinds, type QueuedMessage } from './notifications.js';

const severity = z.enum(severities);
const changes = [...noticeKinds, 'test'] as const;

const alert = z.object({
  id: z.string().describe('The same for as long as the alert lasts'),
  change: z.enum(changes).describe('What happened: fired, escalated, eased, firing (it goes on) or resolved'),
  state: z.enum(['firing', 'resolved']),
  text: z.string().describe('In one line: [warning] High memory pressure detected (85.5%)'),
  rule: z.string(),
  category: z.string(),
  severity,
  told_severity: severity.nullable().describe('As told before on this channel; null when the alert is new to it'),
  metric: z.string().nullable(),
  comparison: z.enum(comparisons).nullable(),
  threshold: z.number().nullable(),
  value: z.number().nullable().describe('As last seen'),
  unit: alertUnit,
  labels: z.record(z.string(), z.string()).describe('Of which series'),
  since: z.number().describe('Since when it fires, in Unix seconds'),
  ended: z.number().nullable().describe('When it was resolved, in Unix seconds'),
  recommendation: z
    .object({ immediate: z.string(), short_term: z.string().nullable(), long_term: z.string().nullable() })
    .nullable(),
  runbook_url: z.string().nullable(),
});

/** Schema of what a channel is given to send, and of the body that a webhook gets. */
export const alertMessage = z.object({
  id: z
    .string()
    .describe('The same each time that this message is sent: sending is repeated when the outcome is unknown'),
  kind: z.enum(['alerts', 'digest', 'test']).describe('digest: more alerts than are listed'),
  app: z.string().describe('The option app'),
  channel: z.string(),
  created: z.number().describe('When it was made, in Unix seconds'),
  alerts: z.array(alert).describe('Gravest first; of a digest the first 10'),
  omitted: z.int().describe('Alerts of a digest that are not listed'),
  counts: z.record(z.string(), z.int()).describe('All of its alerts by change'),
  dashboard_url: z.string().nullable().describe('The option dashboardUrl'),
});

/** See {@link alertMessage}. */
export type AlertMessage = z.output<typeof alertMessage>;

/** An alert in a message. */
export type MessageAlert = AlertMessage['alerts'][number];

/** What messages are written with. */
export interface MessageFacts {
  readonly app: string;
  readonly dashboardUrl: string | null;
  readonly rules: readonly AlertRule[];
}

/** Writes a message for its channel. */
export function writtenMessage(message: QueuedMessage, { app, dashboardUrl, rules }: MessageFacts): AlertMessage {
  const counts = new Map<string, number>();
  for (const { kind } of alertsOf(message)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return {
    id: message.id,
    kind: message.more.length > 0 ? 'digest' : 'alerts',
    app,
    channel: message.channel,
    created: message.createdMs / 1000,
    alerts: message.notices.map((notice) => writtenAlert(notice, rules)),
    omitted: message.more.length,
    counts: Object.fromEntries(counts),
    dashboard_url: dashboardUrl,
  };
}

function writtenAlert(notice: Notice, rules: readonly AlertRule[]): MessageAlert {
  const rule = rules.find(({ name }) => name === notice.rule);
  const isOver = notice.kind === 'resolved';
  return {
    id: notice.alertId,
    change: notice.kind,
    state: isOver ? 'resolved' : 'firing',
    text: alertText(notice, rule),
    rule: notice.rule,
    category: rule?.category ?? 'unknown',
    severity: notice.severity,
    told_severity: notice.toldSeverity,
    metric: rule?.metric ?? null,
    comparison: rule?.metric === undefined ? null : rule.comparison,
    threshold: notice.threshold,
    value: notice.value,
    unit: unitOf(rule),
    labels: notice.labels,
    since: notice.firingSinceMs / 1000,
    ended: isOver ? notice.atMs / 1000 : null,
    recommendation: recommendationAnswer(rule),
    runbook_url: rule?.runbookUrl ?? null,
  };
}

/** A message that only shows whether a channel works. @param id of its own each time */
export function testMessage(
  channel: string,
  id: string,
  now: number,
  { app, dashboardUrl }: MessageFacts,
): AlertMessage {
  const text = `[info] Test of channel ${channel}: nothing is wrong`;
  const nothing = { metric: null, comparison: null, threshold: null, value: null, unit: '', recommendation: null };
  const about = { rule: 'test', category: 'test', severity: 'info', told_severity: null, labels: {} } as const;
  const times = { since: now, ended: null, runbook_url: null };
  return {
    id,
    kind: 'test',
    app,
    channel,
    created: now,
    alerts: [{ id, change: 'test', state: 'firing', text, ...about, ...nothing, ...times }],
    omitted: 0,
    counts: { test: 1 },
    dashboard_url: dashboardUrl,
  };
}
