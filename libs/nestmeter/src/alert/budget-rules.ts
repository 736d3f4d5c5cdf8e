import { type AlertRule, type AlertRuleInput, defineRule } from './rule.js';

/** What is to be known of a budget to watch it. */
export interface WatchedBudget {
  readonly name: string;
  readonly warningPercent: number;
  readonly limitUsd?: number | string | undefined;
}

/** Two rules for each budget: how much of it is used, and of those in USD whether calls without a price are left out. */
export function budgetRules(budgets: readonly WatchedBudget[]): AlertRule[] {
  return budgets
    .flatMap((budget) => [usedRule(budget), ...(budget.limitUsd === undefined ? [] : [unpricedRule(budget)])])
    .map(defineRule);
}

function usedRule({ name, warningPercent }: WatchedBudget): AlertRuleInput {
  return {
    name: `budget_${name}`,
    title: 'High budget use',
    category: 'cost',
    metric: 'budget_used_percent',
    filter: { budget: name },
    comparison: '>=',
    thresholds: warningPercent < 100 ? { warning: warningPercent, critical: 100 } : { critical: 100 },
    recommendation: {
      immediate: 'See in /usage who uses it.',
      shortTerm: 'Raise it for a time with an override, or refuse calls with hardStop.',
      longTerm: 'Use smaller models, cache answers, or set a budget for each operation.',
    },
  };
}

function unpricedRule({ name }: WatchedBudget): AlertRuleInput {
  return {
    name: `budget_${name}_unpriced`,
    title: 'Budgeted calls without a price',
    category: 'cost',
    metric: 'budget_unpriced_calls',
    filter: { budget: name },
    thresholds: { warning: 0 },
    recommendation: {
      immediate: 'Add the models to the option prices: what they cost is missing in the budget.',
      shortTerm: 'Refuse such calls with onUnpriced: refuse.',
      longTerm: 'Watch new models.',
    },
  };
}
