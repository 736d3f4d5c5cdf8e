/**
 * What one model costs, resolved for one point in time. Every rate is an integer of pico-USD per token: a price of
 * p USD per million tokens is p × 10^6 pico-USD per token, exact for every price with up to six decimal places.
 */
export interface Rates {
  /** Who said so. */
  readonly source: 'user' | 'genai-prices';
  /** Rates of requests whose input no tier covers. */
  readonly base: TokenRates;
  /**
   * Rates of requests with more input, sorted by `aboveInputTokens`. The whole request, its output included, is charged
   * at the highest tier whose bound is below the input.
   */
  readonly tiers: readonly RateTier[];
  /** Factors of tiers and speeds by `tierName`, in ten-thousandths (5000 is half the price). */
  readonly multipliers: ReadonlyMap<string, number>;
  /** Factors of regions by their names in lower case, in ten-thousandths. */
  readonly regions: ReadonlyMap<string, number>;
  /** Charged once per request, in pico-USD; 0 for nearly every model. */
  readonly perRequestPicoUsd: number;
}

/** The rates of one tier in pico-USD per token. */
export interface TokenRates {
  readonly input: number;
  /** Null for models that have no output price, such as embeddings. */
  readonly output: number | null;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  /** Null where reasoning costs what other output costs. */
  readonly reasoning: number | null;
}

/** The rates of requests with more than this many input tokens. */
export interface RateTier {
  readonly aboveInputTokens: number;
  readonly rates: TokenRates;
}

/** The denominator of the multipliers. */
export const multiplierUnit = 10_000;

/** Decimal places of USD per million tokens in pico-USD per token. */
export const rateDigits = 6;

/** The rates that were given, by the same names; what is left out follows from the others. */
export type GivenRates = { readonly [Name in keyof TokenRates]?: TokenRates[Name] | undefined } & {
  readonly input: number;
};

/**
 * Fills in the rates that nobody gave: a cached token costs an input token, a token written to the cache too, one
 * written for an hour what any written one costs, and reasoning is output.
 */
export function completeRates(given: GivenRates): TokenRates {
  const cacheWrite = given.cacheWrite ?? given.input;
  return {
    input: given.input,
    output: given.output ?? null,
    cachedInput: given.cachedInput ?? given.input,
    cacheWrite,
    cacheWrite1h: given.cacheWrite1h ?? cacheWrite,
    reasoning: given.reasoning ?? null,
  };
}
