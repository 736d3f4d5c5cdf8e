import { NestmeterError } from '../errors.js';
import type { Receipt } from '../store/store.js';
import type { BudgetState } from './budget-gate.js';
import type { BudgetRecords } from './budget-records.js';
import type { BudgetView } from './budget-view.js';
import { lackOf, learnUsage, noUsageRecord, usageRecordOf } from './usage-record.js';

/** What a {@link BudgetReading} is made of. */
export interface BudgetReadingOptions {
  readonly states: readonly BudgetState[];
  readonly view: BudgetView;
  readonly records: BudgetRecords;
  readonly monotonicMs: () => number;
  /** Whether this replica records use for all: the one that keeps the store. */
  readonly isKeeper: () => boolean;
  /** Takes note of a failure; an unreachable store speaks for itself. */
  readonly failed: (error: unknown) => void;
}

/** What others used is read so often where calls are refused, and so often where nothing but alerts depends on it. */
const closingIntervalMs = 1000;
const watchingIntervalMs = 10_000;
/** Shares of budgets with `strict` are brought up to date so often. */
const sharingIntervalMs = 1000;
/** Reading takes at most this share of the time, unless that would make it rarer than so many milliseconds. */
const readingShare = 0.05;
const longestIntervalMs = 5000;
/** Use is recorded so often. */
const recordEveryMs = 10_000;
/** Alerts are judged by what was read so lately. */
const freshMs = 1000;
/** Without a read for so long, what others used counts as unknown. */
const staleMs = 5000;

/**
 * Keeps what is known of budgets up to date: reads what others used and the records of the fleet in turns, more rarely the
 * longer that takes, records use, and has shares of budgets with `strict` brought up to date.
 */
export class BudgetReading {
  #timer: NodeJS.Timeout | null = null;
  #sharing: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;
  #readAtMs = -Infinity;
  /** How long the last read took, and the time between the beginnings of two. */
  #readMs = 0;
  #everyMs: number;
  #recordedAtMs = -Infinity;
  readonly #isClosing: boolean;

  constructor(private readonly options: BudgetReadingOptions) {
    this.#isClosing = options.states.some(({ budget }) => budget.hardStop);
    this.#everyMs = this.#intervalMs;
  }

  /** Reads from now on; nothing where there are no budgets. */
  start(): void {
    const { states } = this.options;
    if (states.length === 0 || this.#stopped) return;
    void this.#turn();
    if (!states.some(({ allowance }) => allowance !== null)) return;
    this.#sharing = setInterval(() => this.#share(), sharingIntervalMs);
    this.#sharing.unref();
    this.#share();
  }

  /** Ends that, and gives back what is reserved and not spent. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#sharing !== null) clearInterval(this.#sharing);
    await this.#running;
    await Promise.all(this.#allowances().map((allowance) => allowance.close()));
  }

  /** Age in milliseconds past which what others used counts as unknown. */
  get staleMs(): number {
    return Math.max(staleMs, 3 * this.#everyMs);
  }

  /** Takes in what the store has of documents, as each publish is told. */
  learn(documents: Receipt['documents']): void {
    this.options.records.learn(documents);
  }

  /** Forgets what was used. For tests. */
  async clear(): Promise<void> {
    const { states, records } = this.options;
    for (const { groups } of states) groups.clear();
    if (states.length > 0)
      await records.usage.change(() => noUsageRecord).catch((error: unknown) => this.#failed(error));
  }

  /** What was counted is about to be published. @returns to be called once the store has all of it */
  publishing(): () => void {
    const groups = this.options.states.flatMap(({ groups: all }) => [...all.all()]);
    for (const group of groups) group.sending();
    return () => groups.forEach((group) => group.stored());
  }

  /**
   * Milliseconds until what the store has is read: with the next turn, each of which takes as long as the last read (a call
   * to the store takes no longer).
   */
  get delayMs(): number {
    return this.#everyMs + 3 * this.#readMs;
  }

  /** Reads, unless that was done lately enough for alerts. Never rejects. */
  async refreshIfOld(): Promise<void> {
    if (this.options.states.length === 0) return;
    if (this.options.monotonicMs() - this.#readAtMs > freshMs) await this.#refresh();
  }

  /** Reads all that was recorded before the call. Rejects where what others used cannot be read at all. */
  async refreshAnew(): Promise<void> {
    await this.#readRecords().catch((error: unknown) => this.#failed(error));
    await this.options.view.refreshAnew();
  }

  get #intervalMs(): number {
    return this.#isClosing ? closingIntervalMs : watchingIntervalMs;
  }

  async #turn(): Promise<void> {
    const startedMs = this.options.monotonicMs();
    this.#running = this.#refresh();
    await this.#running;
    if (this.#stopped) return;
    this.#everyMs = Math.max(this.#intervalMs, Math.min(longestIntervalMs, this.#readMs / readingShare));
    const elapsedMs = this.options.monotonicMs() - startedMs;
    this.#timer = setTimeout(() => void this.#turn(), Math.max(50, this.#everyMs - elapsedMs));
    this.#timer.unref();
  }

  /** Reads everything and brings what is shared up to date. Never rejects. */
  async #refresh(): Promise<void> {
    const { view, monotonicMs } = this.options;
    try {
      await this.#readRecords();
      const startedMs = monotonicMs();
      await view.refresh();
      this.#readAtMs = monotonicMs();
      // How long it takes to learn that nobody answers says nothing of reading.
      if (view.isReached) this.#readMs = this.#readAtMs - startedMs;
      await this.#record();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Brings shares up to date, each in its own time. */
  #share(): void {
    for (const allowance of this.#allowances()) void allowance.sync();
  }

  async #readRecords(): Promise<void> {
    const { records, states } = this.options;
    if (await records.refresh()) learnUsage(states, records.usage.body);
  }

  /** What only replicas know is recorded at once, what the store has now and then by one of them. */
  async #record(): Promise<void> {
    const { records, states, isKeeper, monotonicMs } = this.options;
    const { usage } = records;
    const lack = lackOf(states, usage.body);
    const isDue = isKeeper() && monotonicMs() - this.#recordedAtMs >= recordEveryMs;
    if (lack === 'nothing' || (lack === 'use' && !isDue)) return;
    this.#recordedAtMs = monotonicMs();
    learnUsage(states, await usage.change((body) => usageRecordOf(states, body)));
  }

  #allowances() {
    return this.options.states.flatMap(({ allowance, groups }) =>
      allowance === null ? [] : [...groups.all()].map((group) => allowance(group)),
    );
  }

  #failed(error: unknown): void {
    if (!(error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE')) this.options.failed(error);
  }
}
