import { classifyAnswerFailure } from '../llm-error.js';
import { keepText, keepTokens, type AnswerReader, type LLMAnswer, type StreamedAnswer } from './answer.js';
import { ownObject, ownText, ownTokens, ownValue } from './own-value.js';

/**
 * Reads Anthropic messages (`type: 'message'`) and the events of their streams.
 *
 * `input_tokens` leaves out cache reads and writes, so they are added. In a stream `message_start` brings the input
 * counts and `message_delta` cumulative counts, of which those of the input may be null: each field keeps the last value
 * that was not null, and nothing is summed over events.
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
      case 'error':
        return ownObject(item, 'error') !== undefined;
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
        known.contentSeen = true;
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

function readUsage(usage: object, known: LLMAnswer): void {
  const uncached = ownTokens(usage, 'input_tokens') ?? uncachedTokens(known);
  keepTokens(known, 'cachedInputTokens', usage, 'cache_read_input_tokens');
  keepTokens(known, 'cacheWriteTokens', usage, 'cache_creation_input_tokens');
  if (uncached !== undefined) {
    known.inputTokens = uncached + (known.cachedInputTokens ?? 0) + (known.cacheWriteTokens ?? 0);
  }
  keepTokens(known, 'outputTokens', usage, 'output_tokens');
  keepText(known, 'serviceTier', usage, 'service_tier');
  const lifetimes = ownObject(usage, 'cache_creation');
  if (lifetimes !== undefined) keepTokens(known, 'cacheWrite1hTokens', lifetimes, 'ephemeral_1h_input_tokens');
  const details = ownObject(usage, 'output_tokens_details');
  if (details !== undefined) keepTokens(known, 'reasoningTokens', details, 'thinking_tokens');
}

/** The `input_tokens` of an earlier event, got back from the normal form. */
function uncachedTokens(known: LLMAnswer): number | undefined {
  if (known.inputTokens === undefined) return undefined;
  return known.inputTokens - (known.cachedInputTokens ?? 0) - (known.cacheWriteTokens ?? 0);
}
