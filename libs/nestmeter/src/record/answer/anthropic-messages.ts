import { classifyAnswerFailure } from '../llm-error.js';
import {
  keepText,
  keepTokens,
  seeContent,
  type AnswerReader,
  type LLMAnswer,
  type StreamedAnswer,
  type TokenField,
} from './answer.js';
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue, sumOfTokens } from './own-value.js';

/**
 * Reads Anthropic messages (`type: 'message'`) and the events of their streams.
 *
 * `input_tokens` leaves out cache reads and writes, so they are added. In a stream `message_start` brings the input
 * counts and `message_delta` cumulative counts, of which those of the input may be null: each field keeps the last value
 * that was not null, and nothing is summed over events. Compactions (beta) stand in `iterations` alone and are added.
 */
export const anthropicMessages: AnswerReader = {
  name: 'anthropic-messages',

  recognises(answer) {
    return (
      ownValue(answer, 'type') === 'message' &&
      (ownObject(answer, 'usage') !== undefined || ownValue(answer, 'stop_reason') !== undefined)
    );
  },

  read(answer) {
    const known: LLMAnswer = {};
    readMessage(answer, known);
    return known;
  },

  recognisesItem(item) {
    switch (ownValue(item, 'type')) {
      case 'message_start':
      case 'message_delta':
      case 'content_block_start':
      case 'content_block_delta':
        return true;
      case 'error': {
        const error = ownObject(item, 'error');
        return error !== undefined && ownText(error, 'type') !== undefined;
      }
      default:
        return false;
    }
  },

  readItem(item, known) {
    switch (ownValue(item, 'type')) {
      case 'message_start': {
        const message = ownObject(item, 'message');
        if (message !== undefined) readMessage(message, known);
        break;
      }
      case 'content_block_delta':
        seeContent(known, isThought(item));
        break;
      case 'message_delta':
        readDelta(item, known);
        break;
      case 'message_stop':
        known.terminal = true;
        break;
      case 'error':
        known.failure = classifyAnswerFailure(ownObject(item, 'error') ?? item);
        break;
    }
  },
};

/** Thoughts that are left out have a signature alone, which comes when they are over. */
function isThought(event: object): boolean {
  const delta = ownObject(event, 'delta');
  return delta !== undefined && ownText(delta, 'thinking') !== undefined;
}

function readMessage(message: object, known: LLMAnswer): void {
  keepText(known, 'model', message, 'model');
  keepText(known, 'finishReason', message, 'stop_reason');
  const usage = ownObject(message, 'usage');
  if (usage !== undefined) readUsage(usage, known);
}

function readDelta(event: object, known: StreamedAnswer): void {
  const delta = ownObject(event, 'delta');
  if (delta !== undefined && ownText(delta, 'stop_reason') !== undefined) {
    keepText(known, 'finishReason', delta, 'stop_reason');
    known.terminal = true;
  }
  const usage = ownObject(event, 'usage');
  if (usage !== undefined) readUsage(usage, known);
}

/** Counts as Anthropic keeps them apart, each the last one that was not null. */
interface AnthropicCounts {
  uncached?: number | undefined;
  read?: number | undefined;
  written?: number | undefined;
  written1h?: number | undefined;
  output?: number | undefined;
}

/** What an answer said so far and what its compactions used beside, from which the normal form is made anew each time. */
const countsOf = new WeakMap<LLMAnswer, { said: AnthropicCounts; beside: AnthropicCounts }>();

function readUsage(usage: object, known: LLMAnswer): void {
  let counts = countsOf.get(known);
  if (counts === undefined) countsOf.set(known, (counts = { said: {}, beside: {} }));
  const { said } = counts;
  const told = countsIn(usage);
  for (const key of countKeys) said[key] = told[key] ?? said[key];
  const iterations = ownArray(usage, 'iterations');
  if (iterations.length > 0) counts.beside = compactionsIn(iterations);
  const { beside } = counts;

  const total = (key: keyof AnthropicCounts): number | undefined => sumOfTokens(said[key], beside[key]);
  setTokens(known, 'cachedInputTokens', total('read'));
  setTokens(known, 'cacheWriteTokens', total('written'));
  setTokens(known, 'cacheWrite1hTokens', total('written1h'));
  setTokens(known, 'outputTokens', total('output'));
  const uncached = total('uncached');
  if (uncached !== undefined) {
    setTokens(known, 'inputTokens', sumOfTokens(uncached, sumOfTokens(total('read'), total('written'))));
  }
  readAnthropicService(usage, known);
  const details = ownObject(usage, 'output_tokens_details');
  if (details !== undefined) keepTokens(known, 'reasoningTokens', details, 'thinking_tokens');
}

/** Reads how Anthropic served a call from its `usage`, which other SDKs hand on as it is. */
export function readAnthropicService(usage: object, known: LLMAnswer): void {
  keepText(known, 'serviceTier', usage, 'service_tier');
  keepText(known, 'speed', usage, 'speed');
  keepText(known, 'region', usage, 'inference_geo');
}

/** The tokens written for one hour, of a `usage` that another SDK hands on. */
export function anthropicWrites1h(usage: object): number | undefined {
  const lifetimes = ownObject(usage, 'cache_creation');
  return lifetimes && ownTokens(lifetimes, 'ephemeral_1h_input_tokens');
}

const countKeys = ['uncached', 'read', 'written', 'written1h', 'output'] as const satisfies (keyof AnthropicCounts)[];

function countsIn(usage: object): AnthropicCounts {
  const lifetimes = ownObject(usage, 'cache_creation');
  const written5m = lifetimes && ownTokens(lifetimes, 'ephemeral_5m_input_tokens');
  const written1h = anthropicWrites1h(usage);
  return {
    uncached: ownTokens(usage, 'input_tokens'),
    read: ownTokens(usage, 'cache_read_input_tokens'),
    written: ownTokens(usage, 'cache_creation_input_tokens') ?? sumOfTokens(written5m, written1h),
    written1h,
    output: ownTokens(usage, 'output_tokens'),
  };
}

/** Of all iterations only compactions are billed but not in the counts of the message. */
function compactionsIn(iterations: readonly unknown[]): AnthropicCounts {
  const sum: AnthropicCounts = {};
  for (const iteration of iterations) {
    if (!isObject(iteration) || ownValue(iteration, 'type') !== 'compaction') continue;
    const counts = countsIn(iteration);
    for (const key of countKeys) sum[key] = sumOfTokens(sum[key], counts[key]);
  }
  return sum;
}

function setTokens(known: LLMAnswer, field: TokenField, count: number | undefined): void {
  if (count !== undefined) known[field] = count;
}
