import type { Statistic } from '../report/duration-answer.js';

/** Where the values of a metric come from, unless a rule says otherwise. */
export interface NamedMetric {
  /** A family of what is measured, or one of the sources `current`, `day`, `month`, `budget`, `trend`, `host`. */
  readonly family: string;
  /** Name of the metric within the family. */
  readonly metric: string;
  readonly statistic: Statistic;
  /** Labels of which each combination is watched for itself. */
  readonly by: readonly string[];
  /** For texts: `%`, `ms`, `USD` or nothing. */
  readonly unit: string;
}

const named = (
  family: string,
  metric: string,
  unit: string,
  by: readonly string[] = [],
  statistic: Statistic = 'average',
): NamedMetric => ({ family, metric, statistic, by, unit });

/**
 * Metrics that rules and posted thresholds name alone, without a family. `current` is a level of this moment from the
 * beats of the living replicas; `host` has no source yet.
 */
export const namedMetrics: ReadonlyMap<string, NamedMetric> = new Map(
  Object.entries({
    processing_time_ms: named('processing', 'duration_ms', 'ms'),
    response_time_ms: named('endpoint', 'response_time_ms', 'ms', [], 'p95'),
    error_rate_percent: named('endpoint', 'error_rate_percent', '%'),
    success_rate_percent: named('endpoint', 'success_rate_percent', '%'),
    requests_per_second: named('endpoint', 'requests_per_second', ''),
    provider_success_rate_percent: named('llm', 'success_rate_percent', '%', ['provider']),
    provider_response_time_ms: named('llm', 'response_time_ms', 'ms', ['provider']),
    rate_limit_hits: named('llm', 'rate_limit_hits', '', ['provider']),
    unpriced_calls: named('llm', 'unpriced_calls', '', ['provider']),
    oldest_call_ms: named('current', 'oldest_call_ms', 'ms', ['provider']),
    token_efficiency: named('llm', 'token_efficiency', '', ['model']),
    cache_hit_rate_percent: named('cache', 'cache_hit_rate_percent', '%'),
    token_usage_percent: named('day', 'token_usage_percent', '%'),
    daily_cost_usd: named('day', 'cost_usd', 'USD'),
    monthly_cost_usd: named('month', 'cost_usd', 'USD'),
    budget_used_percent: named('budget', 'used_percent', '%', ['budget']),
    budget_unpriced_calls: named('budget', 'unpriced_calls', '', ['budget']),
    queue_depth: named('queue', 'queue_depth', '', ['queue']),
    memory_pressure_percent: named('current', 'memory_pressure', '%', ['replica']),
    cpu_percent: named('current', 'cpu', '%', ['replica']),
    event_loop_delay_ms: named('current', 'event_loop_delay', 'ms', ['replica']),
    system_cpu_percent: named('host', 'cpu_percent', '%', ['host']),
    system_memory_percent: named('host', 'memory_percent', '%', ['host']),
    system_swap_percent: named('host', 'swap_percent', '%', ['host']),
    system_disk_percent: named('host', 'disk_percent', '%', ['host']),
    operation_duration_ms: named('operation', 'duration_ms', 'ms', ['operation']),
    component_duration_ms: named('component', 'duration_ms', 'ms', ['operation', 'component']),
    memory_growth_percent_per_hour: named('trend', 'memory_growth', '%'),
  }),
);

/** Other names for the same, so that thresholds can be posted under the names of answers. */
const otherNames: Readonly<Record<string, string>> = {
  memory_pressure: 'memory_pressure_percent',
  cpu: 'cpu_percent',
  error_rate: 'error_rate_percent',
  success_rate: 'success_rate_percent',
  cache_hit_rate: 'cache_hit_rate_percent',
  response_time: 'response_time_ms',
};

/** The name under which a metric is known here; others stay as they are. */
export function metricName(name: string): string {
  return Object.hasOwn(otherNames, name) ? otherNames[name]! : name;
}
