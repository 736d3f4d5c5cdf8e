import { z } from 'zod';
import { llmFamily, llmOutcomes } from '../accumulate/llm-family.js';
import { SeriesState } from '../accumulate/series-state.js';
import { nanoUsdToNumber } from '../money.js';
import { count, durationMs, mapOf, percent, percentOf, value } from './answer-field.js';
import { headline, statisticFields } from './duration-answer.js';
import { FleetHeadroom, headroomShape } from './headroom.js';
import { lastErrorsOf, lastErrorsShape } from './last-errors.js';
import { type Levels, underWay } from './live-replicas.js';
import {
  callSuccessPercent,
  costAnswer,
  costOf,
  costShape,
  type LLMCounts,
  tokenAnswer,
  tokenShape,
} from './llm-answer.js';
import {
  countsOf,
  type Group,
  groupByName,
  groupMap,
  nameFilter,
  namesParameter,
  sumCounters,
  tallyMap,
} from './named-states.js';
import { type Counted, windowedReport } from './window-answer.js';

const { counter, distribution, tally } = llmFamily;

const providerLatency = headline(statisticFields('response_time_ms', ['average', 'min', 'max', 'p50', 'p95', 'p99']));
const modelLatency = headline(statisticFields('duration_ms', ['avg', 'min', 'max', 'p50', 'p95', 'p99']));
const wait = statisticFields('ms', ['average', 'p50', 'p95', 'p99']);
const rate = statisticFields('tokens_per_second', ['average', 'p50', 'p95', 'p99'], 'in tokens per second');

const streamShape = {
  streamed_calls: count('Calls answered as a stream'),
  time_to_first_token: z.object(wait.shape).describe('Time to the first chunk with content, streams only'),
  chunk_gap: z.object(wait.shape).describe('Time between chunks after the first, mean of each stream'),
  output_rate: z.object(rate.shape).describe('Output after the first token, streams only'),
};

const callsShape = {
  tokens: z.object(tokenShape).describe('Tokens of calls that told them'),
  ...costShape,
  ...streamShape,
  errors: mapOf(count('Calls'), 'Failed calls by error category'),
  active_calls: count('Calls under way now').nullable(),
  oldest_call_ms: durationMs('Age of the oldest call under way'),
  retries: value('Attempts after the first; null when no call told its attempts'),
  rate_limits: z.object({
    rate_limit_hits: count('Calls that failed because of a rate limit'),
    rate_limit_impact_percent: percent('Calls that failed because of a rate limit'),
    rate_limited_attempts: count('Attempts answered with status 429, whether or not a retry helped'),
    ...headroomShape,
  }),
};

const modelShape = {
  total_operations: count('Calls with any outcome but refused'),
  successful_operations: count('Calls that completed'),
  success_rate_percent: percent('Completed calls, of those that completed or failed'),
  ...modelLatency.shape,
  ...callsShape,
};

const providerShape = {
  provider_name: z.string().describe('Name of the provider'),
  total_requests: count('Calls with any outcome but refused'),
  successful_requests: count('Calls that completed'),
  success_rate_percent: percent('Completed calls, of those that completed or failed'),
  ...providerLatency.shape,
  ...callsShape,
  outcomes: mapOf(count('Calls'), 'Calls by outcome; refused ones were never made and are in no other number'),
  last_errors: lastErrorsShape,
  finish_reasons: mapOf(count('Calls'), 'Calls by finish reason'),
  failovers: count('Calls made because another provider failed'),
  cache_hits: count('Calls answered by a cache of the application'),
  health: z
    .enum(['healthy', 'degraded', 'critical', 'unknown'])
    .describe(
      'critical below 80 % success; degraded below 90 %, above 5000 ms on average, or with more than 10 % rate limited; unknown below 10 calls',
    ),
  model_stats: mapOf(z.object(modelShape), 'Models by name'),
};

const summaryShape = {
  total_requests: count('Calls with any outcome but refused'),
  success_rate_percent: percent('Completed calls, of those that completed or failed'),
  active_calls: count('Calls under way now').nullable(),
  total_estimated_cost: value('Cost as a plain number of USD, for display'),
  ...costShape,
};

/** GET /providers */
export const providersReport = windowedReport({
  summary: 'How long calls of each LLM provider and model take, how they end, and what they cost.',
  families: [llmFamily],
  filters: { provider: namesParameter('providers') },
  statistics: {
    providers_count: count('Entries of providers'),
    providers: mapOf(z.object(providerShape), 'Providers by name, most calls first'),
    summary: z.object(summaryShape).describe('All of them together'),
  },
  make(counted, { provider }) {
    const groups = providerGroups(counted, nameFilter(provider));
    const whole = countsOf(counter, {
      counters: sumCounters(
        llmFamily,
        groups.flatMap(({ entries }) => entries),
      ),
    });
    const costNanoUsd = costOf(whole);
    const headroom = new FleetHeadroom(counted.beats, counted.nowMs);
    return {
      providers_count: groups.length,
      providers: groupMap(groups, (group) => providerAnswer(group, counted, headroom)),
      summary: {
        total_requests: whole.calls,
        success_rate_percent: callSuccessPercent(whole),
        active_calls: activeCalls(groups, counted.levels, 1),
        total_estimated_cost: costNanoUsd === null ? null : nanoUsdToNumber(costNanoUsd),
        ...costAnswer(whole),
      },
    };
  },
});

/** Providers of a window and those with calls under way, which may be the first ever; most calls first. */
export function providerGroups({ of, settings, levels }: Counted, isWanted: (name: string) => boolean): Group[] {
  const underWayNow = (levels?.paths('active_calls') ?? []).map(([provider = '', model = '']) => ({
    labels: [provider, model, ''],
    state: new SeriesState(llmFamily),
  }));
  const entries = [...of(llmFamily).entries(), ...underWayNow].filter(({ labels }) => isWanted(labels[0]!));
  return groupByName(llmFamily, entries, {
    name: ([name]) => name!,
    size: ({ counters }) => counters[counter.calls]!,
    max: settings.maxSeries,
  });
}

/** Calls under way of everything in some groups. @param depth labels to tell by: 1 for providers, 2 for their models */
export function activeCalls(groups: readonly Group[], levels: Levels | null, depth: 1 | 2): number | null {
  if (levels === null) return null;
  return namesIn(groups, depth).reduce((sum, of) => sum + underWay(levels, 'active_calls', ...of)!, 0);
}

/** Age of the oldest call under way in a group; null when there is none, or when replicas are unknown. */
function oldestCall(group: Group, levels: Levels | null, depth: 1 | 2): number | null {
  const ages = namesIn([group], depth).map((of) => levels?.highest('oldest_call_ms', ...of) ?? null);
  const known = ages.filter((age) => age !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Providers, or providers with models, of some groups, each once. */
function namesIn(groups: readonly Group[], depth: 1 | 2): string[][] {
  const names = groups.flatMap(({ entries }) => entries.map(({ labels }) => labels.slice(0, depth)));
  return [...new Map(names.map((of) => [of.join('\0'), of])).values()];
}

function providerAnswer(
  group: Group,
  { beats, levels, settings }: Counted,
  headroom: FleetHeadroom,
): z.infer<z.ZodObject<typeof providerShape>> {
  const { name, state, entries } = group;
  const counts = countsOf(counter, group);
  const latency = providerLatency.of(state, distribution);
  const models = groupByName(llmFamily, entries, {
    name: (labels) => labels[1]!,
    size: ({ counters }) => counters[counter.calls]!,
    max: settings.maxSeries,
  });
  return {
    provider_name: name,
    total_requests: counts.calls,
    successful_requests: counts.completed,
    success_rate_percent: callSuccessPercent(counts),
    ...latency,
    ...callsAnswer(group, counts, levels, 1),
    outcomes: Object.fromEntries(llmOutcomes.map((outcome) => [outcome, counts[outcome]])),
    last_errors: lastErrorsOf(beats, name),
    finish_reasons: tallyMap(state.tallies[tally.finish_reasons]),
    failovers: counts.failovers,
    cache_hits: counts.cache_hits,
    rate_limits: rateLimitAnswer(counts, headroom.of(name)),
    health: healthOf(counts, latency.average_response_time_ms),
    model_stats: groupMap(models, (model) => ({
      ...modelAnswer(model, levels),
      rate_limits: rateLimitAnswer(countsOf(counter, model), headroom.of(name, model.name)),
    })),
  };
}

function rateLimitAnswer(counts: LLMCounts, headroom: ReturnType<FleetHeadroom['of']>) {
  return {
    rate_limit_hits: counts.rate_limit_hits,
    rate_limit_impact_percent: percentOf(counts.rate_limit_hits, counts.calls),
    rate_limited_attempts: counts.rate_limited_attempts,
    ...headroom,
  };
}

function modelAnswer(group: Group, levels: Levels | null) {
  const counts = countsOf(counter, group);
  return {
    total_operations: counts.calls,
    successful_operations: counts.completed,
    success_rate_percent: callSuccessPercent(counts),
    ...modelLatency.of(group.state, distribution),
    ...callsAnswer(group, counts, levels, 2),
  };
}

function callsAnswer(group: Group, counts: LLMCounts, levels: Levels | null, depth: 1 | 2) {
  const { distributions, tallies } = group.state;
  return {
    tokens: tokenAnswer(counts),
    ...costAnswer(counts),
    streamed_calls: counts.streamed,
    time_to_first_token: wait.of(distributions[distribution.time_to_first_token] ?? null),
    chunk_gap: wait.of(distributions[distribution.chunk_gap] ?? null),
    output_rate: rate.of(distributions[distribution.output_rate] ?? null),
    errors: tallyMap(tallies[tally.errors]),
    active_calls: activeCalls([group], levels, depth),
    oldest_call_ms: oldestCall(group, levels, depth),
    retries: counts.calls_with_attempts > 0 || counts.calls === 0 ? counts.retries : null,
  };
}

/** The verdict on a provider. @param averageMs mean of successes and failures together */
function healthOf(counts: LLMCounts, averageMs: number | null): 'healthy' | 'degraded' | 'critical' | 'unknown' {
  const success = callSuccessPercent(counts);
  if (counts.calls < 10 || success === null) return 'unknown';
  if (success < 80) return 'critical';
  const isSlow = averageMs !== null && averageMs > 5000;
  const isLimited = counts.rate_limit_hits / counts.calls > 0.1;
  return success < 90 || isSlow || isLimited ? 'degraded' : 'healthy';
}
