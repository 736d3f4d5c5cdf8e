import { classifyAnswerFailure } from '../llm-error.js';
import { keepText, keepTokens, type AnswerReader, type LLMAnswer } from './answer.js';
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue } from './own-value.js';

/**
 * Reads OpenAI chat completions and what copies them (`object: 'chat.completion'`, streamed `'chat.completion.chunk'`).
 *
 * The counts are in the normal form already: `prompt_tokens` includes cache reads and writes, `completion_tokens`
 * includes reasoning. In a stream the usage comes in a last chunk without choices, and only if the caller asked for it
 * with `stream_options: {include_usage: true}`; until then it is null.
 */
export const openaiChat: AnswerReader = {
  name: 'openai-chat',

  recognises(answer) {
    if (ownValue(answer, 'object') === 'chat.completion') return true;
    const usage = ownObject(answer, 'usage');
    return (
      usage !== undefined &&
      ownTokens(usage, 'prompt_tokens') !== undefined &&
      Array.isArray(ownValue(answer, 'choices'))
    );
  },

  read(answer) {
    const known: LLMAnswer = {};
    readHead(answer, known);
    for (const choice of ownArray(answer, 'choices')) {
      if (isObject(choice)) readFinish(choice, known);
    }
    return known;
  },

  recognisesItem(item) {
    return ownValue(item, 'object') === 'chat.completion.chunk';
  },

  readItem(item, known) {
    readHead(item, known);
    for (const choice of ownArray(item, 'choices')) {
      if (!isObject(choice)) continue;
      if (readFinish(choice, known)) known.terminal = true;
      if (!known.contentSeen) known.contentSeen = hasContent(choice);
    }
  },
};

function readHead(answer: object, known: LLMAnswer): void {
  keepText(known, 'model', answer, 'model');
  keepText(known, 'serviceTier', answer, 'service_tier');
  const usage = ownObject(answer, 'usage');
  if (usage !== undefined) readUsage(usage, known);
  const error = ownObject(answer, 'error');
  if (error !== undefined) known.failure = classifyAnswerFailure(error);
}

function readUsage(usage: object, known: LLMAnswer): void {
  keepTokens(known, 'inputTokens', usage, 'prompt_tokens');
  keepTokens(known, 'outputTokens', usage, 'completion_tokens');
  const input = ownObject(usage, 'prompt_tokens_details');
  if (input !== undefined) {
    keepTokens(known, 'cachedInputTokens', input, 'cached_tokens');
    keepTokens(known, 'cacheWriteTokens', input, 'cache_write_tokens');
  }
  const output = ownObject(usage, 'completion_tokens_details');
  if (output !== undefined) keepTokens(known, 'reasoningTokens', output, 'reasoning_tokens');
}

/**
 * Keeps the first finish reason of several choices and says whether this choice has one. `error` is what gateways
 * answer, with status 200, when the model behind them failed.
 */
function readFinish(choice: object, known: LLMAnswer): boolean {
  const reason = ownText(choice, 'finish_reason');
  if (reason === undefined) return false;
  known.finishReason ??= reason;
  if (reason === 'error') {
    const error = ownObject(choice, 'error');
    known.failure ??= error ? classifyAnswerFailure(error) : { category: 'server_error', code: null };
  }
  return true;
}

/** Compatible hosts (DeepSeek, Groq, OpenRouter) stream `reasoning_content` or `reasoning` before the text. */
const contentTexts = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;

function hasContent(choice: object): boolean {
  const delta = ownObject(choice, 'delta');
  if (delta === undefined) return false;
  for (const key of contentTexts) {
    if (ownText(delta, key) !== undefined) return true;
  }
  return ownArray(delta, 'tool_calls').length > 0 || ownObject(delta, 'function_call') !== undefined;
}
