import { z } from 'zod';
import { thresholdText, valueText } from '../alert-text.js';
import type { AlertMessage, MessageAlert } from '../notify/message.js';
import type { Severity } from '../severity.js';
import { defineChannelKind, httpFields } from './channel.js';
import { post } from './http-post.js';
import { addressRule } from './public-address.js';
import { secretFor, secretOf } from './secret-reference.js';

/** Alertmanager ends an alert that was not told again by then: some repeats may fail, a keeper may change. */
const livesSeconds = 300;

/** Prometheus Alertmanager, API v2. It groups, silences and repeats by itself, so it is told of everything. */
export const alertmanagerChannel = defineChannelKind({
  options: z
    .strictObject({
      ...httpFields,
      kind: z.literal('alertmanager'),
      url: z
        .string()
        .max(500)
        .optional()
        .describe('Alertmanager: its address, such as https://alertmanager.example.com.'),
      urlFrom: secretFor('Where the address of Alertmanager is, if that is a secret').optional(),
      tokenFrom: secretFor('Where the bearer token for Alertmanager is, if it wants one').optional(),
    })
    .superRefine(({ url, urlFrom, allowPrivate }, { addIssue }) => {
      if ((url === undefined) === (urlFrom === undefined))
        addIssue({ code: 'custom', path: ['url'], message: 'must be given, or urlFrom, not both' });
      const rule = url === undefined ? null : addressRule(url, { allowPrivate });
      if (rule !== null) addIssue({ code: 'custom', path: ['url'], message: `must be ${rule}` });
    }),
  alertsPerMessage: 50,
  digests: false,
  everyChange: true,
  resendSeconds: 60,
  open:
    ({ url, urlFrom, tokenFrom, allowPrivate }) =>
    async (message, signal) => {
      const base = url ?? (await secretOf(urlFrom!));
      const headers = tokenFrom && { authorization: `Bearer ${await secretOf(tokenFrom)}` };
      const body = JSON.stringify(message.alerts.flatMap((alert) => statesOf(alert, message)));
      const target = `${base.replace(/\/+$/, '')}/api/v2/alerts`;
      await post({ url: target, body, headers: headers ?? {}, allowPrivate, signal });
    },
});

/** What Alertmanager is to know of an alert. It tells alerts apart by their labels: with another severity it is another. */
function statesOf(alert: MessageAlert, message: AlertMessage): object[] {
  const { severity, told_severity: told, state, since, ended } = alert;
  const now = message.created;
  // A test ends at once: whoever watches sees it once.
  const lives = message.kind === 'test' ? 60 : livesSeconds;
  const as = (grade: Severity, endsAt: number): object => ({
    labels: labelsOf(alert, grade, message.app),
    annotations: annotationsOf(alert),
    startsAt: timeOf(since),
    endsAt: timeOf(endsAt),
    ...(message.dashboard_url !== null && { generatorURL: message.dashboard_url }),
  });
  const isOver = state === 'resolved';
  const current = as(severity, isOver ? (ended ?? now) : Date.now() / 1000 + lives);
  return told !== null && told !== severity ? [as(told, ended ?? now), current] : [current];
}

function labelsOf({ rule, category, labels }: MessageAlert, severity: Severity, app: string): Record<string, string> {
  const own = Object.entries(labels).map(([name, value]) => [name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^\d/, '_$&'), value]); // prettier-ignore
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    alertname: rule,
    severity,
    category,
    ...(app !== '' && { app }),
  };
}

function annotationsOf({ text, value, unit, threshold, comparison, recommendation, runbook_url }: MessageAlert) {
  return {
    summary: text,
    ...(value !== null && { value: valueText(value, unit) }),
    ...(threshold !== null && { threshold: `${comparison ?? ''} ${thresholdText(threshold, unit)}`.trim() }),
    ...(recommendation !== null && { description: recommendation.immediate }),
    ...(runbook_url !== null && { runbook_url }),
  };
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
