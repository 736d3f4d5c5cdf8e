import type { Clock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import type { AlertRecords } from './alert-records.js';
import { type AlertBoard, type BoardTime, nextBoard } from './alert-board.js';
import type { ChannelPolicy } from './channel/channel.js';
import { evaluateRules, type RuleOutcome } from './evaluate.js';
import type { EvaluationOptions } from './evaluation-window.js';
import { withChanges } from './history.js';
import { tidied } from './notify/delivery.js';
import { queued } from './notify/queue.js';
import { wantedNotices } from './notify/wanted-notices.js';
import type { AlertRule } from './rule.js';
import { livingSilences } from './silence.js';

/** What an {@link AlertWatch} is made of. */
export interface AlertWatchOptions extends EvaluationOptions {
  readonly records: AlertRecords;
  readonly clock: Clock;
  /** The rules in force; asked at each evaluation, since they change while replicas run. */
  readonly rules: () => readonly AlertRule[];
  /** Seconds between two evaluations; asked each time. */
  readonly intervalSeconds: () => number;
  /** Who is to be told of changes. */
  readonly channels: readonly ChannelPolicy[];
  /** Name of the application, for messages. */
  readonly app: string;
  /** Told when there is a new board, and perhaps something to send. */
  readonly written: () => void;
  /** Token of the lease while this replica holds it, null for a store that needs none; undefined: somebody else's turn. */
  readonly keeperToken: () => string | null | undefined;
  /** Takes note of what fails: of a rule, or of the evaluation. */
  readonly failed: (where: string, error: unknown) => void;
}

/** Times that an evaluation is written while senders note on the same board what they sent. */
const writeAttempts = 5;
/** After so many intervals an evaluation is late: in what goes beyond nobody looked. */
const lateIntervals = 2;

/**
 * Evaluates the rules every few seconds while this replica keeps the store, so that a fleet does it once; the others only
 * read what came of it. Runs in the background and never rejects: what fails is counted, and tried again next time.
 *
 * It is safe that two replicas take themselves for the keeper: each write names what it was made from and is checked
 * against the lease, so that only one succeeds.
 */
export class AlertWatch {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;
  /** When the wait for the next evaluation began, and the interval in force then. */
  #wait = { beganMs: 0, seconds: 0 };
  /** The evaluation that this replica wrote last, and when it was by a clock that cannot be set. */
  #written: { readonly evaluatedMs: number; readonly monotonicMs: number } | null = null;

  constructor(private readonly options: AlertWatchOptions) {}

  /** Evaluates from now on, the first time after one interval. What was stopped does not start again. */
  start(): void {
    if (!this.#stopped) this.#schedule();
  }

  /** Goes on with the interval in force now: the wait under way ends when that has passed since it began. */
  reschedule(): void {
    // While an evaluation is under way, the wait after it takes the new interval by itself.
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#setTimer();
  }

  /**
   * Ends evaluating. An evaluation under way goes no further than the rule that it looks at and writes nothing: the next
   * keeper does it anew. Never rejects.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** Evaluates once, if it is this replica's turn. Never rejects. */
  evaluate(): Promise<void> {
    this.#running ??= this.#evaluate()
      .catch((error: unknown) => {
        // The store may be closed by then; one that is unreachable speaks for itself.
        if (this.#stopped) return;
        if (error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE') return;
        this.options.failed('alerts', error);
      })
      .finally(() => (this.#running = null));
    return this.#running;
  }

  async #evaluate(): Promise<void> {
    const { records, rules, keeperToken, storeNowMs, clock, failed, intervalSeconds } = this.options;
    await records.refresh();
    const token = keeperToken();
    if (token === undefined) return;
    const history = await records.history.refresh(token);
    let { base, body: before } = await records.board.refresh(token);
    const { evaluatedMs } = before;
    const nowMs = storeNowMs();
    const monotonicMs = clock.monotonicMs();
    const elapsedMs = this.#written?.evaluatedMs === evaluatedMs ? monotonicMs - this.#written.monotonicMs : null;
    const sinceMs = elapsedMs ?? nowMs - evaluatedMs;
    // What was due after the interval before is not late by one that is shorter since.
    const dueSeconds = Math.max(intervalSeconds(), this.#wait.seconds);
    const unwatchedMs = Math.max(0, sinceMs - lateIntervals * dueSeconds * 1000);
    const outcomes = await evaluateRules(rules(), { ...this.options, isOver: () => this.#stopped });
    if (outcomes === null || this.#stopped) return;
    for (const { rule, error } of outcomes) if (error !== undefined) failed(`alerts.${rule.name}`, error);
    const recorded = new Set(history.body.changes.map(({ id }) => id));
    // Meanwhile a sender may have noted what it sent: that is taken in. Another evaluation is not overtaken.
    for (let attempt = 0; attempt < writeAttempts && before.evaluatedMs === evaluatedMs; attempt++) {
      const unrecorded = before.changes.filter(({ id }) => !recorded.has(id));
      const board = this.#next({ ...before, changes: unrecorded }, outcomes, { nowMs, elapsedMs, unwatchedMs });
      if ((await records.board.replace(base, board, token)) !== null) {
        this.#written = { evaluatedMs: nowMs, monotonicMs };
        this.options.written();
        // If this fails, the changes are still on the board next time.
        if (board.changes.length > 0)
          await records.history.replace(history.base, withChanges(history.body, board, nowMs), token);
        return;
      }
      ({ base, body: before } = await records.board.refresh(token));
    }
  }

  /** The next board, with the messages about what changed. */
  #next(before: AlertBoard, outcomes: readonly RuleOutcome[], time: BoardTime): AlertBoard {
    const { records, channels, app } = this.options;
    const { nowMs } = time;
    const rules = outcomes.map(({ rule }) => rule);
    const next = nextBoard(before, outcomes, time);
    const board = { ...next, notifications: tidied(next.notifications, { channels, rules, nowMs }) };
    const silences = livingSilences(records.silences.body, nowMs / 1000);
    const acknowledgements = records.acknowledgements.body;
    const wanted = wantedNotices(board, { channels, rules, silences, acknowledgements, nowMs });
    return { ...board, notifications: queued(board.notifications, wanted, { app, channels, nowMs }) };
  }

  #schedule(): void {
    const { clock, intervalSeconds } = this.options;
    this.#wait = { beganMs: clock.monotonicMs(), seconds: intervalSeconds() };
    this.#setTimer();
  }

  #setTimer(): void {
    const { clock, intervalSeconds } = this.options;
    const passedMs = clock.monotonicMs() - this.#wait.beganMs;
    const turn = async (): Promise<void> => {
      this.#timer = null;
      await this.evaluate();
      if (!this.#stopped) this.#schedule();
    };
    this.#timer = setTimeout(() => void turn(), Math.max(0, intervalSeconds() * 1000 - passedMs));
    this.#timer.unref();
  }
}
