import { keepText, keepTokens, type AnswerReader, type LLMAnswer } from './answer.js';
import { ownArray, ownObject, ownText, ownTokens, ownValue } from './own-value.js';

/**
 * Reads what ollama answers to chats, prompts and embeddings; the items of a stream have the same shape, the last one with
 * `done: true` and the counts.
 *
 * Old servers leave `prompt_eval_count` out when the prompt was cached: then the input is unknown, not 0.
 */
export const ollama: AnswerReader = {
  name: 'ollama',

  recognises: (answer) => isAnswer(answer) || isEmbedding(answer),

  read(answer) {
    const known: LLMAnswer = {};
    readCounts(answer, known);
    if (known.inputTokens !== undefined && isEmbedding(answer)) known.outputTokens = 0;
    return known;
  },

  recognisesItem: isAnswer,

  readItem(item, known) {
    readCounts(item, known);
    if (ownValue(item, 'done') === true) known.terminal = true;
    if (!known.contentSeen) known.contentSeen = hasContent(item);
  },
};

function isAnswer(answer: object): boolean {
  return (
    typeof ownValue(answer, 'done') === 'boolean' &&
    ownText(answer, 'model') !== undefined &&
    (ownObject(answer, 'message') !== undefined || typeof ownValue(answer, 'response') === 'string')
  );
}

function isEmbedding(answer: object): boolean {
  return (
    Array.isArray(ownValue(answer, 'embeddings')) &&
    ownText(answer, 'model') !== undefined &&
    (ownTokens(answer, 'prompt_eval_count') ?? ownTokens(answer, 'total_duration')) !== undefined
  );
}

function readCounts(answer: object, known: LLMAnswer): void {
  keepText(known, 'model', answer, 'model');
  keepText(known, 'finishReason', answer, 'done_reason');
  keepTokens(known, 'inputTokens', answer, 'prompt_eval_count');
  keepTokens(known, 'cachedInputTokens', answer, 'prompt_eval_cached_count');
  keepTokens(known, 'outputTokens', answer, 'eval_count');
}

function hasContent(item: object): boolean {
  if (ownText(item, 'response') !== undefined || ownText(item, 'thinking') !== undefined) return true;
  const message = ownObject(item, 'message');
  if (message === undefined) return false;
  return (
    (ownText(message, 'content') ?? ownText(message, 'thinking')) !== undefined ||
    ownArray(message, 'tool_calls').length > 0
  );
}
