import type { Acknowledgements } from '../acknowledgement.js';
import type { AlertBoard } from '../alert-board.js';
import { type AlertState, alertKey } from '../alert-state.js';
import type { ChannelPolicy } from '../channel/channel.js';
import type { AlertRule } from '../rule.js';
import { gravity, type Severity } from '../severity.js';
import { isMatched, type Silence, silencedUntil } from '../silence.js';
import { alertsOf, keyOf, type NotificationRecord, type Notice } from './notifications.js';

/** What decides who is told of what. */
export interface NoticeFacts {
  readonly channels: readonly ChannelPolicy[];
  readonly rules: readonly AlertRule[];
  /** Those in force. */
  readonly silences: readonly Silence[];
  readonly acknowledgements: Acknowledgements;
  /** Unix milliseconds of the store. */
  readonly nowMs: number;
}

/** After a message was given up, its alert is told again at the earliest after this or its cooldown. */
const shortestAfterFailureMs = 300_000;

/**
 * What each channel is to be told now, gravest first: the difference between how alerts are and how the channel was told
 * they are. So nothing is told twice, and what was held back by a silence or a cooldown is told when that ends and it is
 * still so. Pure.
 */
export function wantedNotices(board: AlertBoard, facts: NoticeFacts): Map<string, Notice[]> {
  const quiet = quietAlerts(board, facts);
  const firing = board.alerts.filter((alert): alert is FiringAlert => alert.firingSinceMs !== null);
  const firingIds = new Set(firing.map(({ id }) => id));
  const wanted = new Map<string, Notice[]>();
  for (const channel of facts.channels) {
    const records = board.notifications.records.filter((record) => record.channel === channel.name);
    const known = new Map(records.map((record) => [keyOf(record.notice), record]));
    const queued = new Set(
      board.notifications.outbox
        .filter((message) => message.channel === channel.name)
        .flatMap((message) => alertsOf(message).map(({ alertId }) => alertId)),
    );
    const notices = firing.flatMap((alert) => {
      const record = known.get(alertKey(alert.rule, alert.labels)) ?? null;
      // What waits is told first; then it is looked at again.
      if (quiet.has(alert.id) || (record !== null && queued.has(record.notice.alertId))) return [];
      const kind = wantedKind(alert, record, channel, facts);
      return kind === null ? [] : [noticeOf(kind, alert, record, facts.nowMs)];
    });
    const ends = records.filter(({ isOpen, notice }) => isOpen && !firingIds.has(notice.alertId));
    notices.push(...ends.map((record) => endOf(record, board, facts.nowMs)));
    if (notices.length > 0)
      wanted.set(
        channel.name,
        notices.sort((a, b) => gravity(b.severity) - gravity(a.severity)),
      );
  }
  return wanted;
}

type FiringAlert = AlertState & { readonly firingSinceMs: number };

/** Alerts of which nothing is told until they end: silenced ones, and those that somebody takes care of. */
function quietAlerts({ alerts }: AlertBoard, { rules, silences, acknowledgements }: NoticeFacts): Set<string> {
  const acknowledged = new Set(acknowledgements.of.map(([id]) => id));
  const isSilenced = (alert: AlertState): boolean =>
    silencedUntil(
      silences,
      alert,
      rules.find(({ name }) => name === alert.rule),
    ) !== null;
  return new Set(alerts.filter((alert) => acknowledged.has(alert.id) || isSilenced(alert)).map(({ id }) => id));
}

function wantedKind(
  alert: FiringAlert,
  record: NotificationRecord | null,
  channel: ChannelPolicy,
  facts: NoticeFacts,
): Notice['kind'] | null {
  const { nowMs } = facts;
  const rule = facts.rules.find(({ name }) => name === alert.rule);
  const cooldownMs = (rule?.cooldownSeconds ?? 0) * 1000;
  const isSame = record?.notice.alertId === alert.id;
  const sinceMs = record?.sentMs == null ? Infinity : nowMs - record.sentMs;
  const told = isSame ? record.told : null;
  if (isSame && record.failedMs !== null && nowMs - record.failedMs < Math.max(cooldownMs, shortestAfterFailureMs))
    return null;
  // What is graver than all that was told is news; all else waits.
  const isHeld = !channel.everyChange && sinceMs < cooldownMs && !isGraver(alert.severity, record?.lastTold ?? null);
  if (told !== null && gravity(alert.severity) < gravity(told)) return isHeld ? null : 'eased';
  const isForChannel =
    gravity(alert.severity) >= gravity(channel.minSeverity) && isMatched(alert, rule, channel.filter);
  if (!isForChannel) return null;
  if (told === null) return isHeld ? null : 'fired';
  if (isGraver(alert.severity, told)) return 'escalated';
  return channel.resendSeconds !== null && sinceMs >= channel.resendSeconds * 1000 ? 'firing' : null;
}

function isGraver(one: Severity, other: Severity | null): boolean {
  return other !== null && gravity(one) > gravity(other);
}

function noticeOf(kind: Notice['kind'], alert: FiringAlert, record: NotificationRecord | null, nowMs: number): Notice {
  const { id: alertId, rule, labels, title, severity, threshold, value, amounts, firingSinceMs } = alert;
  const toldSeverity = record?.notice.alertId === alertId ? record.told : null;
  const seen = { severity, threshold, value, amounts, firingSinceMs };
  return { alertId, kind, atMs: nowMs, rule, labels, title, toldSeverity, ...seen };
}

/** The end of an alert, with its last value where that is known. */
function endOf({ notice, told }: NotificationRecord, { changes }: AlertBoard, nowMs: number): Notice {
  const change = changes.find(({ alertId, kind }) => alertId === notice.alertId && kind === 'resolved');
  const { severity, threshold, value, amounts } = change ?? { ...notice, value: null, amounts: undefined };
  const toldSeverity = told ?? notice.severity;
  const seen = { severity, threshold, value, amounts };
  return { ...notice, kind: 'resolved', atMs: change?.atMs ?? nowMs, toldSeverity, ...seen };
}
