import { z } from 'zod';
import { count } from '../../report/answer-field.js';
import { countsOf, type Notifications } from '../notify/notifications.js';
import { severities } from '../severity.js';
import type { Channel } from './channel.js';

/** Schema of what is told about a channel: never where it leads. */
export const channelHealthAnswer = z.object({
  name: z.string(),
  kind: z.string(),
  min_severity: z.enum(severities),
  last_sent: z.number().nullable().describe('When a message was sent last, in Unix seconds'),
  last_error: z.string().nullable().describe('Why the last attempt failed; null after one that did not'),
  pending: count('Messages that wait to be sent'),
  failed: count('Messages that were given up'),
  sent: count('Messages that were sent'),
});

/** See {@link channelHealthAnswer}. */
export type ChannelHealth = z.output<typeof channelHealthAnswer>;

/** Schema of what came of a test message. */
export const channelTestAnswer = z.object({
  channel: z.string(),
  delivered: z.boolean(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

/** See {@link channelTestAnswer}. */
export type ChannelTest = z.output<typeof channelTestAnswer>;

/** What is told about a channel. */
export function channelHealth({ name, kind, minSeverity }: Channel, notifications: Notifications): ChannelHealth {
  const { sent, failed, lastSentMs, lastError } = countsOf(notifications, name);
  return {
    name,
    kind,
    min_severity: minSeverity,
    last_sent: lastSentMs === null ? null : lastSentMs / 1000,
    last_error: lastError,
    pending: notifications.outbox.filter(({ channel }) => channel === name).length,
    failed,
    sent,
  };
}
