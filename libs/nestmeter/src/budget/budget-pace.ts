import type { WindowContents } from '../query/window-reader.js';
import type { Merged } from '../query/window-sum.js';
import { Levels, liveBeats, underWay } from '../report/live-replicas.js';
import type { ReportContext } from '../report/report.js';
import { type SeriesUsage, seriesUsage, usageFamily } from '../report/series-usage.js';
import type { BudgetState } from './budget-gate.js';
import type { BudgetGroup } from './budget-groups.js';
import { isUnreachable } from './budget-view.js';
import { callOfSeries, covers, groupOf } from './call-labels.js';
import { overshoot } from './forecast.js';

/** Forecasts go by the mean of the last hour; what a burst may cost goes by the last minute. */
const hour = 3600;
const minute = 60;

/** How fast budgets are used. */
export class Pace {
  readonly #levels: Levels | null;

  constructor(
    private readonly context: ReportContext,
    private readonly lastHour: WindowContents,
    private readonly lastMinute: WindowContents,
  ) {
    const beats = liveBeats(lastMinute);
    this.#levels = beats === null ? null : new Levels(beats);
  }

  /** Amount per second in the last hour, or since there are contents; null when nothing tells. */
  perSecond(state: BudgetState, group: BudgetGroup): number | null {
    const { window, born } = this.lastHour;
    const seconds = window.to - Math.max(window.from, born?.since ?? window.to);
    return seconds < 1 ? null : this.#usage(this.lastHour, state, group).amount / seconds;
  }

  /** The highest amount per second of any slot in the last minute, and the mean amount of a call in it. */
  lately(state: BudgetState, group: BudgetGroup): { perSecond: number; perCall: number } {
    const { amount, calls } = this.#usage(this.lastMinute, state, group);
    const rates = this.lastMinute.points.map((point) => {
      // What is in the open slot was counted since it began, or since there are contents.
      const begun = Math.max(point.from, this.lastMinute.born?.since ?? point.from);
      return this.#usage(point, state, group).amount / Math.max(1, point.to - begun);
    });
    return { perSecond: Math.max(0, ...rates), perCall: calls === 0 ? 0 : amount / calls };
  }

  /** Calls under way that a budget may count; null when no replica tells. */
  underWay({ budget }: BudgetState, group: BudgetGroup): number | null {
    if (this.#levels === null) return null;
    // Levels tell provider and model as asked for; by whatever else the budget goes, all calls to the provider may be meant.
    const wanted = budget.filters.find(({ label }) => label === 'provider');
    const providers = this.#levels.names('active_calls').filter((provider) => {
      if (budget.each === 'provider') return provider === group.name;
      return wanted === undefined || (wanted.isPrefix ? provider.startsWith(wanted.value) : provider === wanted.value);
    });
    return providers.reduce((sum, provider) => sum + (underWay(this.#levels, 'active_calls', provider) ?? 0), 0);
  }

  #usage(contents: Merged, { budget, groups }: BudgetState, group: BudgetGroup) {
    const usage = seriesUsage(contents, usageFamily(this.context, budget.tag), budget.tag);
    let amount = 0;
    let calls = 0;
    for (const series of usage) {
      const call = callOfSeries(series.labels, budget.tag);
      if (!covers(budget, call) || groups.at(groupOf(budget, call)) !== group) continue;
      amount += amountOf(series, budget.unit);
      calls += series.calls;
    }
    return { amount, calls };
  }
}

const amountOf = (series: SeriesUsage, unit: 'usd' | 'tokens'): number =>
  unit === 'usd' ? series.costNanoUsd : series.tokens;

/** Reads how fast budgets are used; null while the store is unreachable. @param longestSeconds what the tiers keep */
export async function readPace(
  context: ReportContext,
  states: readonly BudgetState[],
  longestSeconds: number,
): Promise<Pace | null> {
  const tags = new Set(states.map(({ budget }) => budget.tag));
  const families = [...tags].map((tag) => usageFamily(context, tag));
  const read = (seconds: number) =>
    context.read({
      query: { window: `${seconds}s` },
      fallback: '1h',
      families,
      // As many as there are slots.
      ...(seconds === minute && { beats: 'live', points: minute }),
    });
  const [lastHour, lastMinute] = await Promise.all([read(Math.min(hour, longestSeconds)), read(minute)]);
  return isUnreachable(lastHour) || isUnreachable(lastMinute) ? null : new Pace(context, lastHour, lastMinute);
}

/** What an overshoot is told from. */
export interface OvershootFacts {
  readonly state: BudgetState;
  readonly group: BudgetGroup;
  readonly limit: number;
  readonly pace: Pace | null;
  /** Seconds until every replica knows of a call that ended. */
  readonly delaySeconds: number;
  readonly isComplete: boolean;
}

/** What may be spent past the limit of a group, or why nobody can tell. Amounts are nano-USD or tokens. */
export function overshootOf({ state, group, limit, pace, delaySeconds, isComplete }: OvershootFacts): {
  amount: number | null;
  reason: string | null;
} {
  const { budget } = state;
  const unknown = (reason: string) => ({ amount: null, reason });
  if (!budget.hardStop) return unknown('without hardStop nothing is refused');
  if (group.counted.untold > 0) return unknown('calls whose tokens or price are unknown used an unknown amount');
  if (budget.strict) {
    if (!budget.failsClosed)
      return unknown('onStoreOutage is allow: calls are made without a reservation while it lasts');
    return {
      amount: Math.max(0, group.highWater.used - limit),
      reason: 'as long as no call costs more than was reserved for it',
    };
  }
  const calls = pace?.underWay(state, group) ?? null;
  if (pace === null || calls === null) return unknown('the store is unreachable');
  if (!isComplete) return unknown('what some replicas used is not known');
  const { perSecond, perCall } = pace.lately(state, group);
  return { amount: overshoot({ perSecond, delaySeconds, underWay: calls, perCall }), reason: null };
}
