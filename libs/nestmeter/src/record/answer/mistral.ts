import { classifyAnswerFailure } from '../llm-error.js';
import { keepText, keepTokens, seeContent, type AnswerReader, type LLMAnswer, type StreamedAnswer } from './answer.js';
import { readOpenAIUsage } from './openai-usage.js';
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue } from './own-value.js';

/**
 * Reads what the Mistral SDK makes of chat completions, embeddings and conversations: OpenAI's answers in camelCase. What
 * the SDK does not know passes in snake_case beside it, so the details of the usage are spelt as OpenAI's.
 *
 * A stream item is an event whose `data` is the chunk; the last chunk has the usage.
 */
export const mistral: AnswerReader = {
  name: 'mistral',

  recognises(answer) {
    const usage = ownObject(answer, 'usage');
    return usage !== undefined && hasUsage(usage) && answerLists.some((key) => Array.isArray(ownValue(answer, key)));
  },

  read(answer) {
    const known: LLMAnswer = {};
    readHead(answer, known);
    for (const choice of ownArray(answer, 'choices')) readFinish(choice, known);
    // A conversation names the model with each of its outputs; who asked may have named an agent instead.
    for (const output of ownArray(answer, 'outputs')) if (isObject(output)) keepText(known, 'model', output, 'model');
    if (ownArray(answer, 'data').length > 0) known.outputTokens ??= 0;
    return known;
  },

  recognisesItem(item) {
    const data = ownObject(item, 'data');
    if (data === undefined) return false;
    if (isConversationEvent(data)) return true;
    const [choice] = ownArray(data, 'choices');
    return isObject(choice) && ownObject(choice, 'delta') !== undefined && 'finishReason' in choice;
  },

  readItem(item, known) {
    const data = ownObject(item, 'data');
    if (data === undefined) return;
    readHead(data, known);
    for (const choice of ownArray(data, 'choices')) {
      if (readFinish(choice, known)) known.terminal = true;
      if (!known.contentSeen && isObject(choice)) readContent(choice, known);
    }
    const type = ownText(data, 'type');
    if (type === 'message.output.delta' || type === 'function.call.delta')
      seeContent(known, isThinking(ownValue(data, 'content')));
    else if (type === 'conversation.response.done') known.terminal = true;
    else if (type === 'conversation.response.error') {
      known.terminal = true;
      const { category, code } = classifyAnswerFailure({
        code: ownValue(data, 'code'),
        message: ownValue(data, 'message'),
      });
      known.failure = category === 'unknown' ? { category: 'server_error', code } : { category, code };
    }
  },
};

/** Where chat completions, embeddings and conversations keep what was asked for. */
const answerLists = ['choices', 'data', 'outputs'] as const;

function hasUsage(usage: object): boolean {
  return (ownTokens(usage, 'promptTokens') ?? ownTokens(usage, 'totalTokens')) !== undefined;
}

function isConversationEvent(data: object): boolean {
  return ownText(data, 'type')?.startsWith('conversation.response.') === true;
}

function readHead(answer: object, known: LLMAnswer): void {
  keepText(known, 'model', answer, 'model');
  const usage = ownObject(answer, 'usage');
  if (usage === undefined) return;
  readOpenAIUsage(usage, known);
  keepTokens(known, 'inputTokens', usage, 'promptTokens');
  keepTokens(known, 'outputTokens', usage, 'completionTokens');
  keepText(known, 'serviceTier', usage, 'serviceTier');
}

function readFinish(choice: unknown, known: LLMAnswer): boolean {
  const reason = isObject(choice) ? ownText(choice, 'finishReason') : undefined;
  if (reason === undefined) return false;
  known.finishReason ??= reason;
  if (reason === 'error') known.failure ??= { category: 'server_error', code: null };
  return true;
}

/** Content is text or a list of parts: of the thinking models first a part with the thinking. */
function readContent(choice: object, known: StreamedAnswer): void {
  const delta = ownObject(choice, 'delta');
  if (delta === undefined) return;
  const [part] = ownArray(delta, 'content');
  if (part !== undefined) seeContent(known, isThinking(part));
  else if (ownText(delta, 'content') !== undefined || ownArray(delta, 'toolCalls').length > 0) seeContent(known, false);
}

function isThinking(part: unknown): boolean {
  return isObject(part) && ownValue(part, 'type') === 'thinking';
}
