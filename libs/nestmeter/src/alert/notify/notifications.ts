import { z } from 'zod';
import { alertKey } from '../alert-state.js';
import { severities } from '../severity.js';

/*
 * What is to be told about alerts, and what was: a part of the board, so that a change and the message about it are one
 * write. Everything here is data and pure functions; `sender.ts` does what it says.
 */

const timeMs = z.number();
const severity = z.enum(severities);

/** What a message says of an alert. `firing`: it goes on, for receivers that forget. */
export const noticeKinds = ['fired', 'escalated', 'eased', 'firing', 'resolved'] as const;

const noticeKind = z.enum(noticeKinds);

/** Schema of what is told of one alert, as it was when that was decided. */
const notice = z.object({
  /** Of the episode. */
  alertId: z.string(),
  kind: noticeKind,
  atMs: timeMs,
  rule: z.string(),
  labels: z.record(z.string(), z.string()),
  title: z.string().nullable(),
  severity,
  /** As told before on the same channel; null when the alert is new to it. */
  toldSeverity: severity.nullable(),
  threshold: z.number().nullable(),
  value: z.number().nullable(),
  amounts: z.string().optional(),
  firingSinceMs: timeMs,
});

/** What is told of one alert. */
export type Notice = z.output<typeof notice>;

const claim = z.object({ by: z.string(), untilMs: timeMs });

/** Says who sends a message, and until when nobody else does: a random text for each time that somebody claims some. */
export type Claim = z.output<typeof claim>;

const message = z.object({
  /** The same each time that it is sent, and for whoever makes it from the same changes. */
  id: z.string(),
  channel: z.string(),
  notices: z.array(notice),
  /** Further ones of a digest, which only counts them. */
  more: z.array(z.object({ alertId: z.string(), kind: noticeKind, severity })),
  createdMs: timeMs,
  attempts: z.int().min(0),
  /** Not to be sent before. */
  nextMs: timeMs,
  /** Under which claim it is being sent; others may from then on. */
  claim: claim.nullable(),
});

/** A message that waits to be sent, or is being sent. */
export type QueuedMessage = z.output<typeof message>;

const record = z.object({
  channel: z.string(),
  /** The last one that was put into a message. */
  notice,
  /** Whether an end is still to be told. */
  isOpen: z.boolean(),
  /** As told of this episode; null when nothing was, or its end. */
  told: severity.nullable(),
  /** As told last of any episode, which is what a cooldown goes by. */
  lastTold: severity.nullable(),
  /** When a message about it was sent last, and what that said. */
  sentMs: timeMs.nullable(),
  sentKind: noticeKind.nullable(),
  /** How many were. */
  sent: z.int().min(0),
  /** When the last message about it was given up; null when it was not. */
  failedMs: timeMs.nullable(),
});

/** What a channel was told about one alert: kept while the alert fires, and for as long as its cooldown lasts. */
export type NotificationRecord = z.output<typeof record>;

const channelCounts = z.object({
  channel: z.string(),
  sent: z.int().min(0),
  /** Messages that were given up, and notices for which there was no room. */
  failed: z.int().min(0),
  lastSentMs: timeMs.nullable(),
  /** Why the last attempt failed; null after one that did not. */
  lastError: z.string().nullable(),
});

/** What became of the messages to a channel, since the store began. */
export type ChannelCounts = z.output<typeof channelCounts>;

/** Schema of {@link Notifications}. */
export const notificationsSchema = z.object({
  records: z.array(record),
  /** Oldest first: messages to a channel are sent in this order. */
  outbox: z.array(message),
  counts: z.array(channelCounts),
});

/** Everything about notifications that replicas share. */
export type Notifications = z.output<typeof notificationsSchema>;

/** Nothing was told yet. */
export const noNotifications: Notifications = { records: [], outbox: [], counts: [] };

/** The same for an alert in all its episodes. */
export function keyOf({ rule, labels }: Pick<Notice, 'rule' | 'labels'>): string {
  return alertKey(rule, labels);
}

/** Ids of alerts that a message is about. */
export function alertsOf({
  notices,
  more,
}: Pick<QueuedMessage, 'notices' | 'more'>): Pick<Notice, 'alertId' | 'kind' | 'severity'>[] {
  return [...notices, ...more];
}

/** The counts of a channel, zero before its first message. */
export function countsOf({ counts }: Pick<Notifications, 'counts'>, channel: string): ChannelCounts {
  const known = counts.find((one) => one.channel === channel);
  return known ?? { channel, sent: 0, failed: 0, lastSentMs: null, lastError: null };
}

/** Notifications with other counts of a channel. */
export function withCounts<Has extends Pick<Notifications, 'counts'>>(notifications: Has, changed: ChannelCounts): Has {
  const others = notifications.counts.filter(({ channel }) => channel !== changed.channel);
  return { ...notifications, counts: [...others, changed] };
}

/** The same after the clock was set: who has waited for a minute still has. @param byMs back when negative */
export function shiftedNotifications({ records, outbox, counts }: Notifications, byMs: number): Notifications {
  if (byMs === 0) return { records, outbox, counts };
  const shifted = (atMs: number | null): number | null => (atMs === null ? null : atMs + byMs);
  return {
    records: records.map((one) => ({ ...one, sentMs: shifted(one.sentMs), failedMs: shifted(one.failedMs) })),
    outbox: outbox.map((one) => ({
      ...one,
      createdMs: one.createdMs + byMs,
      nextMs: one.nextMs + byMs,
      claim: one.claim && { ...one.claim, untilMs: one.claim.untilMs + byMs },
    })),
    counts,
  };
}
