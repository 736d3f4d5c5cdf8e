import { llmErrorCategories, type LLMErrorCategory } from '../llm-error.js';
import { isObject, ownObject, ownText, ownTokens, ownValue, sumOfTokens, textOrUndefined } from './own-value.js';

/**
 * What a provider's answer said, in the normal form of every reader.
 *
 * `inputTokens` includes cache reads and writes, `outputTokens` includes reasoning; the other counts are subsets of
 * these two. All counts are tokens, integers ≥ 0. A field that is left out is unknown: the provider did not say, or said
 * it in a way that cannot be trusted. Unknown is never 0.
 */
export interface LLMAnswer {
  /** The model that answered, in the provider's own spelling. */
  model?: string;
  /** All input tokens, cache reads and writes included. */
  inputTokens?: number;
  /** All output tokens, reasoning included. */
  outputTokens?: number;
  /** Input tokens read from the provider's prompt cache. */
  cachedInputTokens?: number;
  /** Input tokens written to the provider's prompt cache, for any lifetime. */
  cacheWriteTokens?: number;
  /** Those of `cacheWriteTokens` that were written for one hour. */
  cacheWrite1hTokens?: number;
  /** Output tokens spent on reasoning. */
  reasoningTokens?: number;
  /** Why the answer ended, in the provider's own word. */
  finishReason?: string;
  /** The tier that served the call, in the provider's own word, such as `batch` or `ON_DEMAND_FLEX`; decides about the price. */
  serviceTier?: string;
  /** How fast the call was served, in the provider's own word, such as `fast`; decides about the price. */
  speed?: string;
  /** Where the model ran, in the provider's own word, such as `us`; set where that decides about the price. */
  region?: string;
  /** Set when an answer that looks like a success says that the call failed. A content filter is not a failure. */
  failure?: AnswerFailure;
}

/** What an answer without an exception said about its failure. */
export interface AnswerFailure {
  readonly category: LLMErrorCategory;
  /** The provider's own code, where it gave one. */
  readonly code: string | null;
}

/** What is known of a streamed answer so far: one object, changed in place by each item. */
export interface StreamedAnswer extends LLMAnswer {
  /** Whether an item carried content (text, reasoning, tool arguments): the first such item is the first token. */
  contentSeen: boolean;
  /**
   * Whether that first item was reasoning. Elsewhere reasoning is over, and mostly hidden, when the first token comes: its
   * tokens are none of those that were written from then on.
   */
  reasoningFirst?: boolean;
  /** Whether the provider said that the answer is over; a stream that ends without it is incomplete. */
  terminal: boolean;
}

/**
 * Reads the answers of one provider shape. Adding a provider is one file with a reader and one line in `read-answer.ts`.
 * Readers recognise by shape, never by class, and keep no state: what a stream said so far is in the `StreamedAnswer`.
 */
export interface AnswerReader {
  /** The shape, named as its file is. */
  readonly name: string;
  /** Whether a whole answer has this shape. Called with objects of any origin: may look at own data properties only. */
  recognises(answer: object): boolean;
  /** Reads an answer that was recognised. */
  read(answer: object): LLMAnswer;
  /** Whether one stream item has this shape. */
  recognisesItem(item: object): boolean;
  /** Folds one stream item into what was known; called for every item of the stream. */
  readItem(item: object, known: StreamedAnswer): void;
}

/**
 * The `extract` option of `@TrackLLMCall`: reads what no reader knows. It gets what the method returned, or for a stream
 * each item in turn, and returns the fields that it found. What it throws is ignored.
 */
export type ExtractAnswer = (answer: unknown) => Partial<LLMAnswer> | undefined;

const tokenFields = [
  'inputTokens',
  'outputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'reasoningTokens',
] as const;

const textFields = ['model', 'finishReason', 'serviceTier', 'speed', 'region'] as const;

/** A field of the normal form that holds a token count. */
export type TokenField = (typeof tokenFields)[number];

/** A field of the normal form that holds text. */
export type TextField = (typeof textFields)[number];

/** Sets a count of `known` from a property of the provider's object; one that is missing or not valid leaves it. */
export function keepTokens(known: LLMAnswer, field: TokenField, source: object, key: string): void {
  const count = ownTokens(source, key);
  if (count !== undefined) known[field] = count;
}

/** Sets a text of `known` from a property of the provider's object; one that is missing, empty or null leaves it. */
export function keepText(known: LLMAnswer, field: TextField, source: object, key: string): void {
  const text = ownText(source, key);
  if (text !== undefined) known[field] = text;
}

/**
 * Adds a count of the provider's object to one of `known`: for shapes that leave a part out, or that say in each item of a
 * stream only what is new.
 */
export function addTokens(known: LLMAnswer, field: TokenField, source: object, key: string): void {
  const sum = sumOfTokens(known[field], ownTokens(source, key));
  if (sum !== undefined) known[field] = sum;
}

/** Notes that an item of a stream carried content; only the first one counts. */
export function seeContent(known: StreamedAnswer, isReasoning: boolean): void {
  if (known.contentSeen) return;
  known.contentSeen = true;
  if (isReasoning) known.reasoningFirst = true;
}

/**
 * Calls an `extract` hook and copies the valid fields of what it returns over those of `known`.
 *
 * @returns whether the hook returned anything. Never throws.
 */
export function foldExtracted(extract: ExtractAnswer, value: unknown, known: LLMAnswer): boolean {
  let found: unknown;
  try {
    found = extract(value);
  } catch {
    return false;
  }
  if (!isObject(found)) return false;
  for (const field of tokenFields) keepTokens(known, field, found, field);
  for (const field of textFields) keepText(known, field, found, field);
  const failure = ownObject(found, 'failure');
  const category = failure && ownValue(failure, 'category');
  if (failure && isCategory(category)) {
    known.failure = { category, code: textOrUndefined(ownValue(failure, 'code')) ?? null };
  }
  return true;
}

function isCategory(value: unknown): value is LLMErrorCategory {
  return (llmErrorCategories as readonly unknown[]).includes(value);
}
