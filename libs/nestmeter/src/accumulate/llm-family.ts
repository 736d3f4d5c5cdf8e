import { milliseconds, tokens, tokensPerSecond } from './distribution.js';
import { type CounterSpec, defineFamily, label, type LatestName } from './family.js';

/** How an LLM call came to its end. Completed calls succeeded; failed and incomplete ones failed; the others are in no rate. */
export const llmOutcomes = [
  'completed',
  'failed',
  'cancelled',
  'stopped',
  'incomplete',
  'abandoned',
  'refused',
] as const;

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
    help: 'Input tokens: all of them, cache reads and writes included',
  },
  output_tokens: {
    unit: 'tokens',
    otel: 'nestmeter.llm.output_tokens',
    help: 'Output tokens: all of them, reasoning included',
  },
  cached_input_tokens: { unit: 'tokens', help: 'Input tokens read from a cache: a subset of input_tokens, do not add' },
  cache_write_tokens: { unit: 'tokens', help: 'Input tokens written to a cache: a subset of input_tokens, do not add' },
  reasoning_tokens: { unit: 'tokens', help: 'Output tokens spent on reasoning: a subset of output_tokens, do not add' },
  calls_without_usage: { unit: 'calls', help: 'Completed calls whose tokens are unknown' },
  calls_with_usage: { unit: 'calls', help: 'Calls whose tokens are known' },
  calls_with_cached: { unit: 'calls', help: 'Calls that told their cached input tokens' },
  calls_with_cache_write: { unit: 'calls', help: 'Calls that told their cache-write tokens' },
  calls_with_reasoning: { unit: 'calls', help: 'Calls that told their reasoning tokens' },
  input_cost_nano_usd: {
    unit: 'nano_usd',
    help: 'Cost of input neither read from nor written to a cache: a part of cost_nano_usd, do not add',
  },
  output_cost_nano_usd: { unit: 'nano_usd', help: 'Cost of output: a part of cost_nano_usd, do not add' },
  cache_read_cost_nano_usd: {
    unit: 'nano_usd',
    help: 'Cost of input read from a cache: a part of cost_nano_usd, do not add',
  },
  cache_write_cost_nano_usd: {
    unit: 'nano_usd',
    help: 'Cost of input written to a cache: a part of cost_nano_usd, do not add',
  },
  cost_nano_usd: {
    unit: 'nano_usd',
    otel: 'nestmeter.llm.cost',
    help: 'Total cost of priced calls (OpenTelemetry has no metric of cost)',
  },
  priced_calls: { unit: 'calls', help: 'Calls whose cost is known' },
  unpriced_calls: { unit: 'calls', help: 'Calls with tokens whose cost is unknown' },
  rate_limit_hits: { unit: 'calls', help: 'Calls that failed because of a rate limit: a subset of failed' },
} satisfies Record<string, CounterSpec> & Record<(typeof llmOutcomes)[number], CounterSpec>;

/** A counter of tokens in the latest conventions. We do not know the modality of tokens, which they then want said. */
function latestUsage(name: string): { latest: LatestName } {
  const otel = `gen_ai.client.inference.usage.${name}`;
  return { latest: { otel, attributes: { 'gen_ai.token.modality': 'unknown' } } };
}

function latestInference(name: string): { latest: LatestName } {
  return { latest: { otel: `gen_ai.client.inference.${name}` } };
}

/** Operations that the latest conventions do not count as inference, so that the inference metrics are not meant. */
const notInference: ReadonlySet<string> = new Set(['embeddings', 'retrieval', 'rerank', 'fetch_response']);

/** LLM calls by provider, model and operation. */
export const llmFamily = defineFamily({
  name: 'llm',
  help: 'LLM calls, by provider, model and operation',
  labels: [
    label('provider', 'gen_ai.provider.name'),
    label('model', 'gen_ai.request.model'),
    label('operation', 'gen_ai.operation.name'),
  ],
  isRenamed: ([, , operation]) => !notInference.has(operation!),
  counters: {
    ...usage,
    input_tokens: { ...usage.input_tokens, ...latestUsage('input_tokens') },
    output_tokens: { ...usage.output_tokens, ...latestUsage('output_tokens') },
    cached_input_tokens: { ...usage.cached_input_tokens, ...latestUsage('cache_read.input_tokens') },
    cache_write_tokens: { ...usage.cache_write_tokens, ...latestUsage('cache_write.input_tokens') },
    reasoning_tokens: { ...usage.reasoning_tokens, ...latestUsage('reasoning.output_tokens') },
    streamed: { unit: 'calls', help: 'Calls answered as a stream: a subset of calls' },
    retries: { unit: 'attempts', help: 'Attempts after the first' },
    calls_with_attempts: { unit: 'calls', help: 'Calls whose attempts are known' },
    failovers: { unit: 'calls', help: 'Calls made because another provider failed: a subset of calls' },
    cache_hits: { unit: 'calls', help: 'Calls answered by a cache of the application: a subset of calls' },
    late_ends: { unit: 'calls', help: 'Streams that ended after they had been counted as abandoned' },
    rate_limited_attempts: {
      unit: 'attempts',
      help: 'Attempts answered with status 429, as far as they were seen, whether or not a retry helped',
    },
  },
  distributions: {
    success_duration: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.duration',
      ...latestInference('duration'),
      help: 'Duration of LLM calls, retries included, streams until their end',
    },
    failure_duration: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.duration',
      ...latestInference('duration'),
      attributes: { 'error.type': '_OTHER' },
      help: 'Duration of LLM calls, retries included, streams until their end',
    },
    time_to_first_token: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.time_to_first_chunk',
      ...latestInference('time_to_first_chunk'),
      help: 'Time to the first chunk with content, streams only',
    },
    chunk_gap: {
      unit: milliseconds,
      otel: 'gen_ai.client.operation.time_per_output_chunk',
      ...latestInference('time_per_output_chunk'),
      help: 'Time between chunks after the first, mean of each stream',
    },
    output_rate: { unit: tokensPerSecond, help: 'Output tokens per second after the first token, streams only' },
    input_tokens_per_call: {
      unit: tokens,
      otel: 'gen_ai.client.token.usage',
      attributes: { 'gen_ai.token.type': 'input' },
      ...latestInference('operation.input_tokens'),
      help: 'Tokens of a call',
    },
    output_tokens_per_call: {
      unit: tokens,
      otel: 'gen_ai.client.token.usage',
      attributes: { 'gen_ai.token.type': 'output' },
      ...latestInference('operation.output_tokens'),
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
