import type { ChannelPolicy } from '../channel/channel.js';
import type { AlertRule } from '../rule.js';
import {
  alertsOf,
  type ChannelCounts,
  type Claim,
  countsOf,
  type NotificationRecord,
  type Notifications,
  type QueuedMessage,
  withCounts,
} from './notifications.js';
import { retryDelayMs } from './retry.js';

/** Messages to one channel that are sent under one claim. */
const mostClaimed = 5;
/** A message to a channel that no replica knows is given up after this. */
const unknownChannelSeconds = 3600;
/** What a channel was told is forgotten so long after no replica knows it. */
const unknownRecordMs = 86_400_000;

/** What became of one attempt to send a message. */
export type Attempt =
  | { readonly id: string; readonly outcome: 'sent' }
  | {
      readonly id: string;
      readonly outcome: 'failed';
      /** The claim under which it was made. */
      readonly by: string;
      /** Why, in a few words that hold no secret. */
      readonly reason: string;
      /** Whether trying again cannot help. */
      readonly isFinal: boolean;
      /** For how long the receiver asks to be left alone. */
      readonly askedMs: number | null;
    }
  /** It was not tried. */
  | { readonly id: string; readonly outcome: 'released'; readonly by: string };

/** The messages to each channel that may be sent now, in order: none overtakes another of its channel. */
function ready({ outbox }: Notifications, channels: ReadonlySet<string>, nowMs: number): QueuedMessage[] {
  const blocked = new Set<string>();
  const taken = new Map<string, number>();
  return outbox.filter(({ channel, nextMs, claim }) => {
    const count = taken.get(channel) ?? 0;
    const isReady = nextMs <= nowMs && (claim === null || claim.untilMs <= nowMs) && count < mostClaimed;
    if (!channels.has(channel) || blocked.has(channel)) return false;
    if (!isReady) blocked.add(channel);
    else taken.set(channel, count + 1);
    return isReady;
  });
}

/** Whether there is anything to send now. @param channels names of those that can take something */
export function isAnythingReady(notifications: Notifications, channels: ReadonlySet<string>, nowMs: number): boolean {
  return ready(notifications, channels, nowMs).length > 0;
}

/** Notes who sends what is ready, so that nobody else does meanwhile. Pure. */
export function claimed(
  before: Notifications,
  channels: ReadonlySet<string>,
  claim: Claim,
  nowMs: number,
): { readonly notifications: Notifications; readonly messages: readonly QueuedMessage[] } {
  const ids = new Set(ready(before, channels, nowMs).map(({ id }) => id));
  const outbox = before.outbox.map((message) => (ids.has(message.id) ? { ...message, claim } : message));
  return { notifications: { ...before, outbox }, messages: outbox.filter(({ id }) => ids.has(id)) };
}

/** What attempts are noted with. */
export interface SettleOptions {
  readonly channels: readonly ChannelPolicy[];
  /** Unix milliseconds of the store. */
  readonly nowMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Notes what became of attempts. What was sent is over, whoever has the claim by now; a failure counts only while the claim
 * under which it was made holds, and is tried again until the channel's time is over. Pure.
 */
export function settled(before: Notifications, attempts: readonly Attempt[], options: SettleOptions): Notifications {
  return attempts.reduce((notifications, attempt) => {
    const message = notifications.outbox.find(({ id }) => id === attempt.id);
    if (message === undefined) return notifications;
    if (attempt.outcome === 'sent') return withoutMessage(notifications, message, sentRecord(options.nowMs), sentCounts(options.nowMs)); // prettier-ignore
    if (message.claim?.by !== attempt.by) return notifications;
    if (attempt.outcome === 'released') return replaced(notifications, { ...message, claim: null });
    return afterFailure(notifications, message, attempt, options);
  }, before);
}

function afterFailure(
  notifications: Notifications,
  message: QueuedMessage,
  { reason, isFinal, askedMs }: Extract<Attempt, { outcome: 'failed' }>,
  { channels, nowMs, random }: SettleOptions,
): Notifications {
  const attempts = message.attempts + 1;
  const nextMs = nowMs + retryDelayMs(attempts, askedMs, random());
  if (isFinal || nextMs > endOf(message, channels)) return givenUp(notifications, message, reason, nowMs);
  const counts = { ...countsOf(notifications, message.channel), lastError: reason };
  return withCounts(replaced(notifications, { ...message, attempts, nextMs, claim: null }), counts);
}

/**
 * Gives up messages whose time is over and lets go of records that nothing depends on any more: part of each evaluation.
 * Pure.
 */
export function tidied(
  before: Notifications,
  { channels, rules, nowMs }: { readonly channels: readonly ChannelPolicy[]; readonly rules: readonly AlertRule[]; readonly nowMs: number }, // prettier-ignore
): Notifications {
  const isOver = (message: QueuedMessage): boolean =>
    nowMs > endOf(message, channels) && (message.claim === null || message.claim.untilMs <= nowMs);
  const after = before.outbox
    .filter(isOver)
    .reduce((all, message) => givenUp(all, message, overdueReason(all, message), nowMs), before);
  const queued = new Set(after.outbox.flatMap((message) => alertsOf(message).map(({ alertId }) => placeOf(message.channel, alertId)))); // prettier-ignore
  const names = new Set(channels.map(({ name }) => name));
  const cooldowns = new Map(rules.map(({ name, cooldownSeconds }) => [name, cooldownSeconds * 1000]));
  const records = after.records.filter(({ channel, notice, isOpen, sentMs }) => {
    if (queued.has(placeOf(channel, notice.alertId))) return true;
    if (!names.has(channel)) return nowMs - Math.max(notice.atMs, sentMs ?? 0) < unknownRecordMs;
    return isOpen || (sentMs !== null && nowMs - sentMs < (cooldowns.get(notice.rule) ?? 0));
  });
  return { ...after, records };
}

/** Why a message whose time is over was not sent: its channel has failed since it last took one, or nobody tried. */
function overdueReason(notifications: Notifications, { channel }: QueuedMessage): string {
  return countsOf(notifications, channel).lastError ?? 'nobody sent it in time';
}

/** Unix milliseconds at which a message is given up. */
function endOf({ channel, createdMs }: QueuedMessage, channels: readonly ChannelPolicy[]): number {
  const known = channels.find(({ name }) => name === channel);
  return createdMs + (known?.retryForSeconds ?? unknownChannelSeconds) * 1000;
}

function givenUp(notifications: Notifications, message: QueuedMessage, reason: string, nowMs: number): Notifications {
  return withoutMessage(
    notifications,
    message,
    (record) => ({ ...record, failedMs: nowMs }),
    (counts) => ({ ...counts, failed: counts.failed + 1, lastError: reason }),
  );
}

type Told = Pick<QueuedMessage['notices'][number], 'kind' | 'severity'>;

function sentRecord(nowMs: number) {
  return (record: NotificationRecord, { kind, severity }: Told): NotificationRecord => {
    const told = kind === 'resolved' ? null : severity;
    return {
      ...record,
      told,
      lastTold: severity,
      sentMs: nowMs,
      sentKind: kind,
      sent: record.sent + 1,
      failedMs: null,
    };
  };
}

function sentCounts(nowMs: number) {
  return (counts: ChannelCounts): ChannelCounts => ({
    ...counts,
    sent: counts.sent + 1,
    lastSentMs: nowMs,
    lastError: null,
  });
}

function withoutMessage(
  notifications: Notifications,
  message: QueuedMessage,
  changeRecord: (record: NotificationRecord, told: Told) => NotificationRecord,
  changeCounts: (counts: ChannelCounts) => ChannelCounts,
): Notifications {
  const told = new Map(alertsOf(message).map((one) => [one.alertId, one]));
  const records = notifications.records.map((record) => {
    const about = record.channel === message.channel ? told.get(record.notice.alertId) : undefined;
    return about === undefined ? record : changeRecord(record, about);
  });
  const outbox = notifications.outbox.filter(({ id }) => id !== message.id);
  return withCounts({ ...notifications, records, outbox }, changeCounts(countsOf(notifications, message.channel)));
}

function replaced(notifications: Notifications, message: QueuedMessage): Notifications {
  return { ...notifications, outbox: notifications.outbox.map((one) => (one.id === message.id ? message : one)) };
}

function placeOf(channel: string, alertId: string): string {
  return JSON.stringify([channel, alertId]);
}
