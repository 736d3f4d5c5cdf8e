import { z } from 'zod';
import type { AlertMessage, MessageAlert } from '../notify/message.js';
import type { Severity } from '../severity.js';
import { defineChannelKind, httpFields } from './channel.js';
import { post } from './http-post.js';
import { addressRule } from './public-address.js';
import { secretFor, secretOf } from './secret-reference.js';

const severities: Readonly<Record<Severity, string>> = {
  critical: 'critical',
  high: 'error',
  warning: 'warning',
  low: 'info',
  info: 'info',
};

/** PagerDuty cuts summaries at 1024 characters. */
const longestSummary = 1024;

/** PagerDuty Events API v2: each alert is an incident of its own, which its end resolves. */
export const pagerDutyChannel = defineChannelKind({
  options: z
    .strictObject({
      ...httpFields,
      kind: z.literal('pagerduty'),
      keyFrom: secretFor('Where the PagerDuty integration key is'),
      url: z
        .string()
        .max(500)
        .default('https://events.pagerduty.com/v2/enqueue')
        .describe('PagerDuty: where events go; https://events.eu.pagerduty.com/v2/enqueue in the EU.'),
    })
    .superRefine(({ url, allowPrivate }, { addIssue }) => {
      const rule = addressRule(url, { allowPrivate });
      if (rule !== null) addIssue({ code: 'custom', path: ['url'], message: `must be ${rule}` });
    }),
  alertsPerMessage: 1,
  digests: false,
  everyChange: false,
  resendSeconds: null,
  open:
    ({ keyFrom, url, allowPrivate }) =>
    async (message, signal) => {
      const key = await secretOf(keyFrom);
      for (const event of eventsOf(message, key))
        await post({ url, body: JSON.stringify(event), allowPrivate, signal });
    },
});

function eventsOf(message: AlertMessage, key: string): object[] {
  return message.alerts.flatMap((alert) => {
    const about = { routing_key: key, dedup_key: alert.id };
    const end = { ...about, event_action: 'resolve' };
    if (alert.state === 'resolved') return [end];
    const trigger = { ...about, event_action: 'trigger', ...triggerOf(alert, message) };
    // A test leaves nothing open.
    return message.kind === 'test' ? [trigger, end] : [trigger];
  });
}

function triggerOf(alert: MessageAlert, { app, dashboard_url: page }: AlertMessage): object {
  const { text, severity, since, rule, category, metric, comparison, threshold, value, unit, labels, recommendation } =
    alert;
  return {
    client: 'nestmeter',
    ...(page !== null && { client_url: page }),
    ...(alert.runbook_url !== null && { links: [{ href: alert.runbook_url, text: 'Runbook' }] }),
    payload: {
      summary: text.slice(0, longestSummary),
      source: app || 'nestmeter',
      severity: severities[severity],
      timestamp: new Date(since * 1000).toISOString(),
      component: rule,
      group: category,
      class: metric ?? rule,
      custom_details: { severity, comparison, threshold, value, unit, labels, recommendation },
    },
  };
}
