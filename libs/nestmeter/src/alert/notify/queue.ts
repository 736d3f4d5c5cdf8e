import { createHash } from 'node:crypto';
import type { ChannelPolicy } from '../channel/channel.js';
import {
  alertsOf,
  countsOf,
  keyOf,
  type Notice,
  type NotificationRecord,
  type Notifications,
  type QueuedMessage,
  withCounts,
} from './notifications.js';

/** Alerts that are remembered as told, over all channels; past it nothing new is told, and that is counted. */
export const mostRecords = 1000;
/** Alerts that messages in the outbox are about; past it the oldest go, never those that tell of an end. */
export const mostQueued = 1000;

/** What messages are made for. */
export interface QueueOptions {
  readonly app: string;
  readonly channels: readonly ChannelPolicy[];
  /** Unix milliseconds of the store. */
  readonly nowMs: number;
}

/**
 * Puts what channels are to be told into messages: all of one channel into one, or as many as its kind takes. What is past
 * a cap is counted as failed. Pure.
 */
export function queued(
  before: Notifications,
  wanted: ReadonlyMap<string, readonly Notice[]>,
  options: QueueOptions,
): Notifications {
  let after = before;
  for (const channel of options.channels) {
    const notices = wanted.get(channel.name);
    if (notices !== undefined) after = queuedFor(channel, after, notices, options);
  }
  return after === before ? before : withinCap(after);
}

function queuedFor(
  channel: ChannelPolicy,
  before: Notifications,
  notices: readonly Notice[],
  { app, nowMs }: QueueOptions,
): Notifications {
  const known = new Map(before.records.filter((one) => one.channel === channel.name).map((one) => [keyOf(one.notice), one])); // prettier-ignore
  let room = mostRecords - before.records.length;
  const admitted = notices.filter((notice) => known.has(keyOf(notice)) || room-- > 0);
  const changed = admitted.map((notice) => recordOf(channel.name, notice, known.get(keyOf(notice)) ?? null));
  const changedKeys = new Set(admitted.map(keyOf));
  const others = before.records.filter((one) => one.channel !== channel.name || !changedKeys.has(keyOf(one.notice)));
  const messages = partsOf(admitted, channel).map((part): QueuedMessage => {
    const numbered = part.map(({ alertId, kind, ...notice }) => [alertId, kind, known.get(keyOf(notice))?.sent ?? 0]);
    const listed = channel.digests ? part.slice(0, channel.alertsPerMessage) : part;
    const more = part.slice(listed.length).map(({ alertId, kind, severity }) => ({ alertId, kind, severity }));
    const id = createHash('sha256')
      .update(JSON.stringify([app, channel.name, numbered]))
      .digest('base64url');
    const timing = { createdMs: nowMs, attempts: 0, nextMs: nowMs, claim: null };
    return { id: id.slice(0, 22), channel: channel.name, notices: listed, more, ...timing };
  });
  const after = { ...before, records: [...others, ...changed], outbox: [...before.outbox, ...messages] };
  return lost(after, channel.name, notices.length - admitted.length);
}

/** What is told in one message: everything where a digest can stand for it, else as much as the kind takes. */
function partsOf(notices: Notice[], { digests, alertsPerMessage }: ChannelPolicy): Notice[][] {
  if (digests) return notices.length === 0 ? [] : [notices];
  const parts: Notice[][] = [];
  for (let at = 0; at < notices.length; at += alertsPerMessage) parts.push(notices.slice(at, at + alertsPerMessage));
  return parts;
}

function recordOf(channel: string, notice: Notice, before: NotificationRecord | null): NotificationRecord {
  const isOpen = notice.kind !== 'resolved';
  const isSame = before?.notice.alertId === notice.alertId;
  const { lastTold = null, sentMs = null, sentKind = null, sent = 0 } = before ?? {};
  const told = isSame ? before.told : null;
  return { channel, notice, isOpen, told, lastTold, sentMs, sentKind, sent, failedMs: null };
}

/** Lets go of what is past the cap: the oldest that tell of no end, and are not being sent. */
function withinCap(notifications: Notifications): Notifications {
  let excess = notifications.outbox.reduce((sum, message) => sum + alertsOf(message).length, 0) - mostQueued;
  if (excess <= 0) return notifications;
  let after = notifications;
  const kept: QueuedMessage[] = [];
  for (const message of notifications.outbox) {
    const droppable = alertsOf(message).filter((one) => !isEnd(one));
    if (excess <= 0 || message.claim !== null || droppable.length === 0) {
      kept.push(message);
      continue;
    }
    excess -= droppable.length;
    after = lost(withDropped(after, message), message.channel, droppable.length);
    const rest = { ...message, notices: message.notices.filter(isEnd), more: message.more.filter(isEnd) };
    if (alertsOf(rest).length > 0) kept.push(rest);
  }
  return { ...after, outbox: kept };
}

/** Records that a message was not sent: its alerts are told again later, as those are of which a message was given up. */
function withDropped(notifications: Notifications, message: QueuedMessage): Notifications {
  const dropped = new Set(alertsOf(message).flatMap((one) => (isEnd(one) ? [] : [one.alertId])));
  const records = notifications.records.map((record) => {
    if (record.channel !== message.channel || !dropped.has(record.notice.alertId)) return record;
    // The end of what nobody can have heard of is not told.
    const isOpen = record.isOpen && (record.told !== null || message.attempts > 0);
    return { ...record, isOpen, failedMs: message.createdMs };
  });
  return { ...notifications, records };
}

function isEnd({ kind }: Pick<Notice, 'kind'>): boolean {
  return kind === 'resolved';
}

function lost(notifications: Notifications, channel: string, count: number): Notifications {
  if (count === 0) return notifications;
  const counts = countsOf(notifications, channel);
  return withCounts(notifications, {
    ...counts,
    failed: counts.failed + count,
    lastError: 'too many alerts to tell of',
  });
}
