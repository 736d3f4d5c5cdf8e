import { classifyAnswerFailure } from '../llm-error.js';
import type { AnswerReader, LLMAnswer } from './answer.js';
import { openaiChat } from './openai-chat.js';
import { readOpenAIUsage } from './openai-usage.js';
import { ownObject, ownText } from './own-value.js';

/**
 * Reads the chat completions of Groq: those of OpenAI with `x_groq` beside.
 *
 * The first chunk of a stream has it, with an id; the last one too, and there it holds the usage, without being asked for it.
 * An `x_groq.error` says that the server gave the stream up.
 */
export const groq: AnswerReader = {
  name: 'groq',

  recognises(answer) {
    return ownObject(answer, 'x_groq') !== undefined && openaiChat.recognises(answer);
  },

  // The `x_groq.usage` of a whole answer counts hits of hardware caches, which nobody is billed by.
  read: openaiChat.read,

  recognisesItem(item) {
    return ownObject(item, 'x_groq') !== undefined && openaiChat.recognisesItem(item);
  },

  readItem(item, known) {
    openaiChat.readItem(item, known);
    const extension = ownObject(item, 'x_groq');
    if (extension !== undefined) readExtension(extension, known);
  },
};

function readExtension(extension: object, known: LLMAnswer): void {
  const usage = ownObject(extension, 'usage');
  if (usage !== undefined) readOpenAIUsage(usage, known);
  const error = ownText(extension, 'error');
  if (error === undefined) return;
  const { category, code } = classifyAnswerFailure({ code: error, message: error });
  known.failure = category === 'unknown' ? { category: 'server_error', code } : { category, code };
}
