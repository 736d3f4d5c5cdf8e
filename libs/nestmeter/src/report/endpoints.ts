import { z } from 'zod';
import { endpointFamily } from '../accumulate/families.js';
import { other } from '../accumulate/labels.js';
import { bytes, count, durationMs, mapOf, percent, percentOf, value } from './answer-field.js';
import { allDurations, headline, statisticFields } from './duration-answer.js';
import { shareAnswer, shareShape } from './llm-answer.js';
import {
  countsOf,
  type Group,
  groupByName,
  groupMap,
  mergeStates,
  nameFilter,
  namesParameter,
  tallyMap,
} from './named-states.js';
import { windowedReport } from './window-answer.js';

const { counter, distribution, tally } = endpointFamily;

const latency = headline(statisticFields('duration_ms', ['avg', 'min', 'max', 'p50', 'p95', 'p99']));
const overall = statisticFields('duration_ms', ['average', 'p50', 'p95', 'p99']);

const { total_cost_usd, unpriced_calls, ...tokenFields } = shareShape;

const endpointShape = {
  endpoint_path: z.string().describe('Route template'),
  method: z.string().describe('HTTP method'),
  stats: z.object({
    total_operations: count('Requests that ended in any way'),
    successful_operations: count('Requests that succeeded'),
    success_rate_percent: percent('Requests that succeeded'),
    error_rate_percent: percent('Requests that did not succeed'),
    ...latency.shape,
    apdex: value('Satisfied requests plus half of the tolerating ones, of all; 0–1'),
  }),
  status_code_counts: mapOf(count('Requests'), 'Requests by status'),
  errors: mapOf(count('Requests'), 'Requests that did not succeed by error category'),
  client_errors: count('Requests answered with 4xx'),
  server_errors: count('Requests answered with 5xx'),
  aborted: count('Requests whose client left before the answer was complete'),
  request_bytes: bytes('Sum of request bodies whose size is known'),
  requests_of_unknown_size: count('Requests whose body size is unknown'),
  response_bytes: bytes('Sum of answers, head and body'),
  provider_wait_ms: durationMs('Time in which at least one LLM call of the request was running, sum of all requests'),
  provider_wait_percent: percent('The same, of the time of all requests'),
  tokens: z.object(tokenFields).describe('LLM calls made inside'),
  total_cost_usd,
  unpriced_calls,
};

/** GET /endpoints */
export const endpointsReport = windowedReport({
  summary: 'How long requests of each endpoint take, how they end, and what their LLM calls cost.',
  families: [endpointFamily],
  filters: { endpoint: namesParameter('endpoints, as "POST /chat" or, for all methods, "/chat"') },
  statistics: {
    endpoints_count: count('Entries of endpoints'),
    endpoints: mapOf(z.object(endpointShape), 'Endpoints by method and route template, most requests first'),
    aggregated: z
      .object({
        total_operations: count('Requests that ended in any way'),
        success_rate_percent: percent('Requests that succeeded'),
        error_rate_percent: percent('Requests that did not succeed'),
        ...overall.shape,
        status_code_distribution: mapOf(count('Requests'), 'Requests by status'),
        client_errors: count('Requests answered with 4xx'),
        server_errors: count('Requests answered with 5xx'),
        aborted: count('Requests whose client left before the answer was complete'),
        provider_wait_percent: percent('Time in which at least one LLM call was running, of the time of all requests'),
      })
      .describe('All of them together'),
  },
  make({ of, settings }, { endpoint }) {
    const isWanted = nameFilter(endpoint);
    const groups = groupByName(
      endpointFamily,
      [...of(endpointFamily).entries()].filter(({ labels }) => isWanted(endpointName(labels), labels[1]!)),
      { name: endpointName, size: ({ counters }) => counters[counter.requests]!, max: settings.maxSeries },
    );
    const whole = mergeStates(endpointFamily, groups);
    const { requests, successes, client_errors, server_errors, aborted, provider_wait_us } = countsOf(counter, whole);
    const durations = allDurations(whole, distribution);
    return {
      endpoints_count: groups.length,
      endpoints: groupMap(groups, endpointAnswer),
      aggregated: {
        ...requestRates(requests, successes),
        ...overall.of(durations),
        status_code_distribution: tallyMap(whole.tallies[tally.status_codes]),
        client_errors,
        server_errors,
        aborted,
        provider_wait_percent: percentOf(provider_wait_us, durations?.sum ?? 0),
      },
    };
  },
});

function endpointName([method, route]: readonly string[]): string {
  return method === other ? other : `${method} ${route}`;
}

function requestRates(requests: number, successes: number) {
  const success = percentOf(successes, requests);
  return {
    total_operations: requests,
    success_rate_percent: success,
    error_rate_percent: success === null ? null : 100 - success,
  };
}

function endpointAnswer({ name, state, entries }: Group): z.infer<z.ZodObject<typeof endpointShape>> {
  const counts = countsOf(counter, state);
  const { requests, apdex_satisfied, apdex_tolerating, request_sizes_unknown } = counts;
  const [method, route] = name === other ? [other, other] : entries[0]!.labels;
  const { total_cost_usd: cost, unpriced_calls: unpriced, ...share } = shareAnswer(counts);
  return {
    endpoint_path: route!,
    method: method!,
    stats: {
      ...requestRates(requests, counts.successes),
      successful_operations: counts.successes,
      ...latency.of(state, distribution),
      apdex: requests === 0 ? null : (apdex_satisfied + apdex_tolerating / 2) / requests,
    },
    status_code_counts: tallyMap(state.tallies[tally.status_codes]),
    errors: tallyMap(state.tallies[tally.errors]),
    client_errors: counts.client_errors,
    server_errors: counts.server_errors,
    aborted: counts.aborted,
    request_bytes: request_sizes_unknown >= requests ? null : counts.request_bytes,
    requests_of_unknown_size: request_sizes_unknown,
    response_bytes: counts.response_bytes,
    provider_wait_ms: counts.provider_wait_us / 1000,
    provider_wait_percent: percentOf(counts.provider_wait_us, allDurations(state, distribution)?.sum ?? 0),
    tokens: share,
    total_cost_usd: cost,
    unpriced_calls: unpriced,
  };
}
