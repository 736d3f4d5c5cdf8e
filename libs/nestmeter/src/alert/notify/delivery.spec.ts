import type { ChannelPolicy } from '../channel/channel.js';
import { type Attempt, claimed, settled, tidied } from './delivery.js';
import { noNotifications, type Notice, type Notifications, shiftedNotifications } from './notifications.js';
import { queued } from './queue.js';

const channel: ChannelPolicy = {
  name: 'ops',
  minSeverity: 'info',
  filter: {},
  retryForSeconds: 600,
  alertsPerMessage: 10,
  digests: true,
  everyChange: false,
  resendSeconds: null,
};
const channels = [channel];
const names = new Set(['ops']);
const startMs = 1_000_000_000;
const notice: Notice = {
  alertId: 'a',
  kind: 'fired',
  atMs: startMs,
  rule: 'r',
  labels: {},
  title: null,
  severity: 'high',
  toldSeverity: null,
  threshold: null,
  value: 1,
  firingSinceMs: startMs,
};

/** One message that two claimed, one after the other. */
function claimedTwice(): Notifications {
  const waiting = queued(noNotifications, new Map([['ops', [notice]]]), { app: 'a', channels, nowMs: startMs });
  const first = claimed(waiting, names, { by: 'first', untilMs: startMs + 30_000 }, startMs);
  return claimed(first.notifications, names, { by: 'second', untilMs: startMs + 70_000 }, startMs + 40_000)
    .notifications;
}

function noted(outcome: 'sent' | 'failed' | 'released', by: string): Notifications {
  const before = claimedTwice();
  const { id } = before.outbox[0]!;
  const failed = { id, outcome: 'failed', by, reason: 'late', isFinal: true, askedMs: null } as const;
  const attempt: Attempt = outcome === 'failed' ? failed : { id, outcome, by };
  return settled(before, [attempt], { channels, nowMs: startMs + 50_000, random: () => 0.5 });
}

describe('an outcome', () => {
  it('of who lost the claim counts only if the message was sent', () => {
    expect(noted('failed', 'first')).toEqual(claimedTwice());
    expect(noted('released', 'first')).toEqual(claimedTwice());
    const sent = noted('sent', 'first');
    expect(sent).toMatchObject({ outbox: [], counts: [{ sent: 1 }], records: [{ told: 'high', sent: 1 }] });
    expect(sent).toEqual(noted('sent', 'second'));
  });

  it('that says that a message is not wanted ends it, and one that nobody tried is free again', () => {
    expect(noted('failed', 'second')).toMatchObject({
      outbox: [],
      counts: [{ sent: 0, failed: 1, lastError: 'late' }],
      records: [{ told: null, failedMs: startMs + 50_000 }],
    });
    expect(noted('released', 'second').outbox).toMatchObject([{ claim: null, attempts: 0 }]);
  });

  it('is noted once, however often it is told', () => {
    const once = noted('sent', 'second');
    const { id } = claimedTwice().outbox[0]!;
    const options = { channels, nowMs: startMs + 60_000, random: () => 0.5 };
    expect(settled(once, [{ id, outcome: 'sent' }], options)).toBe(once);
  });
});

describe('a message that waits', () => {
  it('is given up by the time that passed, not by a clock that was set', () => {
    const waiting = noted('released', 'second');
    const later = { channels, rules: [], nowMs: startMs + 3_600_000 };
    expect(tidied(waiting, later)).toMatchObject({ outbox: [], counts: [{ failed: 1, lastError: 'nobody sent it in time' }] }); // prettier-ignore
    expect(tidied(shiftedNotifications(waiting, 3_590_000), later).outbox).toHaveLength(1);
  });

  it('is given up with the failure of its last attempt, if there was one: that nobody sent it hid what the receiver said', () => {
    const before = claimedTwice();
    const attempt = {
      id: before.outbox[0]!.id,
      outcome: 'failed',
      by: 'second',
      isFinal: false,
      askedMs: null,
    } as const;
    const options = { channels, nowMs: startMs + 50_000, random: () => 0.5 };
    const waiting = settled(before, [{ ...attempt, reason: 'HTTP 500' }], options);
    expect(waiting.outbox).toHaveLength(1);
    const late = { channels, rules: [], nowMs: startMs + 3_600_000 };
    expect(tidied(waiting, late)).toMatchObject({ outbox: [], counts: [{ failed: 1, lastError: 'HTTP 500' }] });
  });
});
