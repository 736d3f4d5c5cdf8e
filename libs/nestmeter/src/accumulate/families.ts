import { bytes, milliseconds, plainUnit, tokens, tokensPerSecond } from './distribution.js';
import { type AnyFamily, type CounterSpec, defineFamily, type LabelSpec } from './family.js';

/*
 * Everything that is measured. Accumulating, merging, encoding, querying and exposition are generic over this table and
 * docs/reference/metrics.md is made from it: a new signal is one entry here, one recorder and one report.
 */

const label = (name: string, attribute: string): LabelSpec => ({ name, attribute });

/** LLM work done inside something else: an endpoint request, an operation. */
const llmShare = {
  llm_calls: { unit: 'calls', help: 'LLM calls made inside' },
  input_tokens: { unit: 'tokens', help: 'Input tokens of the LLM calls inside' },
  output_tokens: { unit: 'tokens', help: 'Output tokens of the LLM calls inside' },
  cost_nano_usd: { unit: 'nano_usd', help: 'Cost of the priced LLM calls inside' },
  unpriced_calls: { unit: 'calls', help: 'LLM calls inside whose cost is unknown' },
  calls_without_usage: { unit: 'calls', help: 'LLM calls inside whose tokens are unknown' },
} satisfies Record<string, CounterSpec>;

/** HTTP requests by route template. */
export const endpointFamily = defineFamily({
  name: 'endpoint',
  help: 'HTTP requests served, by method and route template',
  labels: [label('method', 'http.request.method'), label('route', 'http.route')],
  counters: {
    requests: { unit: 'requests', help: 'Requests that ended in any way' },
    successes: { unit: 'requests', help: 'Requests with a status below 400 that were not aborted' },
    client_errors: { unit: 'requests', help: 'Requests answered with 4xx' },
    server_errors: { unit: 'requests', help: 'Requests answered with 5xx' },
    aborted: { unit: 'requests', help: 'Requests whose client left before the answer was complete' },
    request_bytes: { unit: 'bytes', help: 'Bytes of request bodies whose size is known' },
    request_sizes_unknown: { unit: 'requests', help: 'Requests whose body size is unknown' },
    response_bytes: { unit: 'bytes', help: 'Bytes of answers, head and body' },
    provider_wait_us: { unit: 'us', help: 'Time in which at least one LLM call of the request was running' },
    apdex_satisfied: { unit: 'requests', help: 'Successful requests not slower than T' },
    apdex_tolerating: { unit: 'requests', help: 'Successful requests between T and 4 T' },
    ...llmShare,
  },
  distributions: {
    success_duration: {
      unit: milliseconds,
      otel: 'http.server.request.duration',
      help: 'Duration of HTTP requests from the first byte handled to the end of the answer',
    },
    failure_duration: {
      unit: milliseconds,
      otel: 'http.server.request.duration',
      attributes: { 'error.type': '_OTHER' },
      help: 'Duration of HTTP requests from the first byte handled to the end of the answer',
    },
  },
  tallies: {
    status_codes: { key: 'http.response.status_code', help: 'Requests by status' },
    errors: { key: 'error.type', help: 'Failed requests by error category' },
  },
});

/** Tracked calls by name. */
export const operationFamily = defineFamily({
  name: 'operation',
  help: 'Tracked calls by name',
  labels: [label('operation', 'nestmeter.operation')],
  counters: {
    calls: { unit: 'calls', help: 'Calls that ended in any way' },
    successes: { unit: 'calls', help: 'Calls that neither threw nor were declared failed' },
    warnings: { unit: 'warnings', help: 'Warnings declared during calls' },
    own_us: { unit: 'us', help: 'Time of calls not covered by any of their components' },
    ...llmShare,
  },
  distributions: {
    success_duration: { unit: milliseconds, help: 'Duration of calls', otel: 'nestmeter.operation.duration' },
    failure_duration: {
      unit: milliseconds,
      help: 'Duration of calls',
      otel: 'nestmeter.operation.duration',
      attributes: { 'error.type': '_OTHER' },
    },
  },
  tallies: { errors: { key: 'error.type', help: 'Failed calls by error category' } },
});

/** Tracked calls as parts of the call around them. */
export const componentFamily = defineFamily({
  name: 'component',
  help: 'Tracked calls as components of the operation that directly called them',
  labels: [label('operation', 'nestmeter.operation'), label('component', 'nestmeter.component')],
  counters: {
    calls: { unit: 'calls', help: 'Calls of the component from the operation' },
    errors: { unit: 'calls', help: 'Calls that failed' },
    covered_us: { unit: 'us', help: 'Time of the operation in which the component was running at least once' },
  },
  distributions: { duration: { unit: milliseconds, help: 'Duration of the component' } },
});

/** Counters from which usage answers are made, alike for LLM calls and their tags. */
const usage = {
  calls: { unit: 'calls', help: 'Calls with any outcome but refused' },
  completed: { unit: 'calls', help: 'Calls that ended well' },
  failed: { unit: 'calls', help: 'Calls that threw' },
  incomplete: { unit: 'calls', help: 'Streams that ended without a terminal event' },
  cancelled: { unit: 'calls', help: 'Calls aborted by their signal' },
  stopped: { unit: 'calls', help: 'Streams whose consumer left early' },
  abandoned: { unit: 'calls', help: 'Streams without a chunk for ten minutes' },
  refused: { unit: 'calls', help: 'Calls refused before they were made' },
  input_tokens: {
    unit: 'tokens',
    otel: 'nestmeter.llm.input_tokens',
    help: 'Input tokens, cache reads and writes included',
  },
  output_tokens: { unit: 'tokens', otel: 'nestmeter.llm.output_tokens', help: 'Output tokens, reasoning included' },
  cached_input_tokens: { unit: 'tokens', help: 'Input tokens read from a cache; a subset of the input, do not add' },
  cache_write_tokens: { unit: 'tokens', help: 'Input tokens written to a cache; a subset of the input, do not add' },
  reasoning_tokens: { unit: 'tokens', help: 'Reasoning tokens; a subset of the output, do not add' },
  calls_without_usage: { unit: 'calls', help: 'Completed calls whose tokens are unknown' },
  calls_with_usage: { unit: 'calls', help: 'Calls whose tokens are known' },
  calls_with_cached: { unit: 'calls', help: 'Calls that told their cached input tokens' },
  calls_with_cache_write: { unit: 'calls', help: 'Calls that told their cache-write tokens' },
  calls_with_reasoning: { unit: 'calls', help: 'Calls that told their reasoning tokens' },
  input_cost_nano_usd: { unit: 'nano_usd', help: 'Cost of input that was neither read from nor written to a cache' },
  output_cost_nano_usd: { unit: 'nano_usd', help: 'Cost of output' },
  cache_read_cost_nano_usd: { unit: 'nano_usd', help: 'Cost of input read from a cache' },
  cache_write_cost_nano_usd: { unit: 'nano_usd', help: 'Cost of input written to a cache' },
  cost_nano_usd: { unit: 'nano_usd', otel: 'nestmeter.llm.cost', help: 'Total cost of priced calls' },
  priced_calls: { unit: 'calls', help: 'Calls whose cost is known' },
  unpriced_calls: { unit: 'calls', help: 'Calls with tokens whose cost is unknown' },
  rate_limit_hits: { unit: 'calls', help: 'Calls that failed because of a rate limit' },
} satisfies Record<string, CounterSpec>;

/** LLM calls by provider, model and operation. */
export const llmFamily = defineFamily({
  name: 'llm',
  help: 'LLM calls, by provider, model and operation',
  labels: [
    label('provider', 'gen_ai.provider.name'),
    label('model', 'gen_ai.request.model'),
    label('operation', 'gen_ai.operation.name'),
  ],
  counters: {
    ...usage,
    streamed: { unit: 'calls', help: 'Calls answered as a stream' },
    retries: { unit: 'attempts', help: 'Attempts after the first' },
    calls_with_attempts: { unit: 'calls', help: 'Calls whose attempts are known' },
    failovers: { unit: 'calls', help: 'Calls made because another provider failed' },
    cache_hits: { unit: 'calls', help: 'Calls answered by a cache of the application' },
    late_ends: { unit: 'calls', help: 'Streams that ended after they had been counted as abandoned' },
  },
  distributions: {
    success_duration: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.duration',
      help: 'Duration of LLM calls, retries included, streams until their end',
    },
    failure_duration: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.duration',
      attributes: { 'error.type': '_OTHER' },
      help: 'Duration of LLM calls, retries included, streams until their end',
    },
    time_to_first_token: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.time_to_first_chunk',
      help: 'Time to the first chunk with content, streams only',
    },
    chunk_gap: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.time_per_output_chunk',
      help: 'Time between chunks after the first, mean of each stream',
    },
    output_rate: { unit: tokensPerSecond, help: 'Output tokens per second after the first token, streams only' },
    input_tokens_per_call: {
      unit: tokens,
      otel: 'gen_ai.client.token.usage',
      attributes: { 'gen_ai.token.type': 'input' },
      help: 'Tokens of a call',
    },
    output_tokens_per_call: {
      unit: tokens,
      otel: 'gen_ai.client.token.usage',
      attributes: { 'gen_ai.token.type': 'output' },
      help: 'Tokens of a call',
    },
  },
  tallies: {
    finish_reasons: { key: 'gen_ai.response.finish_reason', help: 'Calls by finish reason' },
    errors: { key: 'error.type', help: 'Failed calls by error category' },
  },
});

/** Usage of LLM calls by the values of one declared tag. */
export function tagFamily(tag: string) {
  return defineFamily({
    name: `tag.${tag}`,
    help: `Usage of LLM calls by the tag "${tag}"`,
    labels: [label('value', `nestmeter.tag.${tag}`)],
    counters: usage,
  });
}

/** Stages of a pipeline, recorded by hand. */
export const stageFamily = defineFamily({
  name: 'stage',
  help: 'Stages of a pipeline',
  labels: [label('stage', 'nestmeter.stage')],
  counters: {
    successes: { unit: 'runs', help: 'Runs that succeeded' },
    errors: { unit: 'runs', help: 'Runs that failed' },
    tokens: { unit: 'tokens', help: 'Tokens used' },
    runs_with_tokens: { unit: 'runs', help: 'Runs that told their tokens' },
    cost_nano_usd: { unit: 'nano_usd', help: 'Cost' },
    runs_with_cost: { unit: 'runs', help: 'Runs that told their cost' },
    cache_hits: { unit: 'runs', help: 'Runs answered by a cache' },
    runs_with_cache: { unit: 'runs', help: 'Runs that told whether a cache answered' },
  },
  distributions: {
    success_duration: { unit: milliseconds, help: 'Duration of runs', otel: 'nestmeter.stage.duration' },
    failure_duration: {
      unit: milliseconds,
      help: 'Duration of runs',
      otel: 'nestmeter.stage.duration',
      attributes: { 'error.type': '_OTHER' },
    },
  },
});

/** Caches of the application. Prompt caching of providers never counts here. */
export const cacheFamily = defineFamily({
  name: 'cache',
  help: "Look-ups in the application's caches",
  labels: [label('cache', 'nestmeter.cache')],
  counters: {
    hits: { unit: 'lookups', help: 'Look-ups that found something' },
    misses: { unit: 'lookups', help: 'Look-ups that found nothing' },
  },
});

/** Queues whose depth adds up over replicas. */
export const queueFamily = defineFamily({
  name: 'queue',
  help: 'Queues',
  labels: [label('queue', 'nestmeter.queue')],
  gauges: { depth: { unit: 'entries', sums: true, help: 'Entries waiting' } },
});

/** Queues that all replicas see alike: their depth does not add up. */
export const sharedQueueFamily = defineFamily({
  name: 'shared_queue',
  help: 'Queues shared by all replicas',
  labels: [label('queue', 'nestmeter.queue')],
  gauges: { depth: { unit: 'entries', sums: false, help: 'Entries waiting, as each replica saw it' } },
});

/** Whatever happened, by type. */
export const eventFamily = defineFamily({
  name: 'event',
  help: 'Events by type, component and operation',
  labels: [
    label('type', 'nestmeter.event.type'),
    label('component', 'nestmeter.component'),
    label('operation', 'nestmeter.operation'),
  ],
  counters: { events: { unit: 'events', help: 'Events' } },
  distributions: { duration: { unit: milliseconds, help: 'Duration of events that told one' } },
});

const memory = (help: string) => ({ unit: 'bytes', sums: true, help }) as const;

/** The process itself, sampled. */
export const processFamily = defineFamily({
  name: 'process',
  help: 'Memory and processor of the process, sampled every few seconds',
  labels: [],
  counters: {
    page_faults: { unit: 'faults', help: 'Page faults, minor and major' },
    cpu_us: { unit: 'us', help: 'Processor time, user and system' },
  },
  gauges: {
    heap_used: memory('JavaScript heap in use'),
    heap_total: memory('JavaScript heap reserved'),
    rss: memory('Resident set'),
    external: memory('C++ objects bound to JavaScript'),
    array_buffers: memory('Array buffers and Buffers'),
    memory_pressure: {
      unit: 'percent',
      sums: false,
      help: 'Heap in use as a share of its limit, or resident set as a share of the memory limit if that is higher',
    },
    cpu: { unit: 'percent', sums: false, help: 'Processor time as a share of one core' },
    event_loop_delay: { unit: 'ms', sums: false, help: 'Mean delay of the event loop' },
  },
});

/** Families that every monitor has; declared tags and custom metrics add theirs. */
export const builtInFamilies: readonly AnyFamily[] = [
  endpointFamily,
  operationFamily,
  componentFamily,
  llmFamily,
  stageFamily,
  cacheFamily,
  queueFamily,
  sharedQueueFamily,
  eventFamily,
  processFamily,
] as readonly AnyFamily[];

/** A custom metric as a family of its own, with one meter called `value`. */
export function customFamily(
  kind: 'counter' | 'gauge' | 'distribution',
  name: string,
  options: { readonly labels: readonly string[]; readonly unit: string; readonly help: string },
): AnyFamily {
  const { unit, help } = options;
  return defineFamily({
    name: `custom.${name}`,
    help,
    labels: options.labels.map((labelName) => label(labelName, labelName)),
    ...(kind === 'counter' && { counters: { value: { unit, help, otel: name } } }),
    ...(kind === 'gauge' && { gauges: { value: { unit, help, otel: name, sums: true } } }),
    ...(kind === 'distribution' && {
      distributions: { value: { unit: distributionUnit(unit), help, otel: name } },
    }),
  }) as AnyFamily;
}

function distributionUnit(unit: string) {
  return [milliseconds, tokens, bytes, tokensPerSecond].find((known) => known.unit === unit) ?? plainUnit(unit);
}
