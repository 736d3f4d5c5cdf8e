import { z } from 'zod';
import { cacheFamily, endpointFamily, processFamily, stageFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import type { Beat } from '../store/store.js';
import { alertTexts, systemHealth } from './alert-fields.js';
import { count, inMebibytes, mapOf, mebibytes, percent, percentOf, value } from './answer-field.js';
import { cacheAnswer } from './cache.js';
import { readDay } from './day-usage.js';
import { allDurations, statisticFields } from './duration-answer.js';
import { underWay } from './live-replicas.js';
import { callSuccessPercent } from './llm-answer.js';
import { countsOf, groupMap, totalCounts, totalState } from './named-states.js';
import { activeCalls, providerGroups } from './providers.js';
import { totalDepth } from './queues.js';
import type { Report } from './report.js';
import { totalStage } from './stages.js';
import { answerWindow, type Counted, windowAnswerSchema, windowedQueryShape } from './window-answer.js';

const latency = statisticFields('response_time_ms', ['average', 'p95']);
const providerLatency = statisticFields('response_time_ms', ['average']);

const throughputShape = {
  counted: z
    .enum(['requests', 'stage_total'])
    .describe(
      `What is counted here and in latency and error rate: endpoint requests, or runs of the stage "${totalStage}" where there are none`,
    ),
  per_second: z.number(),
  per_minute: z.number(),
  per_hour: z.number(),
  total: count('In the window'),
  average_per_minute_since_start: value('Endpoint requests per minute since each living replica started, added up'),
};

const providerShape = {
  total_requests: count('Calls with any outcome but refused'),
  success_rate_percent: percent('Completed calls, of those that completed or failed'),
  ...providerLatency.shape,
  active_calls: count('Calls under way now').nullable(),
};

const statisticsShape = {
  availability_percent: percent('Time of the window in which any replica published'),
  throughput: z.object(throughputShape),
  ...latency.shape,
  success_rate_percent: percent('Requests that succeeded'),
  error_rate_percent: percent('Requests that did not succeed'),
  cache_hit_rate_percent: percent('Look-ups in caches of the application that found something'),
  queue_depth: value('Entries waiting now in all queues'),
  active_requests: count('Endpoint requests being handled now').nullable(),
  active_llm_calls: count('LLM calls under way now').nullable(),
  memory_metrics: z
    .object({
      heap_used_mb: mebibytes('JavaScript heap in use, sum of replicas'),
      memory_pressure_percent: percent('Memory in use, of what a process may use; the highest of all replicas'),
      total_process_mb: mebibytes('Resident set, sum of replicas'),
    })
    .describe('Living replicas now'),
  provider_performance: mapOf(z.object(providerShape), 'Providers by name, most calls first'),
};
type Statistics = z.infer<z.ZodObject<typeof statisticsShape>>;

const ownShape = {
  monitoring_active: z.boolean().describe('Whether any replica measures'),
  uptime_seconds: z.number().describe('Since this replica began to measure, in seconds'),
  token_usage_percent: percent('Tokens of the UTC day so far, of those allowed; null without a limit'),
  active_alerts: count('Firing alerts'),
  alerts: alertTexts,
  system_health: systemHealth,
};

const query = z.strictObject({ by: windowedQueryShape.by });
const answer = windowAnswerSchema(statisticsShape, ownShape);

/** What {@link realTimeReport} answers. */
export type RealTimeAnswer = z.infer<typeof answer>;

/** GET /real-time */
export const realTimeReport: Report<z.infer<typeof query>, RealTimeAnswer> = {
  summary: 'The last 60 seconds at a glance.',
  query,
  answer,
  async make(context, { by }) {
    const families = [endpointFamily, stageFamily, llmFamily, cacheFamily, processFamily];
    const { settings } = context;
    const measured = await answerWindow(context, { window: '60s', by }, { families }, realTime);
    const day = settings.dailyTokenLimit === null ? null : await readDay(context, measured.timestamp);
    return {
      ...measured,
      monitoring_active: measured.replicas_live > 0,
      uptime_seconds: settings.uptimeSeconds(),
      token_usage_percent: day?.token_usage_percent ?? null,
      active_alerts: 0,
      alerts: [],
      system_health: 'unknown',
    };
  },
};

function realTime(counted: Counted): Statistics {
  const { from, to, publishedSeconds, levels, beats } = counted;
  const seconds = to - from;
  const served = servedIn(counted);
  const success = percentOf(served.successes, served.total);
  return {
    availability_percent: percentOf(Math.min(publishedSeconds, seconds), seconds),
    throughput: {
      counted: served.counted,
      per_second: served.total / seconds,
      per_minute: (served.total / seconds) * 60,
      per_hour: (served.total / seconds) * 3600,
      total: served.total,
      average_per_minute_since_start: served.counted === 'requests' ? perMinuteSinceStart(beats, to) : null,
    },
    ...latency.of(served.durations),
    success_rate_percent: success,
    error_rate_percent: success === null ? null : 100 - success,
    cache_hit_rate_percent: cacheAnswer(totalCounts(counted, cacheFamily)).hit_rate_percent,
    queue_depth: totalDepth(levels),
    active_requests: underWay(levels, 'active_requests'),
    active_llm_calls: underWay(levels, 'active_calls'),
    memory_metrics: {
      heap_used_mb: inMebibytes(levels?.sum('process', 'heap_used') ?? null),
      memory_pressure_percent: levels?.highest('process', 'memory_pressure') ?? null,
      total_process_mb: inMebibytes(levels?.sum('process', 'rss') ?? null),
    },
    provider_performance: groupMap(
      providerGroups(counted, () => true),
      (group) => {
        const counts = countsOf(llmFamily.counter, group);
        return {
          total_requests: counts.calls,
          success_rate_percent: callSuccessPercent(counts),
          ...providerLatency.of(allDurations(group.state, llmFamily.distribution)),
          active_calls: activeCalls([group], levels, 1),
        };
      },
    ),
  };
}

/** What the service completed: endpoint requests, or, where none was ever served, runs of whole pipelines. */
function servedIn(counted: Counted) {
  const endpoints = totalState(counted, endpointFamily);
  const { requests, successes } = countsOf(endpointFamily.counter, endpoints);
  const runs = counted.of(stageFamily).series.get(totalStage);
  const servedBefore = counted.beats?.some(({ summary }) => (summary['since_start_requests'] ?? 0) > 0) ?? false;
  if (requests > 0 || servedBefore || runs === undefined)
    return {
      counted: 'requests' as const,
      total: requests,
      successes,
      durations: allDurations(endpoints, endpointFamily.distribution),
    };
  const stage = countsOf(stageFamily.counter, runs);
  return {
    counted: 'stage_total' as const,
    total: stage.successes + stage.errors,
    successes: stage.successes,
    durations: allDurations(runs, stageFamily.distribution),
  };
}

/** Endpoint requests per minute of each living replica since its start, added up; null while replicas are unknown. */
function perMinuteSinceStart(beats: readonly Beat[] | null, now: number): number | null {
  const rates = (beats ?? []).flatMap(({ summary, started }) => {
    const requests = summary['since_start_requests'] ?? null;
    return requests === null || now <= started ? [] : [(requests / (now - started)) * 60];
  });
  return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
}
