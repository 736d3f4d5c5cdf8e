import { keepText, keepTokens, type AnswerReader, type LLMAnswer } from './answer.js';
import { ownObject, ownTokens, ownValue } from './own-value.js';

/**
 * Reads the embeddings of OpenAI and of the hosts that copy them: a list with a usage. Lists of models, files and the like
 * have none. What has no output has 0 output tokens.
 */
export const openaiEmbeddings: AnswerReader = {
  name: 'openai-embeddings',

  recognises(answer) {
    const usage = ownObject(answer, 'usage');
    return (
      usage !== undefined &&
      ownValue(answer, 'object') === 'list' &&
      Array.isArray(ownValue(answer, 'data')) &&
      ownTokens(usage, 'prompt_tokens') !== undefined
    );
  },

  read(answer) {
    const known: LLMAnswer = { outputTokens: 0 };
    keepText(known, 'model', answer, 'model');
    const usage = ownObject(answer, 'usage');
    if (usage !== undefined) keepTokens(known, 'inputTokens', usage, 'prompt_tokens');
    return known;
  },

  recognisesItem: () => false,

  readItem() {},
};
