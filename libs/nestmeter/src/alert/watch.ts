import type { Clock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import type { AlertRecords } from './alert-records.js';
import { nextBoard } from './alert-board.js';
import { evaluateRules } from './evaluate.js';
import type { EvaluationOptions } from './evaluation-window.js';
import { withChanges } from './history.js';
import type { AlertRule } from './rule.js';

/** What an {@link AlertWatch} is made of. */
export interface AlertWatchOptions extends EvaluationOptions {
  readonly records: AlertRecords;
  readonly clock: Clock;
  /** The rules in force; asked at each evaluation, since they change while replicas run. */
  readonly rules: () => readonly AlertRule[];
  /** Seconds between two evaluations; asked each time. */
  readonly intervalSeconds: () => number;
  /** Token of the lease while this replica holds it, null for a store that needs none; undefined: somebody else's turn. */
  readonly keeperToken: () => string | null | undefined;
  /** Takes note of what fails: of a rule, or of the evaluation. */
  readonly failed: (where: string, error: unknown) => void;
}

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
  /** The board that this replica wrote last, and when by a clock that cannot be set. */
  #written: { readonly id: string; readonly monotonicMs: number } | null = null;

  constructor(private readonly options: AlertWatchOptions) {}

  /** Evaluates from now on, the first time after one interval. What was stopped does not start again. */
  start(): void {
    if (!this.#stopped) this.#schedule();
  }

  /** Ends evaluating; waits for the evaluation under way. Never rejects. */
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
        // An unreachable store speaks for itself.
        if (error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE') return;
        this.options.failed('alerts', error);
      })
      .finally(() => (this.#running = null));
    return this.#running;
  }

  async #evaluate(): Promise<void> {
    const { records, rules, keeperToken, storeNowMs, clock, failed } = this.options;
    await records.refresh();
    const token = keeperToken();
    if (token === undefined) return;
    const history = await records.history.refresh(token);
    const { base, body: before } = await records.board.refresh(token);
    const nowMs = storeNowMs();
    const monotonicMs = clock.monotonicMs();
    const elapsedMs = this.#written?.id === base?.id ? monotonicMs - (this.#written?.monotonicMs ?? monotonicMs) : null;
    const outcomes = await evaluateRules(rules(), this.options);
    for (const { rule, error } of outcomes) if (error !== undefined) failed(`alerts.${rule.name}`, error);
    const recorded = new Set(history.body.changes.map(({ id }) => id));
    const unrecorded = before.changes.filter(({ id }) => !recorded.has(id));
    const board = nextBoard({ ...before, changes: unrecorded }, outcomes, { nowMs, elapsedMs });
    const written = await records.board.replace(base, board, token);
    if (written === null) return;
    this.#written = { id: written.id, monotonicMs };
    // If this fails, the changes are still on the board next time.
    if (board.changes.length > 0)
      await records.history.replace(history.base, withChanges(history.body, board, nowMs), token);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.evaluate().then(() => {
        if (!this.#stopped) this.#schedule();
      });
    }, this.options.intervalSeconds() * 1000);
    this.#timer.unref();
  }
}
