import { keepText, keepTokens, seeContent, type AnswerReader, type LLMAnswer, type StreamedAnswer } from './answer.js';
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue, sumOfTokens } from './own-value.js';

/**
 * Reads what Google's `generateContent` and `embedContent` answer; the chunks of a stream have the same shape, and the
 * counts in each are those of the whole answer so far.
 *
 * `promptTokenCount` includes the cached part but not the prompts that tools made; `candidatesTokenCount` leaves out
 * thoughts. A prompt that is blocked as a whole has no candidates: then the block reason is the finish reason.
 */
export const googleGenai: AnswerReader = {
  name: 'google-genai',

  recognises: isContentOrEmbedding,

  read(answer) {
    const known: LLMAnswer = {};
    if (isEmbedding(answer)) readEmbedding(answer, known);
    else readContent(answer, known);
    return known;
  },

  recognisesItem: isContent,

  readItem(item, known) {
    if (readContent(item, known)) known.terminal = true;
    if (!known.contentSeen) seeParts(item, known);
  },
};

function isContentOrEmbedding(answer: object): boolean {
  return isContent(answer) || isEmbedding(answer);
}

function isContent(answer: object): boolean {
  const usage = ownObject(answer, 'usageMetadata');
  if (
    usage !== undefined &&
    (ownTokens(usage, 'promptTokenCount') ?? ownTokens(usage, 'totalTokenCount')) !== undefined
  ) {
    return !isEmbedding(answer);
  }
  const [candidate] = ownArray(answer, 'candidates');
  if (isObject(candidate)) {
    return ownObject(candidate, 'content') !== undefined || ownText(candidate, 'finishReason') !== undefined;
  }
  const feedback = ownObject(answer, 'promptFeedback');
  return feedback !== undefined && ownText(feedback, 'blockReason') !== undefined;
}

/** @returns whether the answer is over. */
function readContent(answer: object, known: LLMAnswer): boolean {
  keepText(known, 'model', answer, 'modelVersion');
  const usage = ownObject(answer, 'usageMetadata');
  if (usage !== undefined) readUsage(usage, known);
  let isOver = false;
  for (const candidate of ownArray(answer, 'candidates')) {
    const reason = isObject(candidate) ? ownText(candidate, 'finishReason') : undefined;
    if (reason === undefined) continue;
    isOver = true;
    known.finishReason ??= reason;
  }
  const feedback = ownObject(answer, 'promptFeedback');
  const blocked = feedback && ownText(feedback, 'blockReason');
  if (blocked === undefined) return isOver;
  known.finishReason ??= blocked;
  return true;
}

function readUsage(usage: object, known: LLMAnswer): void {
  const input = sumOfTokens(ownTokens(usage, 'promptTokenCount'), ownTokens(usage, 'toolUsePromptTokenCount'));
  if (input !== undefined) known.inputTokens = input;
  keepTokens(known, 'cachedInputTokens', usage, 'cachedContentTokenCount');
  keepTokens(known, 'reasoningTokens', usage, 'thoughtsTokenCount');
  keepText(known, 'serviceTier', usage, 'serviceTier');
  keepText(known, 'serviceTier', usage, 'trafficType');
  const output = sumOfTokens(ownTokens(usage, 'candidatesTokenCount'), ownTokens(usage, 'thoughtsTokenCount'));
  const total = ownTokens(usage, 'totalTokenCount');
  if (output !== undefined) known.outputTokens = output;
  // Google leaves out counts that are 0; the total then says so.
  else if (total !== undefined && total === input) known.outputTokens = 0;
}

function seeParts(item: object, known: StreamedAnswer): void {
  for (const candidate of ownArray(item, 'candidates')) {
    const content = isObject(candidate) ? ownObject(candidate, 'content') : undefined;
    for (const part of content ? ownArray(content, 'parts') : []) {
      if (isObject(part) && (ownText(part, 'text') ?? contentPart(part)) !== undefined)
        seeContent(known, ownValue(part, 'thought') === true);
    }
  }
}

function contentPart(part: object): object | undefined {
  return ownObject(part, 'functionCall') ?? ownObject(part, 'inlineData') ?? ownObject(part, 'executableCode');
}

function isEmbedding(answer: object): boolean {
  const [embedding] = ownArray(answer, 'embeddings');
  return isObject(embedding) && Array.isArray(ownValue(embedding, 'values'));
}

/** Gemini counts for the request, Vertex for each embedding; either may say nothing. */
function readEmbedding(answer: object, known: LLMAnswer): void {
  const usage = ownObject(answer, 'usageMetadata');
  let input = usage && ownTokens(usage, 'promptTokenCount');
  if (input === undefined) {
    for (const embedding of ownArray(answer, 'embeddings')) {
      const statistics = isObject(embedding) ? ownObject(embedding, 'statistics') : undefined;
      input = sumOfTokens(input, statistics && ownTokens(statistics, 'tokenCount'));
    }
  }
  if (input === undefined) return;
  known.inputTokens = input;
  known.outputTokens = 0;
}
