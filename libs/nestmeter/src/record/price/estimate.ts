import type { Refusals } from '../refusals.js';
import { costAnswer, costOfCall, type CostAnswer } from './cost.js';
import type { PriceTable } from './price-table.js';

/** What to estimate: a call that has not been made. */
export interface EstimateRequest {
  readonly provider: string;
  readonly model: string;
  /** The input as text, counted by the tokenizer if there is one, else by `estimateTokens`. Give this or `tokens`. */
  readonly text?: string | undefined;
  /** The input tokens, where they are known; wins over `text`. */
  readonly tokens?: number | undefined;
  /** Output tokens to expect, reasoning included. Default 0: the estimate is that of the input alone. */
  readonly expectedOutputTokens?: number | undefined;
}

/** An estimated cost as data: always marked, never added to what was billed. */
export interface CostEstimate extends CostAnswer {
  readonly estimated: true;
  readonly input_tokens: number | null;
  /** How the input tokens are known: given, by the tokenizer, or by the built-in estimate. Null without input. */
  readonly tokens_by: 'given' | 'tokenizer' | 'estimate' | null;
  readonly output_tokens: number;
}

/** Counts the tokens that a text has for a model, such as `(text) => encode(text).length`; the option `tokenizer`. */
export type Tokenizer = (text: string, model: string) => number;

/** What an estimate is made with. */
export interface EstimateMeans {
  readonly prices: PriceTable;
  /** Unix milliseconds of the prices. */
  readonly atMs: number;
  readonly tokenizer?: Tokenizer | undefined;
  /** Counts what the tokenizer threw, and that it returned no count. */
  readonly refusals: Pick<Refusals, 'failed'>;
}

/**
 * Estimates what a call will cost, before it is made. For an unknown model all costs are null and `unpriced_reason` says
 * why; where the tokenizer fails, the built-in estimate counts. Never throws. Takes as long as the tokenizer.
 */
export function estimateCost(request: EstimateRequest, means: EstimateMeans): CostEstimate {
  const [inputTokens, tokensBy] = countInput(request, means);
  const outputTokens = request.expectedOutputTokens ?? 0;
  const rates = means.prices.lookup(request.provider, request.model, means.atMs);
  return {
    estimated: true,
    input_tokens: inputTokens ?? null,
    tokens_by: tokensBy,
    output_tokens: outputTokens,
    ...costAnswer(costOfCall({ inputTokens, outputTokens }, rates)),
  };
}

function countInput(
  { tokens, text, model }: EstimateRequest,
  { tokenizer, refusals }: EstimateMeans,
): [tokens: number | undefined, by: CostEstimate['tokens_by']] {
  if (tokens != null) return [tokens, 'given'];
  if (text == null) return [undefined, null];
  const counted = tokenizer === undefined ? null : countBy(tokenizer, { text, model, refusals });
  return counted === null ? [estimateTokens(text), 'estimate'] : [counted, 'tokenizer'];
}

/** Null if the tokenizer throws or returns anything but a count. */
function countBy(
  tokenizer: Tokenizer,
  { text, model, refusals }: { text: string; model: string; refusals: EstimateMeans['refusals'] },
): number | null {
  try {
    const counted: unknown = tokenizer(text, model);
    if (typeof counted === 'number' && Number.isSafeInteger(counted) && counted >= 0) return counted;
    // What an asynchronous tokenizer fails with later must not end the process.
    if (counted instanceof Promise) counted.catch(() => {});
    refusals.failed('tokenizer', new TypeError('tokenizer must return a whole number of tokens, at once'));
  } catch (error) {
    refusals.failed('tokenizer', error);
  }
  return null;
}

/** Longer text is counted by its beginning, so that an estimate takes at most about 1 ms. */
const maxCountedLength = 100_000;

/**
 * Roughly how many tokens a text has: one per four ASCII and Latin characters, one per two of other alphabets, one per
 * CJK character and two per emoji. A guess for prose and code; far too low for base64 and long numbers.
 */
export function estimateTokens(text: string): number {
  const counted = Math.min(text.length, maxCountedLength);
  if (counted === 0) return 0;
  let quarters = 0;
  for (let index = 0; index < counted; index++) quarters += quarterTokens(text.charCodeAt(index));
  return Math.ceil((quarters * (text.length / counted)) / 4);
}

/** A character's share of a token in quarters, by its UTF-16 code unit. */
function quarterTokens(codeUnit: number): number {
  if (codeUnit < 0x0250) return 1;
  if (codeUnit < 0x2e80) return 2;
  return 4;
}
