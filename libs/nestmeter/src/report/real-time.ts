import { z } from 'zod';
import { cacheFamily, endpointFamily, llmFamily, processFamily, stageFamily } from '../accumulate/families.js';
import { SeriesState } from '../accumulate/series-state.js';
import type { Beat } from '../store/store.js';
import { alertTexts, systemHealth } from './alerts.js';
import { count, durationMs, mapOf, mebibytes, percent, percentOf, value } from './answer-field.js';
import { cacheAnswer } from './cache.js';
import { readDay } from './day-usage.js';
import { allDurations, statisticFields } from './duration-answer.js';
import { type Levels, liveBeats, underWay } from './live-replicas.js';
import { callSuccessPercent } from './llm-answer.js';
import { countsOf, groupMap, mergeStates } from './named-states.js';
import { activeCalls, providerGroups } from './providers.js';
import { totalDepth } from './queues.js';
import type { Report } from './report.js';
import { totalStage } from './stages.js';
import { answerWindow, type Counted, windowAnswerSchema, windowedQueryShape } from './window-answer.js';

const latency = statisticFields('response_time_ms', ['average', 'p95']);

const throughputShape = {
  counted: z
    .enum(['requests', 'stage_total'])
    .describe(`What is counted here and in latency and error rate: endpoint requests, or runs of the stage "${totalStage}" where there are none`),
  per_second: z.number(),
  per_minute: z.number(),
  per_hour: z.number(),
  total: count('In the window'),
  average_per_minute_since_start: value('Endpoint requests per minute since each living replica started, added up'),
};

const providerShape = {
  total_requests: count('Calls with any outcome but refused'),
  success_rate_percent: percent('Completed calls, of those that completed or failed'),
  ...statisticFields('response_time_ms', ['average']).shape,
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
  const { of, from, to, publishedSeconds, levels, beats } = counted;
  const served = servedOf(counted);
  const success = percentOf(served.total - served.errors, served.total);
  const perSecond = served.total / (to - from);
  const caches = mergeStates(cacheFamily, [...of(cacheFamily).series.values()].map(asEntry));
  return {
    availability_percent: percentOf(Math.min(publishedSeconds, to - from), to - from),
    throughput: {
      counted: served.counted,
      per_second: perSecond,
      per_minute: perSecond * 60,
      per_hour: perSecond * 3600,
      total: served.total,
      average_per_minute_since_start: sinceStart(beats, to),
    },
    ...latency.of(served.durations),
    success_rate_percent: success,
    error_rate_percent: success === null ? null : 100 - success,
    cache_hit_rate_percent: cacheAnswer(caches).hit_rate_percent,
    queue_depth: totalDepth(levels),
    active_requests: underWay(levels, 'active_requests'),
    active_llm_calls: underWay(levels, 'active_calls'),
    memory_metrics: {
      heap_used_mb: inMebibytes(levels?.sum('process', 'heap_used')),
      memory_pressure_percent: levels?.highest('process', 'memory_pressure') ?? null,
      total_process_mb: inMebibytes(levels?.sum('process', 'rss')),
    },
    provider_performance: providerPerformance(counted),
  };
}
