import fc from 'fast-check';
import { type AlertBoard, boardSchema, emptyBoard, nextBoard } from '../alert-board.js';
import type { ChannelPolicy } from '../channel/channel.js';
import { defineRule } from '../rule.js';
import { gravity, type Severity } from '../severity.js';
import { type Attempt, claimed, settled, tidied } from './delivery.js';
import { alertsOf, type QueuedMessage } from './notifications.js';
import { mostQueued, mostRecords, queued } from './queue.js';
import { wantedNotices } from './wanted-notices.js';

const cooldownSeconds = 100;
const rule = defineRule({ name: 'r', check: () => [], cooldownSeconds, keepFiringSeconds: 0 });
const severities = ['low', 'warning', 'critical'] as const;

const policies: readonly ChannelPolicy[] = [
  { name: 'ops', alertsPerMessage: 2, digests: true, everyChange: false, resendSeconds: null },
  { name: 'each', alertsPerMessage: 1, digests: false, everyChange: false, resendSeconds: null },
].map((traits) => ({ ...traits, minSeverity: 'info', filter: {}, retryForSeconds: 3600 }));

/** One thing that happens. */
const step = fc.record({
  /** Of three groups, what is wrong. */
  found: fc.array(fc.constantFrom<(Severity | null)[]>(null, null, ...severities), { minLength: 3, maxLength: 3 }),
  seconds: fc.integer({ min: 1, max: 60 }),
  isSilent: fc.boolean(),
  /** What comes of each message that is sent; lost: the sender dies before it can say. */
  outcomes: fc.array(fc.constantFrom('sent', 'sent', 'failed', 'lost', 'lost after it was sent'), {
    minLength: 1,
    maxLength: 6,
  }),
});

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A message that arrived, and when. */
interface Arrival extends Pick<QueuedMessage, 'id' | 'channel' | 'createdMs'> {
  readonly atMs: number;
  readonly told: ReturnType<typeof alertsOf>;
}

/** Plays what happens on a board, with one sender after the other. */
class Play {
  board: AlertBoard = emptyBoard;
  nowMs = 1_000_000_000;
  readonly arrived: Arrival[] = [];
  /** Of each alert there was. */
  readonly groups = new Map<string, string>();
  #senders = 0;

  evaluate({ found, seconds, isSilent }: Omit<Step, 'outcomes'>): void {
    this.nowMs += seconds * 1000;
    const observations = found.map((severity, index) => ({
      labels: { of: `${index}` },
      value: 1,
      crossed: severity === null ? [] : [{ severity, threshold: null }],
    }));
    const outcome = { rule, state: 'observed', reason: null, observations } as const;
    const next = nextBoard(this.board, [outcome], { nowMs: this.nowMs, elapsedMs: seconds * 1000, unwatchedMs: 0 });
    const facts = { channels: policies, rules: [rule], acknowledgements: { of: [] }, nowMs: this.nowMs };
    const silence = { id: '', matchers: { of: '0' }, until: Infinity, created: 0, by: '', why: '' };
    const board = { ...next, notifications: tidied(next.notifications, facts) };
    const wanted = wantedNotices(board, { ...facts, silences: isSilent ? [silence] : [] });
    const notifications = queued(board.notifications, wanted, { app: 'a', channels: policies, nowMs: this.nowMs });
    for (const { id, labels } of board.alerts) this.groups.set(id, labels['of']!);
    this.board = boardSchema.parse(JSON.parse(JSON.stringify({ ...board, notifications })));
  }

  send(outcomes: Step['outcomes']): void {
    const by = `${this.#senders++}`;
    const names = new Set(policies.map(({ name }) => name));
    const claim = { by, untilMs: this.nowMs + 30_000 };
    const { notifications, messages } = claimed(this.board.notifications, names, claim, this.nowMs);
    const attempts: Attempt[] = [];
    const failing = new Set<string>();
    for (const [index, message] of messages.entries()) {
      const { id, channel, createdMs } = message;
      const outcome = failing.has(channel) ? 'released' : outcomes[index % outcomes.length]!;
      if (outcome !== 'sent') failing.add(channel);
      if (outcome.endsWith('sent'))
        this.arrived.push({ id, channel, createdMs, atMs: this.nowMs, told: alertsOf(message) });
      if (outcome === 'sent' || outcome === 'released') attempts.push({ id, outcome, by });
      if (outcome === 'failed') attempts.push({ id, outcome, by, reason: 'x', isFinal: false, askedMs: null });
    }
    const options = { channels: policies, nowMs: this.nowMs, random: () => 0.5 };
    this.board = { ...this.board, notifications: settled(notifications, attempts, options) };
  }

  /** All ends, and everybody is told. */
  end(): void {
    for (let round = 0; round < 60; round++) {
      this.evaluate({ found: [null, null, null], seconds: 60, isSilent: false });
      this.send(['sent']);
    }
  }

  /** What a channel got, once each, in the order in which it came first. */
  firsts(channel: string): Arrival[] {
    const seen = new Set<string>();
    return this.arrived.filter((one) => one.channel === channel && !seen.has(one.id) && seen.add(one.id));
  }
}

describe('whatever happens to alerts, senders and channels', () => {
  const played = (steps: readonly Step[], check: (play: Play) => void): void => {
    const play = new Play();
    for (const { outcomes, ...rest } of steps) {
      play.evaluate(rest);
      play.send(outcomes);
      const { outbox, records } = play.board.notifications;
      // Three groups and two channels: one of each may fire and one may end.
      expect(outbox.flatMap(alertsOf).length).toBeLessThanOrEqual(12);
      expect(records.length).toBeLessThanOrEqual(6);
    }
    play.end();
    check(play);
  };
  const steps = fc.array(step, { maxLength: 25 });

  it('every end of what was told is told, once, after it', () => {
    fc.assert(
      fc.property(steps, (all) =>
        played(all, (play) => {
          for (const { name } of policies) {
            const told = new Map<string, string[]>();
            for (const { told: alerts } of play.firsts(name))
              for (const { alertId, kind } of alerts) told.set(alertId, [...(told.get(alertId) ?? []), kind]);
            for (const kinds of told.values()) {
              expect(kinds[0]).toBe('fired');
              expect(kinds.filter((kind) => kind === 'fired')).toHaveLength(1);
              expect(kinds.indexOf('resolved')).toBe(kinds.length - 1);
            }
          }
          expect(play.board.notifications.outbox).toEqual([]);
          expect(play.board.notifications.records).toEqual([]);
        }),
      ),
    );
  });

  it('nothing is told within the cooldown but ends, and what is graver than all that was told', () => {
    /** What a channel got of one group within the cooldown of what it had got before. */
    const early = (play: Play, channel: string, group: string): string[] => {
      let last: { atMs: number; severity: Severity } | null = null;
      const found: string[] = [];
      for (const { createdMs, atMs, told } of play.firsts(channel))
        for (const { alertId, kind, severity } of told) {
          if (play.groups.get(alertId) !== group) continue;
          const isEarly = last !== null && createdMs - last.atMs < cooldownSeconds * 1000;
          if (isEarly && kind !== 'resolved' && gravity(severity) <= gravity(last!.severity)) found.push(kind);
          last = { atMs, severity };
        }
      return found;
    };
    fc.assert(
      fc.property(steps, (all) =>
        played(all, (play) => {
          for (const { name } of policies)
            expect(['0', '1', '2'].flatMap((group) => early(play, name, group))).toEqual([]);
        }),
      ),
    );
  });

  it('a message that comes again has the same id and says the same', () => {
    fc.assert(
      fc.property(steps, (all) =>
        played(all, ({ arrived }) => {
          const said = new Map<string, Arrival['told']>();
          for (const { id, told } of arrived) expect(said.set(id, said.get(id) ?? told).get(id)).toEqual(told);
        }),
      ),
    );
  });
});

describe('the outbox', () => {
  /** A board on which many alerts fire, and what is queued about them. */
  function many(count: number, before: AlertBoard, nowMs: number): AlertBoard {
    const observations = Array.from({ length: count }, (_, index) => ({
      labels: { of: `${nowMs} ${index}` },
      value: 1,
      crossed: [{ severity: 'low' as const, threshold: null }],
    }));
    const outcome = { rule, state: 'observed', reason: null, observations } as const;
    const board = nextBoard(before, [outcome], { nowMs, elapsedMs: null, unwatchedMs: 0 });
    const facts = { channels: policies, rules: [rule], silences: [], acknowledgements: { of: [] }, nowMs };
    const wanted = wantedNotices(board, facts);
    return { ...board, notifications: queued(board.notifications, wanted, { app: 'a', channels: policies, nowMs }) };
  }

  it('is bounded: past its cap the oldest go that tell of no end, and that is counted', () => {
    let board = emptyBoard;
    for (let round = 0; round < 6; round++) board = many(400, board, 1_000_000_000 + round * 10_000);
    const { outbox, records, counts } = board.notifications;
    const kinds = outbox.flatMap(alertsOf).map(({ kind }) => kind);
    expect(kinds.length).toBeLessThanOrEqual(mostQueued);
    expect(records.length).toBeLessThanOrEqual(mostRecords);
    expect(counts.reduce((sum, { failed }) => sum + failed, 0)).toBeGreaterThan(0);
    expect(counts.every(({ lastError }) => lastError === 'too many alerts to tell of')).toBe(true);
  });

  it('lets go of no end', () => {
    const first = many(400, emptyBoard, 1_000_000_000);
    const names = new Set(['ops', 'each']);
    let sent = first.notifications;
    for (let round = 0; round < 200; round++) {
      const claim = claimed(sent, names, { by: 'a', untilMs: Infinity }, 1_000_000_000);
      const attempts = claim.messages.map(({ id }): Attempt => ({ id, outcome: 'sent' }));
      sent = settled(claim.notifications, attempts, {
        channels: policies,
        nowMs: 1_000_000_000,
        random: () => 0,
      });
    }
    expect(sent.outbox).toEqual([]);
    let board = { ...first, notifications: sent };
    for (let round = 1; round < 6; round++) board = many(400, board, 1_000_000_000 + round * 10_000);
    const ends = board.notifications.outbox.flatMap(alertsOf).filter(({ kind }) => kind === 'resolved');
    expect(ends.filter(({ alertId }) => first.alerts.some(({ id }) => id === alertId))).toHaveLength(800);
  });
});
