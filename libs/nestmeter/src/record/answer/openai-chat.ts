import { classifyAnswerFailure } from '../llm-error.js';
import { keepText, seeContent, type AnswerReader, type LLMAnswer, type StreamedAnswer } from './answer.js';
import { readOpenAIUsage } from './openai-usage.js';
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue } from './own-value.js';

/**
 * Reads OpenAI chat completions and what copies them (`object: 'chat.completion'`, streamed `'chat.completion.chunk'`).
 *
 * So do Cerebras, DeepSeek, xAI, Azure and most gateways; where their counts differ is in `openai-usage.ts`. In a stream the usage comes in a last chunk without choices, and only if the caller asked for it
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
      if (!known.contentSeen) readContent(choice, known);
    }
  },
};

/** Reads what a chat completion and a chunk of one have in common, beside the choices. */
function readHead(answer: object, known: LLMAnswer): void {
  keepText(known, 'model', answer, 'model');
  keepText(known, 'serviceTier', answer, 'service_tier');
  const usage = ownObject(answer, 'usage');
  if (usage !== undefined) readOpenAIUsage(usage, known);
  const error = ownObject(answer, 'error');
  if (error !== undefined) known.failure = classifyAnswerFailure(error);
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
const reasoningTexts = ['reasoning_content', 'reasoning'] as const;
const contentTexts = ['content', 'refusal'] as const;

function readContent(choice: object, known: StreamedAnswer): void {
  const delta = ownObject(choice, 'delta');
  if (delta === undefined) return;
  const has = (key: string): boolean => ownText(delta, key) !== undefined;
  if (reasoningTexts.some(has)) seeContent(known, true);
  else if (contentTexts.some(has) || ownArray(delta, 'tool_calls').length > 0) seeContent(known, false);
  else if (ownObject(delta, 'function_call') !== undefined) seeContent(known, false);
}
