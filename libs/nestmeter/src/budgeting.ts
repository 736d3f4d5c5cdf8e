import { cleanLabel } from './accumulate/labels.js';
import { Allowance } from './budget/allowance.js';
import { defineBudget } from './budget/budget.js';
import { type AskingCall, BudgetGate, type BudgetState, type CallEstimate } from './budget/budget-gate.js';
import { BudgetGroups, type BudgetGroup } from './budget/budget-groups.js';
import { BudgetReading } from './budget/budget-reading.js';
import { BudgetRecords } from './budget/budget-records.js';
import { BudgetView } from './budget/budget-view.js';
import { FleetBudgets } from './budget/fleet-budgets.js';
import { periodAt, slotSecondsOf } from './budget/period.js';
import type { Clock } from './clock.js';
import { NestmeterError } from './errors.js';
import type { EffectiveOptions } from './options.js';
import { askedTokens } from './record/asked-tokens.js';
import { costOfCall } from './record/price/cost.js';
import type { PriceTable } from './record/price/price-table.js';
import type { ReportContext } from './report/report.js';
import type { Store } from './store/store.js';

/** The part of a monitor that is about budgets. */
export interface Budgeting {
  readonly budgets: FleetBudgets;
  readonly reading: BudgetReading;
  readonly gate: BudgetGate;
}

/** What {@link joinBudgeting} joins. */
export interface BudgetingOptions {
  readonly options: Pick<EffectiveOptions, 'budgets' | 'tiers'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly storeNowMs: () => number;
  readonly context: ReportContext;
  readonly prices: PriceTable;
  readonly publishIntervalMs: () => number;
  /** Token of the lease while this replica holds it. */
  readonly leaseToken: () => string | null;
  readonly replicaId: () => string;
  readonly failed: (where: string, error: unknown) => void;
}

/** Joins budgets, what is read of them, and the gate that refuses calls. */
export function joinBudgeting(parts: BudgetingOptions): Budgeting {
  const { options, store, clock, storeNowMs, context, prices, publishIntervalMs, leaseToken, failed } = parts;
  const { tiers } = options;
  const slotSeconds = tiers[0]!.slotSeconds;
  const monotonicMs = () => clock.monotonicMs();
  const states: BudgetState[] = options.budgets.map((option) => {
    const budget = defineBudget(option);
    const groups = new BudgetGroups(budget, storeNowMs());
    const state: BudgetState = {
      budget,
      groups,
      limit: () => budgets.overrideOf(budget, storeNowMs())?.limit ?? budget.limit,
      allowance: budget.strict ? allowancesOf(parts, () => state) : null,
      stepSeconds: slotSecondsOf(budget.period, tiers),
    };
    return state;
  });
  const view = new BudgetView({ states, context, storeNowMs, slotSeconds });
  const records = new BudgetRecords(store.upkeep);
  const reading = new BudgetReading({
    states,
    view,
    records,
    monotonicMs,
    isKeeper: () => store.embedded || leaseToken() !== null,
    failed: (error) => failed('budgets', error),
  });
  const budgets: FleetBudgets = new FleetBudgets({
    states,
    reading,
    view,
    context,
    records,
    storeNowMs,
    longestSeconds: tiers.at(-1)!.retentionSeconds,
    publishIntervalMs,
  });
  const gate = new BudgetGate({
    states,
    storeNowMs,
    label: cleanLabel,
    estimate: (call) => estimateOf(call, prices, storeNowMs()),
    isPriced: (provider, model) =>
      prices.lookup(provider, model, storeNowMs()) !== null ? true : prices.settled ? false : null,
    staleMs: () => reading.staleMs,
  });
  return { budgets, reading, gate };
}

/** The shares of this replica in the groups of one budget. */
function allowancesOf(parts: BudgetingOptions, stateOf: () => BudgetState): (group: BudgetGroup) => Allowance {
  const { store, clock, storeNowMs, replicaId, failed } = parts;
  return (group) => (group.allowance ??= allowanceOf(group));

  function allowanceOf(group: BudgetGroup): Allowance {
    const { budget, limit } = stateOf();
    return new Allowance({
      account: `${budget.name}:${group.name}`,
      holder: replicaId,
      upkeep: store.upkeep,
      storeNowMs,
      monotonicMs: () => clock.monotonicMs(),
      spanAt: (nowMs) => periodAt(budget.period, nowMs),
      limit,
      used: () => group.used,
      estimate: budget.estimate,
      failed: (error) => {
        if (!(error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE')) failed('budgets', error);
      },
    });
  }
}

/** What a call costs at most, as far as its arguments and the prices tell. */
function estimateOf({ provider, model, args }: AskingCall, prices: PriceTable, atMs: number): CallEstimate {
  const asked = args === undefined ? null : askedTokens(args);
  if (asked === null) return { nanoUsd: null, tokens: null };
  const { textBytes: inputTokens, mostOutput: outputTokens } = asked;
  const tokens = inputTokens + outputTokens;
  if (provider === undefined || model === undefined) return { nanoUsd: null, tokens };
  // Whatever is written to a cache of the provider may cost more than other input.
  const usage = { inputTokens, outputTokens, cacheWriteTokens: inputTokens, cacheWrite1hTokens: inputTokens };
  const rates = prices.lookup(provider, model, atMs);
  const [written, plain] = [costOfCall(usage, rates), costOfCall({ inputTokens, outputTokens }, rates)];
  if (!written.priced || !plain.priced) return { nanoUsd: null, tokens };
  return { nanoUsd: Math.max(written.totalNanoUsd, plain.totalNanoUsd), tokens };
}
