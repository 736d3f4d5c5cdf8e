import type { Semconv } from '../../accumulate/family.js';
import type { LLMFacts } from '../llm-facts.js';
import type { LLMCost } from '../price/cost.js';
import type { Tags } from '../tags.js';
import type { SpanAttributes } from './open-telemetry.js';

/** Characters of a text on a span; the rest is cut off. */
const longestText = 256;
/** Keys of metadata on a span; further ones are left out. */
const mostKeys = 32;

/** `chat gpt-5`; without a model that is known, the operation alone. */
export function nameOfSpan(operation: string, model = 'unknown'): string {
  return model === 'unknown' ? cut(operation) : `${cut(operation)} ${cut(model)}`;
}

/** What is known of an LLM call before it is made: samplers decide by it. */
export function callAttributes(call: { provider: string; model: string; operation: string }): SpanAttributes {
  const attributes: SpanAttributes = {
    'gen_ai.operation.name': cut(call.operation),
    'gen_ai.provider.name': cut(call.provider),
  };
  if (call.model !== 'unknown') attributes['gen_ai.request.model'] = cut(call.model);
  return attributes;
}

/**
 * What is known of an LLM call at its end; what is unknown is left out. Tokens and cost of a call with tracked calls
 * inside are on their spans, so that a sum over spans counts them once.
 */
export function answerAttributes(
  facts: LLMFacts,
  cost: LLMCost | undefined,
  { semconv, operation }: { readonly semconv: Semconv; readonly operation: string },
): SpanAttributes {
  const { answer, outcome, nested, streamed, timeToFirstTokenMs } = facts;
  const attributes: SpanAttributes = { 'nestmeter.outcome': outcome };
  const set = (name: string, value: string | number | boolean | undefined): void => {
    if (value !== undefined) attributes[name] = typeof value === 'string' ? cut(value) : value;
  };
  if (streamed) set('gen_ai.request.stream', true);
  set('gen_ai.response.model', answer.model);
  const finishReason = answer.finishReason ?? (outcome === 'completed' ? undefined : 'error');
  // An answer without one where one was due is `error`; embeddings have none.
  if (finishReason !== undefined && operation !== 'embeddings')
    attributes['gen_ai.response.finish_reasons'] = [cut(finishReason)];
  if (timeToFirstTokenMs !== undefined)
    set('gen_ai.response.time_to_first_chunk', Math.max(0, timeToFirstTokenMs) / 1000);
  if (nested) return attributes;
  const cacheWrite = semconv === 'latest' ? 'cache_write' : 'cache_creation';
  set('gen_ai.usage.input_tokens', answer.inputTokens);
  set('gen_ai.usage.output_tokens', answer.outputTokens);
  set('gen_ai.usage.cache_read.input_tokens', answer.cachedInputTokens);
  set(`gen_ai.usage.${cacheWrite}.input_tokens`, answer.cacheWriteTokens);
  set('gen_ai.usage.reasoning.output_tokens', answer.reasoningTokens);
  if (cost !== undefined) set('nestmeter.cost_usd', cost.totalNanoUsd / 1e9);
  return attributes;
}

/** Values of declared tags, as `nestmeter.tag.<tag>`. */
export function tagAttributes(tags: Tags): SpanAttributes {
  return Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`nestmeter.tag.${tag}`, cut(value)]));
}

/**
 * The metadata of an operation as `nestmeter.tag.<tag>` and for keys that are no declared tag `nestmeter.metadata.<key>`:
 * text up to 256 characters, numbers and booleans of the first 32 such keys; what else there is is left out.
 */
export function metadataAttributes(
  metadata: Readonly<Record<string, unknown>> | undefined,
  declared: { has(tag: string): boolean },
): SpanAttributes {
  const attributes: SpanAttributes = {};
  let room = mostKeys;
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const name = `nestmeter.${declared.has(key) ? 'tag' : 'metadata'}.${cut(key)}`;
    if (typeof value === 'string') attributes[name] = cut(value);
    else if (typeof value === 'boolean' || Number.isFinite(value)) attributes[name] = value as boolean | number;
    else continue;
    if (--room === 0) break;
  }
  return attributes;
}

/** Through a Buffer, since a slice would keep the whole of a huge text alive. */
function cut(text: string): string {
  return text.length <= longestText ? text : Buffer.from(text.slice(0, longestText)).toString();
}
