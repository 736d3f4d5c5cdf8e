import { addTokens, keepText, keepTokens, type AnswerReader, type LLMAnswer } from './answer.js';
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue, sumOfTokens } from './own-value.js';

/**
 * Reads what the Converse calls of Amazon Bedrock answer, and the events of `ConverseStream`.
 *
 * `inputTokens` leaves out cache reads and writes, so they are added. No answer names its model. The stream has its own
 * last event, `metadata`, for the usage; `messageStop` says that the answer is over.
 */
export const bedrockConverse: AnswerReader = {
  name: 'bedrock-converse',

  recognises(answer) {
    const usage = ownObject(answer, 'usage');
    return (
      usage !== undefined &&
      ownTokens(usage, 'inputTokens') !== undefined &&
      ownText(answer, 'stopReason') !== undefined &&
      ownObject(answer, 'output') !== undefined
    );
  },

  read(answer) {
    const known: LLMAnswer = {};
    keepText(known, 'finishReason', answer, 'stopReason');
    readMetadata(answer, known);
    return known;
  },

  recognisesItem(item) {
    const start = ownObject(item, 'messageStart');
    if (start !== undefined) return ownText(start, 'role') !== undefined;
    const block = ownObject(item, 'contentBlockDelta') ?? ownObject(item, 'contentBlockStart');
    return block !== undefined && typeof ownValue(block, 'contentBlockIndex') === 'number';
  },

  readItem(item, known) {
    if (ownObject(item, 'contentBlockDelta') !== undefined) known.contentSeen = true;
    const stop = ownObject(item, 'messageStop');
    if (stop !== undefined) {
      keepText(known, 'finishReason', stop, 'stopReason');
      known.terminal = true;
    }
    const metadata = ownObject(item, 'metadata');
    if (metadata !== undefined) readMetadata(metadata, known);
  },
};

function readMetadata(answer: object, known: LLMAnswer): void {
  const tier = ownObject(answer, 'serviceTier');
  if (tier !== undefined) keepText(known, 'serviceTier', tier, 'type');
  const usage = ownObject(answer, 'usage');
  if (usage === undefined) return;
  keepTokens(known, 'cachedInputTokens', usage, 'cacheReadInputTokens');
  keepTokens(known, 'cacheWriteTokens', usage, 'cacheWriteInputTokens');
  keepTokens(known, 'outputTokens', usage, 'outputTokens');
  const uncached = ownTokens(usage, 'inputTokens');
  const cached = sumOfTokens(known.cachedInputTokens, known.cacheWriteTokens);
  const input = uncached === undefined ? undefined : sumOfTokens(uncached, cached);
  if (input !== undefined) known.inputTokens = input;
  for (const detail of ownArray(usage, 'cacheDetails')) {
    if (isObject(detail) && ownValue(detail, 'ttl') === '1h') {
      addTokens(known, 'cacheWrite1hTokens', detail, 'inputTokens');
    }
  }
}
