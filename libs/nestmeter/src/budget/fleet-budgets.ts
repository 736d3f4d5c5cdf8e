import { NestmeterError, shown } from '../errors.js';
import type { ReportContext } from '../report/report.js';
import type { Receipt } from '../store/store.js';
import type { Budget } from './budget.js';
import { answerBudget, answerOverride, type BudgetAnswer, type BudgetsAnswer, usedOfLimit } from './budget-answer.js';
import type { BudgetState } from './budget-gate.js';
import type { BudgetGroup } from './budget-groups.js';
import type { BudgetRecords } from './budget-records.js';
import type { BudgetView } from './budget-view.js';
import { overshootOf, readPace, type Pace } from './budget-pace.js';
import { type Override, overrideOf, type OverrideRequest, withOverride, withoutOverride } from './override.js';
import { lackOf, learnUsage, noUsageRecord, usageRecordOf } from './usage-record.js';

/** What {@link FleetBudgets} are made of. */
export interface FleetBudgetsOptions {
  readonly states: readonly BudgetState[];
  readonly view: BudgetView;
  readonly context: ReportContext;
  readonly records: BudgetRecords;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  readonly monotonicMs: () => number;
  /** What the tiers keep. */
  readonly longestSeconds: number;
  /** Milliseconds between publishes. */
  readonly publishIntervalMs: () => number;
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

/** What alerts look at in one group of a budget; null is unknown. */
export interface BudgetLevel {
  readonly labels: Readonly<Record<string, string>>;
  readonly usedPercent: number | null;
  /** For people: `15.40 of 20.00 USD`. */
  readonly usedOfLimit: string | null;
  readonly unpricedCalls: number | null;
}

/** How one group of a budget stood when it was read last. */
export interface SeenBudget {
  /** Value of the label `each`; empty for the only group. */
  readonly group: string;
  /** Of the group beside its budget. */
  readonly labels: Readonly<Record<string, string>>;
  readonly answer: BudgetAnswer;
}

/** The budgets of the fleet: what is used of them, as any replica answers, and overrides of their limits. */
export class FleetBudgets {
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

  constructor(private readonly options: FleetBudgetsOptions) {
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

  /** The override of a budget that is in force; null without one. @param nowMs Unix milliseconds */
  overrideOf({ name }: Pick<Budget, 'name'>, nowMs: number): Override | null {
    for (const override of this.options.records.overrides.body.overrides)
      if (override.budget === name && override.until * 1000 > nowMs) return override;
    return null;
  }

  /** All budgets with what is used of them. */
  async now(): Promise<BudgetsAnswer> {
    const { states, view, storeNowMs, context, longestSeconds } = this.options;
    await this.#readRecords().catch((error: unknown) => this.#failed(error));
    await view.refreshAnew();
    const pace = states.length === 0 ? null : await readPace(context, states, longestSeconds);
    const budgets = this.seen(pace).map(({ answer }) => answer);
    const isComplete = states.length === 0 || (view.isComplete && pace !== null);
    return { timestamp: storeNowMs() / 1000, complete: isComplete, budgets };
  }

  /** All budgets as they were read last, without reading. @param pace for forecasts and the overshoot; null leaves them out */
  seen(pace: Pace | null = null): SeenBudget[] {
    const nowMs = this.options.storeNowMs();
    return this.options.states.flatMap((state) => {
      state.groups.roll(nowMs);
      return shownGroups(state).map((group) => {
        const answer = this.#answer(state, group, { nowMs, pace });
        return { group: group.name, labels: group.labels, answer };
      });
    });
  }

  /** What is used of each budget in percent of its limit, and how many calls have no price; null where it is unknown. */
  async levels(): Promise<BudgetLevel[]> {
    await this.#fresh();
    return this.seen().map(({ labels, answer }) => {
      const { name: budget, used_percent: usedPercent, unpriced_calls: unpricedCalls } = answer;
      return { labels: { budget, ...labels }, usedPercent, usedOfLimit: usedOfLimit(answer), unpricedCalls };
    });
  }

  /**
   * Gives a budget another limit until some time, on all replicas within 2 s. Rejects with NM_NOT_FOUND, NM_BODY_INVALID or
   * NM_STORE_UNREACHABLE.
   */
  async override(name: string, request: OverrideRequest, by: string) {
    const { budget } = this.#stateOf(name);
    const next = overrideOf(budget, request, { by, nowMs: this.options.storeNowMs() });
    await this.options.records.overrides.change((body) => withOverride(body, next));
    return answerOverride(budget, next);
  }

  /** Ends the override of a budget. Rejects with NM_NOT_FOUND when it has none, or NM_STORE_UNREACHABLE. */
  async endOverride(name: string, by: string): Promise<void> {
    this.#stateOf(name);
    await this.options.records.overrides.change((body) => {
      const next = withoutOverride(body, name, { by, nowMs: this.options.storeNowMs() });
      if (next === null) throw notFound('must have an override', name);
      return next;
    });
  }

  #stateOf(name: string): BudgetState {
    const state = this.options.states.find(({ budget }) => budget.name === name);
    if (state === undefined) throw notFound('must be one of the option budgets', name);
    return state;
  }

  #answer(
    state: BudgetState,
    group: BudgetGroup,
    { nowMs, pace }: { readonly nowMs: number; readonly pace: Pace | null },
  ): BudgetAnswer {
    const { budget, groups } = state;
    const override = this.overrideOf(budget, nowMs);
    const limit = override?.limit ?? budget.limit;
    const delaySeconds = this.#delayMs() / 1000;
    return answerBudget({
      budget,
      group,
      span: groups.span,
      now: nowMs / 1000,
      limit,
      override,
      isKnown: groups.readMs !== null,
      perSecond: pace?.perSecond(state, group) ?? null,
      overshoot: overshootOf({ state, group, limit, pace, delaySeconds, isComplete: this.options.view.isComplete }),
    });
  }

  /**
   * Milliseconds from the end of a call until every replica knows of it: published with the next interval, read with the
   * next turn, each of which takes as long as the last read (a call to the store takes no longer).
   */
  #delayMs(): number {
    return this.options.publishIntervalMs() + this.#everyMs + 3 * this.#readMs;
  }

  get #intervalMs(): number {
    return this.#isClosing ? closingIntervalMs : watchingIntervalMs;
  }

  async #fresh(): Promise<void> {
    if (this.options.states.length === 0) return;
    if (this.options.monotonicMs() - this.#readAtMs > freshMs) await this.#refresh();
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

/** Groups that were used, most first; the only group of a budget without `each` in any case. */
function shownGroups({ budget, groups }: BudgetState): BudgetGroup[] {
  return [...groups.all()]
    .filter((group) => budget.each === null || !group.isEmpty)
    .sort((a, b) => b.highWater.used - a.highWater.used || (a.name < b.name ? -1 : 1));
}

function notFound(rule: string, name: string): NestmeterError {
  return new NestmeterError({
    code: 'NM_NOT_FOUND',
    message: `The budget ${rule}, got ${shown(name)}. Look at GET /budgets.`,
  });
}
