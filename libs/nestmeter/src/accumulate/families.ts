import { milliseconds } from './distribution.js';
import { type AnyFamily, type CounterSpec, defineFamily, label } from './family.js';
import { llmFamily } from './llm-family.js';

/*
 * Everything that is measured. Accumulating, merging, encoding, querying and exposition are generic over this table and
 * docs/reference/metrics.md is made from it: a new signal is one entry here, one recorder and one report.
 */

/** LLM work done inside something else: an endpoint request, an operation. */
const llmShare = {
  llm_calls: { unit: 'calls', help: 'LLM calls made inside' },
  input_tokens: { unit: 'tokens', help: 'Input tokens of the LLM calls inside, which the calls count too: do not add' },
  output_tokens: {
    unit: 'tokens',
    help: 'Output tokens of the LLM calls inside, which the calls count too: do not add',
  },
  cost_nano_usd: {
    unit: 'nano_usd',
    help: 'Cost of the priced LLM calls inside, which the calls count too: do not add',
  },
  unpriced_calls: { unit: 'calls', help: 'LLM calls inside whose cost is unknown' },
  calls_without_usage: { unit: 'calls', help: 'LLM calls inside whose tokens are unknown' },
} satisfies Record<string, CounterSpec>;

/** HTTP requests by route template. */
export const endpointFamily = defineFamily({
  name: 'endpoint',
  help: 'HTTP requests served, by method and route template',
  labels: [label('method', 'http.request.method', new Map([['OTHER', '_OTHER']])), label('route', 'http.route')],
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
