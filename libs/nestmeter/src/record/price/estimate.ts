import { costAnswer, costOfCall, type CostAnswer } from './cost.js';
import type { PriceTable } from './price-table.js';

/** What to estimate: a call that has not been made. */
export interface EstimateRequest {
  readonly provider: string;
  readonly model: string;
  /** The input as text, counted by `estimateTokens`. Give this or `tokens`. */
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
  readonly output_tokens: number;
}

/**
 * Estimates what a call will cost at the prices of `atMs` (Unix milliseconds), before it is made. For an unknown model
 * all costs are null and `unpriced_reason` says why. Never throws.
 */
export function estimateCost(request: EstimateRequest, prices: PriceTable, atMs: number): CostEstimate {
  const inputTokens = request.tokens ?? (request.text === undefined ? undefined : estimateTokens(request.text));
  const outputTokens = request.expectedOutputTokens ?? 0;
  const rates = prices.lookup(request.provider, request.model, atMs);
  return {
    estimated: true,
    input_tokens: inputTokens ?? null,
    output_tokens: outputTokens,
    ...costAnswer(costOfCall({ inputTokens, outputTokens }, rates)),
  };
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
