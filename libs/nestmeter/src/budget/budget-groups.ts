import type { SeriesUsage } from '../report/series-usage.js';
import type { Allowance } from './allowance.js';
import type { Budget } from './budget.js';
import { callOfSeries, covers, groupOf } from './call-labels.js';
import { type HighWater, merged, noUsage, withCounted } from './high-water.js';
import { type PeriodSpan, periodAt } from './period.js';

/** What the store has of one group. */
export interface Counted {
  /** Nano-USD or tokens. */
  readonly amount: number;
  readonly calls: number;
  /** Calls whose amount is known. */
  readonly told: number;
  readonly refused: number;
  readonly unpriced: number;
  /** Calls that may have used something of which nobody knows the amount. */
  readonly untold: number;
}

const nothing: Counted = Object.freeze({ amount: 0, calls: 0, told: 0, refused: 0, unpriced: 0, untold: 0 });

/** Takes what is past the bound on groups, as `__other__` does everywhere. */
export const otherGroup = '__other__';
/** Groups of a budget that a replica tells apart; they share one limit beyond it. */
export const mostGroups = 100;

/** What one group of a budget has used, as one replica knows it. */
export class BudgetGroup {
  counted: Counted = nothing;
  highWater: HighWater = noUsage;
  /** The share of this replica, of budgets with `strict`. */
  allowance: Allowance | null = null;
  /** What this replica itself has counted since it started, how much of it the store has, and how much the view. */
  own = 0;
  #sent = 0;
  #stored = 0;
  #asked = 0;
  #seen = 0;

  constructor(
    /** Value of the label `each`; '' for the only group. */
    readonly name: string,
    readonly labels: Readonly<Record<string, string>>,
  ) {}

  /** What the fleet has used as far as this replica knows: as last read, and what it has counted itself since. */
  get used(): number {
    return this.highWater.used + Math.max(0, this.own - this.#seen);
  }

  /** Whether nobody used it in this period, nor is about to. */
  get isEmpty(): boolean {
    return this.used === 0 && this.counted === nothing && this.allowance?.isBusy !== true;
  }

  /** What was counted until now is on its way to the store. */
  sending(): void {
    this.#sent = this.own;
  }

  /** What was on its way has arrived. */
  stored(): void {
    this.#stored = this.#sent;
  }

  /** A read begins, which sees all that has arrived. */
  asking(): void {
    this.#asked = this.#stored;
  }

  /** The read that began last is here. */
  answered(counted: Counted, highWater: HighWater): void {
    this.counted = counted;
    this.highWater = highWater;
    this.#seen = Math.max(this.#seen, this.#asked);
  }

  /** Another period: what was counted before is none of it. */
  restart(): void {
    this.counted = nothing;
    this.highWater = noUsage;
    this.#seen = this.own;
  }
}

/** A budget with the use of each of its groups in the present period. */
export class BudgetGroups {
  readonly #groups = new Map<string, BudgetGroup>();
  #span: PeriodSpan;
  /** When the view was read, Unix milliseconds of the store; null before the first time in this period. */
  #readMs: number | null = null;
  #bornId: string | null = null;
  /** Rolling windows only: until when the lost part counts. */
  #carriedUntilMs = 0;

  constructor(
    readonly budget: Budget,
    nowMs: number,
  ) {
    this.#span = periodAt(budget.period, nowMs);
    if (budget.each === null) this.at('');
  }

  /** The period, of a time that {@link roll} was told. */
  get span(): PeriodSpan {
    return this.#span;
  }

  /** When what others used was read, in Unix milliseconds of the store; null if it was not yet. */
  get readMs(): number | null {
    return this.#readMs;
  }

  /** All groups, in the order in which they were met. */
  all(): Iterable<BudgetGroup> {
    return this.#groups.values();
  }

  /** The group of a name, made if it is missing; past the bound that of all others. */
  at(name: string): BudgetGroup {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    if (name !== otherGroup && this.#groups.size >= mostGroups) return this.at(otherGroup);
    const { each } = this.budget;
    const group = new BudgetGroup(name, each === null ? {} : { [each]: name });
    this.#groups.set(name, group);
    return group;
  }

  /** Begins the next period once it is there. One comparison otherwise. @returns whether it did */
  roll(nowMs: number): boolean {
    const { to } = this.#span;
    if (to === null || nowMs < to * 1000) return false;
    this.#span = periodAt(this.budget.period, nowMs);
    for (const [name, group] of this.#groups) {
      // Names are told apart anew in each period, but for those under way.
      if (this.budget.each !== null && group.isEmpty) this.#groups.delete(name);
      group.restart();
    }
    // What was known until then is known to be nothing now.
    if (this.#readMs !== null) this.#readMs = this.#span.from * 1000;
    return true;
  }

  /** Forgets everything. For tests. */
  clear(): void {
    this.#groups.clear();
    this.#readMs = null;
    if (this.budget.each === null) this.at('');
  }

  /** A read of the period begins. */
  asking(): void {
    for (const group of this.#groups.values()) group.asking();
  }

  /**
   * Takes in what was read.
   *
   * @param usage of the whole period so far
   * @param sinceFall of the time after {@link fellMs}
   * @param read.from beginning of the period that was read: an answer about another one comes too late
   */
  answered(
    usage: readonly SeriesUsage[],
    sinceFall: readonly SeriesUsage[],
    read: { readonly from: number; readonly nowMs: number; readonly bornId: string | null },
  ): void {
    const isRolling = this.#span.to === null;
    if (!isRolling && read.from !== this.#span.from) return;
    const counted = this.#byGroup(usage);
    const later = this.#byGroup(sinceFall);
    for (const name of counted.keys()) this.at(name);
    const wasReplaced = this.#bornId !== null && read.bornId !== null && this.#bornId !== read.bornId;
    for (const [name, group] of this.#groups) {
      const now = counted.get(name) ?? nothing;
      const next = isRolling
        ? this.#rolled(group, now.amount, wasReplaced, read.nowMs)
        : withCounted(group.highWater, now.amount, later.get(name)?.amount ?? 0, read.nowMs);
      group.answered(now, next);
    }
    this.#bornId = read.bornId ?? this.#bornId;
    this.#readMs = read.nowMs;
  }

  /** Takes in what another replica knows of the present period. */
  learn(name: string, from: number, other: Pick<HighWater, 'used' | 'carried'>): void {
    if (this.#span.from !== from) return;
    const group = this.at(name);
    if (group.name === name) group.highWater = merged(group.highWater, other);
  }

  /** Since when the store has less than it had, Unix milliseconds; null while it has all. */
  get fellMs(): number | null {
    let first: number | null = null;
    for (const { highWater } of this.#groups.values())
      if (highWater.fall !== null) first = Math.min(first ?? Infinity, highWater.fall.atMs);
    return first;
  }

  /** A rolling window falls by itself; what a lost store lacks is kept for as long as the window is. */
  #rolled({ highWater }: BudgetGroup, amount: number, wasReplaced: boolean, nowMs: number): HighWater {
    if (wasReplaced)
      this.#carriedUntilMs = nowMs + (this.budget.period.kind === 'rolling' ? this.budget.period.seconds : 0) * 1000;
    const lost = wasReplaced ? Math.max(0, highWater.used - amount) : highWater.carried;
    const carried = nowMs < this.#carriedUntilMs ? lost : 0;
    return { used: amount + carried, carried, fall: null };
  }

  #byGroup(usage: readonly SeriesUsage[]): Map<string, Counted> {
    const { budget } = this;
    const groups = new Map<string, Counted>();
    // The largest are told apart first.
    const ranked = budget.each === null ? usage : usage.toSorted((a, b) => amountOf(b, budget) - amountOf(a, budget));
    for (const series of ranked) {
      const call = callOfSeries(series.labels, budget.tag);
      if (!covers(budget, call)) continue;
      const name = this.at(groupOf(budget, call)).name;
      groups.set(name, plus(groups.get(name) ?? nothing, series, budget));
    }
    return groups;
  }
}

function amountOf(series: SeriesUsage, { unit }: Budget): number {
  return unit === 'usd' ? series.costNanoUsd : series.tokens;
}

function plus(sum: Counted, series: SeriesUsage, budget: Budget): Counted {
  return {
    amount: sum.amount + amountOf(series, budget),
    calls: sum.calls + series.calls,
    told: sum.told + (budget.unit === 'usd' ? series.pricedCalls : series.callsWithUsage),
    refused: sum.refused + series.refused,
    unpriced: sum.unpriced + (budget.unit === 'usd' ? series.unpricedCalls : 0),
    untold: sum.untold + series.callsWithoutUsage + (budget.unit === 'usd' ? series.unpricedCalls : 0),
  };
}
