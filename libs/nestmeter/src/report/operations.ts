import { z } from 'zod';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { count, durationMs, mapOf, percent, percentOf } from './answer-field.js';
import { bottleneckField, bottleneckOf } from './bottleneck.js';
import { allDurations, headline, statisticFields } from './duration-answer.js';
import { shareAnswer, shareShape } from './llm-answer.js';
import {
  countsOf,
  type Entry,
  type Group,
  groupByName,
  groupMap,
  nameFilter,
  namesParameter,
  tallyMap,
  totalCounts,
} from './named-states.js';
import type { ReportSettings } from './report.js';
import { windowedReport } from './window-answer.js';

const { counter, distribution, tally } = operationFamily;

const statistics = ['total', 'avg', 'min', 'max', 'p50', 'p95', 'p99', 'std_dev'] as const;
const latency = headline(statisticFields('duration_ms', statistics));
const componentLatency = statisticFields('duration_ms', statistics);

const thresholdField = durationMs('Above it on average it counts as slow; null when none is set');

const componentShape = {
  calls: count('Calls of the component from the operation'),
  error_count: count('Calls that failed'),
  error_rate_percent: percent('Calls that failed'),
  ...componentLatency.shape,
  covered_ms: durationMs('Time of the operation in which it was running at least once'),
  share_percent: percent('The same, of the time of the operation; parallel components may add up to more than 100'),
  threshold_ms: thresholdField,
  bottleneck: bottleneckField,
};

const operationShape = {
  total_operations: count('Calls that ended in any way'),
  successful_operations: count('Calls that neither threw nor were declared failed'),
  error_count: count('Calls that failed'),
  success_rate_percent: percent('Calls that succeeded'),
  error_rate_percent: percent('Calls that failed'),
  errors: mapOf(count('Calls'), 'Failed calls by error category'),
  warnings: count('Warnings declared during calls'),
  ...latency.shape,
  own_time_ms: durationMs('Time not covered by any component, sum of all calls'),
  own_time_percent: percent('The same, of the time of all calls'),
  components: mapOf(z.object(componentShape), 'Tracked, LLM and tool calls directly inside, most covered time first'),
  ...shareShape,
  cost_share_percent: percent('Cost, of that of all LLM calls of the window'),
  threshold_ms: thresholdField,
  bottleneck: bottleneckField,
};

/** GET /operations */
export const operationsReport = windowedReport({
  summary: 'How long operations take, which of their components take the time, how often they fail, what they cost.',
  families: [operationFamily, componentFamily, llmFamily],
  filters: { operation: namesParameter('operations') },
  statistics: {
    operations_count: count('Entries of operations'),
    operations: mapOf(
      z.object(operationShape),
      'Operations by name, most calls first. One inside another counts in both',
    ),
  },
  make(counted, { operation }) {
    const { of, settings } = counted;
    const isWanted = nameFilter(operation);
    const groups = groupByName(
      operationFamily,
      [...of(operationFamily).entries()].filter(({ labels }) => isWanted(labels[0]!)),
      { name: ([name]) => name!, size: ({ counters }) => counters[counter.calls]!, max: settings.maxSeries },
    );
    const components = new Map<string, Entry[]>();
    for (const entry of of(componentFamily).entries()) {
      const known = components.get(entry.labels[0]!);
      if (known === undefined) components.set(entry.labels[0]!, [entry]);
      else known.push(entry);
    }
    const { cost_nano_usd: costNanoUsd } = totalCounts(counted, llmFamily);
    return {
      operations_count: groups.length,
      operations: groupMap(groups, (group) => {
        const inside = group.entries.flatMap(({ labels }) => components.get(labels[0]!) ?? []);
        return operationAnswer(group, inside, costNanoUsd, settings);
      }),
    };
  },
});

function operationAnswer(
  { name, state }: Group,
  inside: readonly Entry[],
  windowNanoUsd: number,
  settings: ReportSettings,
): z.infer<z.ZodObject<typeof operationShape>> {
  const counts = countsOf(counter, state);
  const { calls, successes } = counts;
  const durations = latency.of(state, distribution);
  const totalUs = allDurations(state, distribution)?.sum ?? 0;
  const success = percentOf(successes, calls);
  const errorRatePercent = success === null ? null : 100 - success;
  const components = groupByName(componentFamily, inside, {
    name: ([, component]) => component!,
    size: ({ counters }) => counters[componentFamily.counter.covered_us]!,
    max: settings.maxSeries,
  });
  const answers = groupMap(components, (component) => componentAnswer(component, totalUs, settings));
  const [largest] = components;
  const sharePercent = largest === undefined ? null : answers[largest.name]!.share_percent;
  const thresholdMs = thresholdOf(name, settings);
  const costSharePercent = percentOf(counts.cost_nano_usd, windowNanoUsd);
  return {
    total_operations: calls,
    successful_operations: successes,
    error_count: calls - successes,
    success_rate_percent: success,
    error_rate_percent: errorRatePercent,
    errors: tallyMap(state.tallies[tally.errors]),
    warnings: counts.warnings,
    ...durations,
    own_time_ms: counts.own_us / 1000,
    own_time_percent: percentOf(counts.own_us, totalUs),
    components: answers,
    ...shareAnswer(counts),
    cost_share_percent: costSharePercent,
    threshold_ms: thresholdMs,
    bottleneck: bottleneckOf({
      averageMs: durations.avg_duration_ms,
      thresholdMs,
      errorRatePercent,
      costSharePercent,
      component: sharePercent === null ? null : { name: largest!.name, sharePercent },
    }),
  };
}

/** @param totalUs time of the operation around it */
function componentAnswer(
  { name, state }: Group,
  totalUs: number,
  settings: ReportSettings,
): z.infer<z.ZodObject<typeof componentShape>> {
  const { calls, errors, covered_us: coveredUs } = countsOf(componentFamily.counter, state);
  const durations = componentLatency.of(state.distributions[componentFamily.distribution.duration] ?? null);
  const errorRatePercent = percentOf(errors, calls);
  const sharePercent = percentOf(coveredUs, totalUs);
  const thresholdMs = thresholdOf(name, settings);
  return {
    calls,
    error_count: errors,
    error_rate_percent: errorRatePercent,
    ...durations,
    covered_ms: coveredUs / 1000,
    share_percent: sharePercent,
    threshold_ms: thresholdMs,
    bottleneck: bottleneckOf({
      averageMs: durations.avg_duration_ms,
      thresholdMs,
      errorRatePercent,
      costSharePercent: null,
      component: sharePercent === null ? null : { name, sharePercent },
    }),
  };
}

function thresholdOf(name: string, { operationThresholdsMs }: ReportSettings): number | null {
  return Object.hasOwn(operationThresholdsMs, name) ? operationThresholdsMs[name]! : null;
}
