import type { SeenBudget } from '../budget/fleet-budgets.js';
import { ExposedMetric, type Sample } from './exposed-metric.js';
import type { MonitorView } from './monitor-view.js';

/**
 * Gauges of budgets, as this replica read last what all of them used: a scrape reads nothing. Every replica exposes the
 * same; a value that is unknown has no line.
 */
export function budgetMetrics(view: MonitorView): ExposedMetric[] {
  const metric = (name: string, help: string, value: (answer: SeenBudget['answer']) => number | null): ExposedMetric =>
    new ExposedMetric(`nestmeter_budget_${name}`, help, 'gauge', () => samples(view.budgets.seen(), value));
  return [
    metric('used_ratio', 'What all replicas used of a budget; 1 is its limit', ({ used_percent: percent }) =>
      percent === null ? null : percent / 100,
    ),
    metric('used_usd', 'What all replicas used of a budget in USD', ({ used_cost_usd: used }) => usd(used)),
    metric('used_tokens', 'What all replicas used of a budget in tokens', ({ used_tokens: used }) => used),
    metric('limit_usd', 'Limit in force of a budget in USD', ({ limit_cost_usd: limit }) => usd(limit)),
    metric('limit_tokens', 'Limit in force of a budget in tokens', ({ limit_tokens: limit }) => limit),
  ];
}

function samples(seen: readonly SeenBudget[], value: (answer: SeenBudget['answer']) => number | null): Sample[] {
  return seen.flatMap(({ group, answer }) => {
    const number = value(answer);
    return number === null ? [] : [{ labels: { budget: answer.name, group }, value: number }];
  });
}

function usd(amount: string | null): number | null {
  return amount === null ? null : Number(amount);
}
