import { type AlertRule, type AlertRuleInput, defineRule } from './rule.js';

/** Limits without which a rule has nothing to compare with. */
export interface CostLimits {
  /** USD per UTC day; null turns the rule off. */
  readonly dailyCostUsd: number | null;
  /** USD per UTC month; null turns the rule off. */
  readonly monthlyCostUsd: number | null;
}

/** Rates and percentiles of fewer measurements say nothing. */
const minCount = 20;
const day = 86_400;

const advice = (immediate: string, shortTerm: string, longTerm: string): AlertRuleInput['recommendation'] => ({
  immediate,
  shortTerm,
  longTerm,
});
const seeOperations = 'Look at the operations and their components for the one that takes the time.';

/** The rules that watch unless they are replaced or disabled; docs/guides/alerts.md tells of each. */
const rules: readonly AlertRuleInput[] = [
  {
    name: 'processing_time',
    title: 'High processing time',
    category: 'latency',
    metric: 'processing_time_ms',
    thresholds: { critical: 5000 },
    minCount,
    recommendation: advice('Look at the stages for the slowest one.', seeOperations, 'Run stages side by side.'),
  },
  {
    name: 'response_time',
    title: 'Slow responses',
    category: 'latency',
    metric: 'response_time_ms',
    thresholds: { warning: 2000, critical: 5000 },
    target: 1000,
    minCount,
    recommendation: advice('Look at the slowest endpoints.', seeOperations, 'Stream answers or cache them.'),
  },
  {
    name: 'error_rate',
    title: 'High error rate',
    category: 'errors',
    metric: 'error_rate_percent',
    thresholds: { warning: 5, critical: 10 },
    target: 1,
    minCount,
    recommendation: advice('Look at the errors by category.', 'Undo what was deployed last.', 'Retry and fail over.'),
  },
  {
    name: 'success_rate',
    title: 'Low success rate',
    category: 'errors',
    metric: 'success_rate_percent',
    comparison: '<',
    thresholds: { warning: 90, critical: 80 },
    target: 95,
    minCount,
    recommendation: advice('Look at the errors by category.', 'Undo what was deployed last.', 'Retry and fail over.'),
  },
  {
    name: 'provider_success_rate',
    title: 'Low provider success rate',
    category: 'provider',
    metric: 'provider_success_rate_percent',
    comparison: '<',
    thresholds: { warning: 90 },
    minCount: 101,
    recommendation: advice(
      'Look at the status page of the provider.',
      'Fail over to another one.',
      'Use two providers.',
    ),
  },
  {
    name: 'provider_response_time',
    title: 'Slow provider',
    category: 'provider',
    metric: 'provider_response_time_ms',
    thresholds: { warning: 5000 },
    minCount,
    recommendation: advice('Compare its models.', 'Ask for shorter answers or a faster model.', 'Use two providers.'),
  },
  {
    name: 'rate_limit_hits',
    title: 'Rate limits hit',
    category: 'provider',
    metric: 'rate_limit_hits',
    thresholds: { low: 10 },
    recommendation: advice('Lower the concurrency.', 'Back off and retry.', 'Ask for a higher limit.'),
  },
  {
    name: 'unpriced_calls',
    title: 'Calls without a price',
    category: 'cost',
    metric: 'unpriced_calls',
    thresholds: { info: 0 },
    recommendation: advice('Add the models to the option prices.', 'Update the price package.', 'Watch new models.'),
  },
  {
    name: 'oldest_call',
    title: 'Hanging LLM call',
    category: 'provider',
    metric: 'oldest_call_ms',
    thresholds: { warning: 120_000 },
    recommendation: advice('Look at the calls under way.', 'Set a timeout on calls.', 'Abort calls nobody waits for.'),
  },
  {
    name: 'token_efficiency',
    title: 'Low token efficiency',
    category: 'cost',
    metric: 'token_efficiency',
    comparison: '<',
    thresholds: { low: 0.1 },
    minCount,
    recommendation: advice('Look at the longest prompts.', 'Send less context.', 'Cache prompts at the provider.'),
  },
  {
    name: 'cache_hit_rate',
    title: 'Low cache hit rate',
    category: 'cache',
    metric: 'cache_hit_rate_percent',
    comparison: '<',
    thresholds: { warning: 30 },
    minCount,
    recommendation: advice('See whether the cache was emptied.', 'Look at its keys.', 'Keep entries for longer.'),
  },
  {
    name: 'token_usage',
    title: 'High daily token usage',
    category: 'cost',
    metric: 'token_usage_percent',
    thresholds: { warning: 80, critical: 95 },
    recommendation: advice('See who uses the tokens.', 'Send less context.', 'Raise the option dailyTokenLimit.'),
  },
  {
    name: 'queue_depth',
    title: 'Deep queue',
    category: 'queue',
    metric: 'queue_depth',
    thresholds: { warning: 100 },
    recommendation: advice('See whether workers run.', 'Add workers.', 'Refuse work that cannot be done in time.'),
  },
  {
    name: 'memory_pressure',
    title: 'High memory pressure',
    category: 'memory',
    metric: 'memory_pressure_percent',
    thresholds: { warning: 80, critical: 95 },
    target: 60,
    recommendation: advice(
      'Restart the replica before it is killed.',
      'Raise its limit.',
      'Look for what holds memory.',
    ),
  },
  {
    name: 'cpu',
    title: 'High processor use',
    category: 'cpu',
    metric: 'cpu_percent',
    thresholds: { warning: 85, critical: 95 },
    target: 70,
    recommendation: advice('Add a replica.', 'Profile the process.', 'Move work to worker threads.'),
  },
  ...(
    [
      ['system_cpu', 'High processor use of the host', 'system_cpu_percent', 70, 90],
      ['system_memory', 'High memory use of the host', 'system_memory_percent', 70, 85],
      ['system_swap', 'High swap use of the host', 'system_swap_percent', 60, 80],
      ['system_disk', 'High disk use of the host', 'system_disk_percent', 80, 90],
    ] as const
  ).map(([name, title, metric, warning, critical]): AlertRuleInput => ({
    name,
    title,
    category: 'system',
    metric,
    thresholds: { warning, critical },
  })),
  ...(['operation', 'component'] as const).map((family): AlertRuleInput => ({
    name: `slow_${family}`,
    title: `Slow ${family}`,
    category: 'latency',
    metric: `${family}_duration_ms`,
    thresholdsFrom: 'operationThresholdsMs',
    recommendation: advice(seeOperations, 'Undo what was deployed last.', 'Cache what it computes.'),
  })),
  {
    name: 'throughput_drop',
    title: 'Throughput below half of its weekly mean',
    category: 'traffic',
    metric: 'requests_per_second',
    relativeTo: 'week',
    comparison: '<',
    thresholds: { info: 50 },
    minCount,
    historySeconds: day,
    recommendation: advice('See whether requests arrive.', 'Look at callers and load balancer.', 'Probe from outside.'),
  },
  {
    name: 'latency_rise',
    title: 'Responses slower than before',
    category: 'latency',
    metric: 'response_time_ms',
    relativeTo: 'previousWindow',
    thresholds: { info: 150 },
    minCount,
    historySeconds: day,
    recommendation: advice('See what changed lately.', seeOperations, 'Roll out to few replicas first.'),
  },
  {
    name: 'heap_growth',
    title: 'Heap rising for 6 h',
    category: 'memory',
    metric: 'memory_growth_percent_per_hour',
    windowSeconds: 6 * 3600,
    thresholds: { info: 5 },
    historySeconds: day,
    recommendation: advice('Watch the memory of the replicas.', 'Take a heap snapshot.', 'Look for what holds memory.'),
  },
];

function costRule(name: string, title: string, metric: string, limit: number | null): AlertRuleInput {
  return {
    name,
    title,
    category: 'cost',
    metric,
    // Without a limit there is nothing to compare with: the rule is shown as inactive.
    thresholds: limit === null ? {} : { warning: limit },
    recommendation: advice('See which operations cost most.', 'Use smaller models.', 'Set a budget with a hard stop.'),
  };
}

/** The default rules. */
export function defaultRules({ dailyCostUsd, monthlyCostUsd }: CostLimits): AlertRule[] {
  return [
    ...rules,
    costRule('daily_cost', 'High daily cost', 'daily_cost_usd', dailyCostUsd),
    costRule('monthly_cost', 'High monthly cost', 'monthly_cost_usd', monthlyCostUsd),
  ].map(defineRule);
}
