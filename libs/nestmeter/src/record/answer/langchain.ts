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
import { isObject, ownArray, ownObject, ownText, ownTokens, ownValue } from './own-value.js';

/**
 * Reads the messages of LangChain models, the chunks of their streams, and the older `LLMResult`.
 *
 * `usage_metadata` is in the normal form already. In a stream each chunk counts what is new in it, so the counts of the
 * chunks add up; this is how LangChain itself joins them.
 */
export const langchain: AnswerReader = {
  name: 'langchain',

  recognises: (answer) => isMessage(answer) || resultUsage(answer) !== undefined,

  read(answer) {
    const known: LLMAnswer = {};
    const result = resultUsage(answer);
    if (result !== undefined) {
      keepTokens(known, 'inputTokens', result, 'promptTokens');
      keepTokens(known, 'outputTokens', result, 'completionTokens');
      return known;
    }
    addUsage(answer, known);
    readMetadata(answer, known);
    return known;
  },

  recognisesItem: isMessage,

  readItem(item, known) {
    addUsage(item, known);
    if (readMetadata(item, known)) known.terminal = true;
    if (!known.contentSeen) readContent(item, known);
  },
};

function isMessage(answer: object): boolean {
  const usage = ownObject(answer, 'usage_metadata');
  if (usage !== undefined && ownTokens(usage, 'input_tokens') !== undefined) return true;
  return ownObject(answer, 'response_metadata') !== undefined && ownObject(answer, 'additional_kwargs') !== undefined;
}

function resultUsage(answer: object): object | undefined {
  const output = Array.isArray(ownValue(answer, 'generations')) ? ownObject(answer, 'llmOutput') : undefined;
  return output && ownObject(output, 'tokenUsage');
}

function addUsage(message: object, known: LLMAnswer): void {
  const usage = ownObject(message, 'usage_metadata');
  if (usage === undefined) return;
  addTokens(known, 'inputTokens', usage, 'input_tokens');
  addTokens(known, 'outputTokens', usage, 'output_tokens');
  const input = ownObject(usage, 'input_token_details');
  if (input !== undefined) {
    addTokens(known, 'cachedInputTokens', input, 'cache_read');
    addTokens(known, 'cacheWriteTokens', input, 'cache_creation');
  }
  const output = ownObject(usage, 'output_token_details');
  if (output !== undefined) addTokens(known, 'reasoningTokens', output, 'reasoning');
}

/** Each integration of LangChain keeps its provider's own words here. */
const finishKeys = ['finish_reason', 'stop_reason', 'stopReason', 'finishReason', 'done_reason'] as const;

/** @returns whether the answer is over. */
function readMetadata(message: object, known: LLMAnswer): boolean {
  const metadata = ownObject(message, 'response_metadata');
  if (metadata === undefined) return false;
  keepText(known, 'model', metadata, 'model');
  keepText(known, 'model', metadata, 'model_name');
  keepText(known, 'serviceTier', metadata, 'service_tier');
  const usage = ownObject(metadata, 'usage');
  if (usage !== undefined) readRawUsage(usage, known);
  let isOver = false;
  for (const key of finishKeys) {
    const reason = ownText(metadata, key);
    if (reason === undefined) continue;
    known.finishReason = reason;
    isOver = true;
  }
  return isOver;
}

/** The integration of Anthropic hands on the provider's usage, which says what the normal one leaves out. */
function readRawUsage(usage: object, known: LLMAnswer): void {
  readAnthropicService(usage, known);
  const written1h = anthropicWrites1h(usage);
  if (known.cacheWriteTokens !== undefined && written1h !== undefined) known.cacheWrite1hTokens = written1h;
}

/** Types of blocks that hold reasoning, as integrations of providers and LangChain itself name them. */
const reasoningBlocks: ReadonlySet<unknown> = new Set(['thinking', 'reasoning']);

function readContent(item: object, known: StreamedAnswer): void {
  const more = ownObject(item, 'additional_kwargs');
  const block = ownArray(item, 'content').find(isObject);
  if (more !== undefined && ownText(more, 'reasoning_content') !== undefined) seeContent(known, true);
  else if (block !== undefined) seeContent(known, reasoningBlocks.has(ownValue(block, 'type')));
  else if (ownText(item, 'content') !== undefined) seeContent(known, false);
  else if (ownArray(item, 'tool_call_chunks').length > 0) seeContent(known, false);
}
