import { z } from 'zod';
import { thresholdText } from '../alert-text.js';
import type { AlertMessage, MessageAlert } from '../notify/message.js';
import { defineChannelKind, httpFields } from './channel.js';
import { post } from './http-post.js';
import { secretFor, secretOf } from './secret-reference.js';

/** Slack cuts a text of more than 40,000 characters; nobody reads as much. */
const longestLine = 600;

/** A Slack incoming webhook. */
export const slackChannel = defineChannelKind({
  options: z.strictObject({
    ...httpFields,
    kind: z.literal('slack'),
    urlFrom: secretFor('Where the URL of a Slack incoming webhook is'),
  }),
  alertsPerMessage: 10,
  digests: true,
  everyChange: false,
  resendSeconds: null,
  open:
    ({ urlFrom, allowPrivate }) =>
    async (message, signal) => {
      const url = await secretOf(urlFrom);
      const body = JSON.stringify({ text: slackText(message), unfurl_links: false, unfurl_media: false });
      await post({ url, body, allowPrivate, signal });
    },
});

/** A message in Slack's markup. Slack knows no repeats: its id at the end lets people recognise one. */
export function slackText({ id, app, alerts, omitted, counts, dashboard_url: page }: AlertMessage): string {
  const lines = alerts.flatMap(alertLines);
  if (omitted > 0) {
    const all = Object.entries(counts).map(([change, count]) => `${count} ${change}`);
    lines.unshift(`*${all.join(', ')}*, the gravest of which are:`);
    lines.push(`… and ${omitted} more`);
  }
  const links = page === null ? [] : [linkOf(page, 'Dashboard')];
  return [...lines, [...links, `_${escaped(app || 'nestmeter')} · ${id}_`].join(' · ')].join('\n');
}

const signs: Readonly<Record<MessageAlert['severity'], string>> = {
  critical: ':red_circle:',
  high: ':large_orange_circle:',
  warning: ':large_yellow_circle:',
  low: ':large_blue_circle:',
  info: ':white_circle:',
};

function alertLines(alert: MessageAlert): string[] {
  const { state, severity, change, text, threshold, unit, recommendation, runbook_url: runbook } = alert;
  const sign = state === 'resolved' ? ':white_check_mark:' : signs[severity];
  const compared = alert.comparison === null ? '' : `${alert.comparison} `;
  const limit = threshold === null ? '' : ` · threshold ${compared}${thresholdText(threshold, unit)}`;
  const link = runbook === null ? '' : ` · ${linkOf(runbook, 'Runbook')}`;
  const advice = state === 'firing' && recommendation !== null ? [`> ${escaped(recommendation.immediate)}`] : [];
  return [`${sign} *${change}* ${escaped(text)}${escaped(limit)}${link}`, ...advice];
}

/** Only these three begin markup that can do something, such as calling everybody. */
function escaped(text: string): string {
  return text.slice(0, longestLine).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function linkOf(url: string, text: string): string {
  return `<${encodeURI(url).replaceAll('|', '%7C').replaceAll('&', '&amp;')}|${text}>`;
}
