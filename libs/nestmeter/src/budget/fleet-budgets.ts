import { NestmeterError, shown } from '../errors.js';
import type { ReportContext } from '../report/report.js';
import type { Budget } from './budget.js';
import { answerBudget, answerOverride, type BudgetAnswer, type BudgetsAnswer, usedOfLimit } from './budget-answer.js';
import type { BudgetState } from './budget-gate.js';
import type { BudgetGroup } from './budget-groups.js';
import type { BudgetReading } from './budget-reading.js';
import type { BudgetRecords } from './budget-records.js';
import type { BudgetView } from './budget-view.js';
import { overshootOf, readPace, type Pace } from './budget-pace.js';
import { type Override, overrideOf, type OverrideRequest, withOverride, withoutOverride } from './override.js';

/** What {@link FleetBudgets} are made of. */
export interface FleetBudgetsOptions {
  readonly states: readonly BudgetState[];
  /** Keeps what is known of them up to date. */
  readonly reading: BudgetReading;
  readonly view: Pick<BudgetView, 'isComplete'>;
  readonly context: ReportContext;
  readonly records: BudgetRecords;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** What the tiers keep. */
  readonly longestSeconds: number;
  /** Milliseconds between publishes. */
  readonly publishIntervalMs: () => number;
}

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
  constructor(private readonly options: FleetBudgetsOptions) {}

  /** The override of a budget that is in force; null without one. @param nowMs Unix milliseconds */
  overrideOf({ name }: Pick<Budget, 'name'>, nowMs: number): Override | null {
    for (const override of this.options.records.overrides.body.overrides)
      if (override.budget === name && override.until * 1000 > nowMs) return override;
    return null;
  }

  /** All budgets with what is used of them. */
  async now(): Promise<BudgetsAnswer> {
    const { states, reading, view, storeNowMs, context, longestSeconds } = this.options;
    await reading.refreshAnew();
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
    await this.options.reading.refreshIfOld();
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
    // From the end of a call until every replica knows of it: it is published with the next interval, then read.
    const delaySeconds = (this.options.publishIntervalMs() + this.options.reading.delayMs) / 1000;
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
