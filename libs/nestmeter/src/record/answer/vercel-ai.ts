import { types } from 'node:util';

import { classifyAnswerFailure } from '../llm-error.js';
import { anthropicWrites1h, readAnthropicService } from './anthropic-messages.js';
import {
  addTokens,
  keepText,
  keepTokens,
  seeContent,
  type AnswerReader,
  type LLMAnswer,
  type StreamedAnswer,
} from './answer.js';
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue, sumOfTokens } from './own-value.js';

/**
 * Reads the results of the Vercel `ai` package, versions 5 to 7, the parts of its streams, and what its provider models
 * return to middleware.
 *
 * Input includes the cache, output the reasoning. Up to version 6 the `usage` of a result is that of its last step only, and
 * `totalUsage` that of all; in a stream the usages of the steps add up until the total comes. The getters of a streamed
 * result start and drain its stream, so nothing but own data properties is looked at (`result/ai-stream.ts` watches it).
 */
export const vercelAi: AnswerReader = {
  name: 'vercel-ai',

  recognises(answer) {
    if (ownObject(answer, 'totalUsage') !== undefined && ownArray(answer, 'steps').length > 0) return true;
    const usage = ownObject(answer, 'usage');
    if (usage === undefined) return false;
    if (ownTokens(usage, 'tokens') !== undefined) return ownValue(answer, 'embedding') !== undefined || isMany(answer);
    return isUsage(usage) && ownValue(answer, 'finishReason') !== undefined;
  },

  read(answer) {
    const known: LLMAnswer = {};
    const usage = ownObject(answer, 'usage');
    if (usage !== undefined && ownTokens(usage, 'tokens') !== undefined) {
      keepTokens(known, 'inputTokens', usage, 'tokens');
      known.outputTokens = 0;
      return known;
    }
    const lastStep = ownArray(answer, 'steps').at(-1);
    if (isObject(lastStep)) readStep(lastStep, known);
    readStep(answer, known);
    const total = ownObject(answer, 'totalUsage') ?? usage;
    if (total !== undefined) readUsage(total, known, keepTokens);
    const steps = ownArray(answer, 'steps').filter(isObject);
    for (const step of steps.length > 0 ? steps : [answer]) addWrites1h(step, known);
    return known;
  },

  recognisesItem(item) {
    const type = ownText(item, 'type');
    if (type === undefined) return false;
    if (openings.has(type) || (type === 'error' && isThrown(ownValue(item, 'error')))) return true;
    return type.endsWith('-delta') && (ownText(item, 'id') ?? ownText(item, 'textDelta')) !== undefined;
  },

  readItem(item, known) {
    const type = ownText(item, 'type');
    if (type === undefined) return;
    if (type.endsWith('-delta')) {
      if (!known.contentSeen && hasText(item)) seeContent(known, type === 'reasoning-delta');
    } else if (type === 'finish-step') {
      readStep(item, known);
      const usage = ownObject(item, 'usage');
      if (usage !== undefined) readUsage(usage, known, addTokens);
      addWrites1h(item, known);
    } else if (type === 'finish') readFinish(item, known);
    else if (type === 'response-metadata') keepText(known, 'model', item, 'modelId');
    else if (type === 'error') readFailure(item, known);
    else if (type === 'object' || type === 'tool-call') seeContent(known, false);
  },
};

/** What streams of the package, and of its provider models, begin with. */
const openings: ReadonlySet<string> = new Set(['start-step', 'stream-start', 'response-metadata', 'finish-step']);

function isMany(answer: object): boolean {
  return Array.isArray(ownValue(answer, 'embeddings'));
}

/** Of a result: plain counts, from version 6 on with details. Of a provider model: an object with the `total` for each side. */
function isUsage(usage: object): boolean {
  const input = ownObject(usage, 'inputTokens');
  if (input !== undefined) return 'total' in input;
  return ['inputTokens', 'outputTokens', 'totalTokens'].every((key) => key in usage);
}

/** What one step says beside its usage. */
function readStep(step: object, known: LLMAnswer): void {
  const reason = ownValue(step, 'finishReason');
  if (isObject(reason)) keepText(known, 'finishReason', reason, 'unified');
  else keepText(known, 'finishReason', step, 'finishReason');
  const response = ownObject(step, 'response');
  if (response !== undefined) keepText(known, 'model', response, 'modelId');
  const openai = metadataOf(step, 'openai');
  if (openai !== undefined) keepText(known, 'serviceTier', openai, 'serviceTier');
  const google = metadataOf(step, 'google') ?? metadataOf(step, 'vertex');
  const traffic = google && ownObject(google, 'usageMetadata');
  if (traffic !== undefined) keepText(known, 'serviceTier', traffic, 'trafficType');
  const usage = anthropicUsage(step);
  if (usage !== undefined) readAnthropicService(usage, known);
}

/** What only one provider says. */
function metadataOf(step: object, provider: string): object | undefined {
  const metadata = ownObject(step, 'providerMetadata');
  return metadata && ownObject(metadata, provider);
}

function anthropicUsage(step: object): object | undefined {
  const anthropic = metadataOf(step, 'anthropic');
  return anthropic && ownObject(anthropic, 'usage');
}

/** Lifetimes of written tokens stand in the provider's usage alone, for each step; they are a part of what is known. */
function addWrites1h(step: object, known: LLMAnswer): void {
  const usage = anthropicUsage(step);
  const sum = sumOfTokens(known.cacheWrite1hTokens, usage && anthropicWrites1h(usage));
  if (sum !== undefined && known.cacheWriteTokens !== undefined) known.cacheWrite1hTokens = sum;
}

/** A part for an error holds what was thrown; events of providers hold a description. */
function isThrown(error: unknown): boolean {
  return types.isNativeError(error) || error instanceof Error;
}

/** A stream that broke off has a last part too, with a reason of the package's own and none of the provider's. */
const reasonsOfNobody: ReadonlySet<unknown> = new Set(['other', 'unknown']);

function readFinish(part: object, known: StreamedAnswer): void {
  const reason = ownValue(part, 'finishReason');
  const [said, raw] = isObject(reason)
    ? [ownValue(reason, 'unified'), ownValue(reason, 'raw')]
    : [reason, ownValue(part, 'rawFinishReason')];
  if (raw !== undefined || !reasonsOfNobody.has(said)) known.terminal = true;
  readStep(part, known);
  const usage = ownObject(part, 'totalUsage') ?? ownObject(part, 'usage');
  if (usage !== undefined) readUsage(usage, known, keepTokens);
  // Streams of provider models have no steps.
  if (known.cacheWrite1hTokens === undefined) addWrites1h(part, known);
}

function readFailure(part: object, known: LLMAnswer): void {
  const error = ownValue(part, 'error');
  known.failure = classifyAnswerFailure(isObject(error) ? error : { message: error });
}

function readUsage(usage: object, known: LLMAnswer, take: typeof keepTokens): void {
  const input = ownObject(usage, 'inputTokens');
  const output = ownObject(usage, 'outputTokens');
  if (input !== undefined) {
    take(known, 'inputTokens', input, 'total');
    take(known, 'cachedInputTokens', input, 'cacheRead');
    take(known, 'cacheWriteTokens', input, 'cacheWrite');
  }
  if (output !== undefined) {
    take(known, 'outputTokens', output, 'total');
    take(known, 'reasoningTokens', output, 'reasoning');
  }
  if (input !== undefined || output !== undefined) return;
  take(known, 'inputTokens', usage, 'inputTokens');
  take(known, 'outputTokens', usage, 'outputTokens');
  const inputDetails = ownObject(usage, 'inputTokenDetails');
  const outputDetails = ownObject(usage, 'outputTokenDetails');
  // Version 5 has the subsets in the usage itself.
  take(known, 'cachedInputTokens', inputDetails ?? usage, inputDetails ? 'cacheReadTokens' : 'cachedInputTokens');
  if (inputDetails !== undefined) take(known, 'cacheWriteTokens', inputDetails, 'cacheWriteTokens');
  take(known, 'reasoningTokens', outputDetails ?? usage, 'reasoningTokens');
}

function hasText(part: object): boolean {
  return ['text', 'delta', 'textDelta', 'inputTextDelta'].some((key) => ownText(part, key) !== undefined);
}
