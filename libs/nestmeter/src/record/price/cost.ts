import { formatNanoUsd, readNanoUsd } from '../../money.js';
import { type Modifier, modifierOf } from './price-modifier.js';
import type { Rates, TokenRates } from './rates.js';

/** What a call used, in the normal form of `LLMAnswer`; counts that are not given count as unknown. */
export interface PricedUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly cacheWrite1hTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
  /** The tier that served the call, in the provider's word: `batch`, `flex`, `priority`, `ON_DEMAND_FLEX` … */
  readonly serviceTier?: string | undefined;
  /** How fast it was served, in the provider's word, such as `fast`. */
  readonly speed?: string | undefined;
  /** Where it was served, if that decides about the price, such as `us`. */
  readonly region?: string | undefined;
}

/**
 * What a call cost, in nano-USD. The four parts add up to the total exactly, and so do their sums over any calls.
 */
export interface LLMCost {
  readonly priced: true;
  /** Input tokens that were neither read from nor written to a cache, and a price per request. Null if only the total is known. */
  readonly inputNanoUsd: number | null;
  /** All output, reasoning included. */
  readonly outputNanoUsd: number | null;
  readonly cacheReadNanoUsd: number | null;
  readonly cacheWriteNanoUsd: number | null;
  readonly totalNanoUsd: number;
  /**
   * The price list that applied: `standard`, or what was applied to it, joined by `+`: the tier (`batch`, `flex`,
   * `priority` …), the speed (`fast`), the region (`us`) and `above_<tokens>` for the tier of long input. Null for a
   * reported cost.
   */
  readonly pricingTier: string | null;
  readonly priceSource: 'user' | 'genai-prices' | 'reported';
}

/** Why a call has no cost; it is counted as unpriced and never as free. */
export type UnpricedReason =
  /** No price table knows the model. */
  | 'unknown_model'
  /** The provider did not say what was used, or only a part of it. */
  | 'no_usage'
  /** The counts contradict each other, such as more cached than input tokens. */
  | 'invalid_usage'
  /** It was served at a tier, at a speed or in a region that is not the standard and whose price nobody knows. */
  | 'unknown_tier'
  /** There are output tokens, and the table has no price for output. */
  | 'no_output_price'
  /** The cost is past 2^53 − 1 nano-USD (9 million USD), or the given cost is no amount. */
  | 'out_of_range';

/** A call without a cost. */
export interface Unpriced {
  readonly priced: false;
  readonly reason: UnpricedReason;
}

/**
 * Computes what a call cost: exact in integers of pico-USD, then rounded half up to nano-USD, the total once.
 *
 * The parts are the differences of the rounded running sums (input, + output, + cache reads, + cache writes), so they
 * add up to the total; each is within 1 nano-USD of its exact value, and a part without tokens is 0.
 *
 * @param rates what `PriceTable.lookup` answered; null is an unknown model
 * @returns the cost, or the reason why there is none. Never throws. About 0.1 µs for costs up to 9,007 USD
 *   (less with a factor, by its denominator: 4,500 USD for batch), 0.5 µs beyond.
 */
export function costOfCall(usage: PricedUsage, rates: Rates | null): LLMCost | Unpriced {
  if (rates === null) return unpriced('unknown_model');
  const { inputTokens: input, outputTokens } = usage;
  const output = outputTokens ?? (rates.base.output === null ? 0 : undefined);
  // Reports say null for unknown.
  if (input == null || output === undefined) return unpriced('no_usage');

  const cacheRead = usage.cachedInputTokens ?? 0;
  const cacheWrite1h = usage.cacheWrite1hTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? cacheWrite1h;
  const reasoning = usage.reasoningTokens ?? 0;
  const counts: TokenCounts = {
    input: input - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite: cacheWrite - cacheWrite1h,
    cacheWrite1h,
    output: output - reasoning,
    reasoning,
  };
  if (!isCount(input) || !isCount(output) || !areCounts(counts)) return unpriced('invalid_usage');

  const tier = tierOf(rates, input);
  const prices = tier?.rates ?? rates.base;
  if (output > 0 && prices.output === null) return unpriced('no_output_price');
  const modifier = modifierOf(usage, rates);
  if (modifier === null) return unpriced('unknown_tier');

  const sums = runningNanoUsd(counts, prices, rates.perRequestPicoUsd, modifier);
  if (sums === null) return unpriced('out_of_range');
  return {
    priced: true,
    inputNanoUsd: sums[0],
    outputNanoUsd: sums[1] - sums[0],
    cacheReadNanoUsd: sums[2] - sums[1],
    cacheWriteNanoUsd: sums[3] - sums[2],
    totalNanoUsd: sums[3],
    pricingTier: pricingTier(modifier.name, tier?.aboveInputTokens),
    priceSource: rates.source,
  };
}

/** The cost that the caller gave, in USD: it wins over every table. Never throws. */
export function reportedCost(costUsd: number | string): LLMCost | Unpriced {
  const total = readNanoUsd(costUsd);
  if (typeof total !== 'number') return unpriced('out_of_range');
  return {
    priced: true,
    inputNanoUsd: null,
    outputNanoUsd: null,
    cacheReadNanoUsd: null,
    cacheWriteNanoUsd: null,
    totalNanoUsd: total,
    pricingTier: null,
    priceSource: 'reported',
  };
}

/** A cost as data: decimal strings with nine digits, null for what is unknown. */
export interface CostAnswer {
  readonly input_cost_usd: string | null;
  readonly output_cost_usd: string | null;
  readonly cache_read_cost_usd: string | null;
  readonly cache_write_cost_usd: string | null;
  readonly total_cost_usd: string | null;
  readonly pricing_tier: string | null;
  readonly price_source: LLMCost['priceSource'] | null;
  /** Null for a call that has a cost. */
  readonly unpriced_reason: UnpricedReason | null;
}

/** Spells a cost, or its absence, as data. */
export function costAnswer(cost: LLMCost | Unpriced): CostAnswer {
  const known: Partial<LLMCost> = cost.priced ? cost : {};
  return {
    input_cost_usd: usdOrNull(known.inputNanoUsd),
    output_cost_usd: usdOrNull(known.outputNanoUsd),
    cache_read_cost_usd: usdOrNull(known.cacheReadNanoUsd),
    cache_write_cost_usd: usdOrNull(known.cacheWriteNanoUsd),
    total_cost_usd: usdOrNull(known.totalNanoUsd),
    pricing_tier: known.pricingTier ?? null,
    price_source: known.priceSource ?? null,
    unpriced_reason: cost.priced ? null : cost.reason,
  };
}

/** Tokens that share a rate; disjoint, together the whole call. */
interface TokenCounts {
  readonly input: number;
  readonly cacheRead: number;
  /** Written for the short lifetime. */
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  /** Output that is no reasoning. */
  readonly output: number;
  readonly reasoning: number;
}

const picoPerNano = 1000;

/** Four running sums: input, with output, with cache reads, with cache writes. */
type RunningSums = readonly [number, number, number, number];

/**
 * Numbers first: every term is an integer ≥ 0, so if the last sum came out as a safe integer, no step before it was
 * rounded. Past that the same in bigint. One division at the end, by the denominator and to nano-USD at once.
 */
function runningNanoUsd(
  counts: TokenCounts,
  prices: TokenRates,
  perRequestPicoUsd: number,
  { numerator: factor, denominator }: Modifier,
): RunningSums | null {
  // A product of factors past 9007 is nobody's price.
  if (!Number.isSafeInteger(factor)) return null;
  const nano = picoPerNano * denominator;
  const outputRate = prices.output ?? 0;
  const reasoningRate = prices.reasoning ?? outputRate;
  const input = (counts.input * prices.input + perRequestPicoUsd) * factor;
  const output = input + (counts.output * outputRate + counts.reasoning * reasoningRate) * factor;
  const read = output + counts.cacheRead * prices.cachedInput * factor;
  const write = read + (counts.cacheWrite * prices.cacheWrite + counts.cacheWrite1h * prices.cacheWrite1h) * factor;
  if (Number.isSafeInteger(write + nano)) {
    return [round(input, nano), round(output, nano), round(read, nano), round(write, nano)];
  }

  const bigFactor = BigInt(factor);
  const term = (tokens: number, rate: number): bigint => BigInt(tokens) * BigInt(rate) * bigFactor;
  const bigInput = term(counts.input, prices.input) + BigInt(perRequestPicoUsd) * bigFactor;
  const bigOutput = bigInput + term(counts.output, outputRate) + term(counts.reasoning, reasoningRate);
  const bigRead = bigOutput + term(counts.cacheRead, prices.cachedInput);
  const bigWrite =
    bigRead + term(counts.cacheWrite, prices.cacheWrite) + term(counts.cacheWrite1h, prices.cacheWrite1h);
  const sums = [bigInput, bigOutput, bigRead, bigWrite].map((sum) => Number((sum + BigInt(nano / 2)) / BigInt(nano)));
  return Number.isSafeInteger(sums[3]) ? (sums as unknown as RunningSums) : null;
}

/** Half up. By remainder, not by quotient: near 2^53 a float quotient just below an integer would be rounded up to it. */
function round(sum: number, nano: number): number {
  const raised = sum + nano / 2;
  return (raised - (raised % nano)) / nano;
}

function tierOf(rates: Rates, inputTokens: number): Rates['tiers'][number] | undefined {
  return rates.tiers.findLast((tier) => inputTokens > tier.aboveInputTokens);
}

function pricingTier(modifier: string | null, aboveInputTokens: number | undefined): string {
  if (aboveInputTokens === undefined) return modifier ?? 'standard';
  const long = `above_${aboveInputTokens}`;
  return modifier === null ? long : `${modifier}+${long}`;
}

function areCounts(counts: TokenCounts): boolean {
  return (
    isCount(counts.input) &&
    isCount(counts.cacheRead) &&
    isCount(counts.cacheWrite) &&
    isCount(counts.cacheWrite1h) &&
    isCount(counts.output) &&
    isCount(counts.reasoning)
  );
}

function isCount(tokens: number): boolean {
  return Number.isSafeInteger(tokens) && tokens >= 0;
}

function unpriced(reason: UnpricedReason): Unpriced {
  return { priced: false, reason };
}

function usdOrNull(nanoUsd: number | null | undefined): string | null {
  return nanoUsd === null || nanoUsd === undefined ? null : formatNanoUsd(nanoUsd);
}
