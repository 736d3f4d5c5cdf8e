import { costAnswer, costOfCall, reportedCost, type LLMCost, type PricedUsage, type Unpriced } from './cost.js';
import { completeRates, type Rates, type TokenRates } from './rates.js';

function ratesOf(base: TokenRates, more: Partial<Rates> = {}): Rates {
  return { source: 'user', base, tiers: [], multipliers: new Map(), regions: new Map(), perRequestPicoUsd: 0, ...more };
}

/** 3 USD in, 15 out, 0.30 cache read, 3.75 and 6 cache write, per million. */
const sonnet = completeRates({
  input: 3_000_000,
  output: 15_000_000,
  cachedInput: 300_000,
  cacheWrite: 3_750_000,
  cacheWrite1h: 6_000_000,
});

function cost(usage: PricedUsage, rates: Rates): LLMCost {
  const result = costOfCall(usage, rates);
  if (!result.priced) throw new Error(`unpriced: ${result.reason}`);
  return result;
}

function sumOfParts(result: LLMCost): number {
  return result.inputNanoUsd! + result.outputNanoUsd! + result.cacheReadNanoUsd! + result.cacheWriteNanoUsd!;
}

describe('the cost of a call', () => {
  it('charges every kind of token at its own rate', () => {
    const usage = {
      inputTokens: 10_000,
      cachedInputTokens: 6000,
      cacheWriteTokens: 3000,
      cacheWrite1hTokens: 1000,
      outputTokens: 500,
      reasoningTokens: 200,
    };
    expect(cost(usage, ratesOf(sonnet))).toEqual({
      priced: true,
      inputNanoUsd: 3_000_000,
      outputNanoUsd: 7_500_000,
      cacheReadNanoUsd: 1_800_000,
      cacheWriteNanoUsd: 7_500_000 + 6_000_000,
      totalNanoUsd: 25_800_000,
      pricingTier: 'standard',
      priceSource: 'user',
    });
  });

  it('charges reasoning as output, unless it has a rate of its own', () => {
    const usage = { inputTokens: 0, outputTokens: 1000, reasoningTokens: 400 };
    expect(cost(usage, ratesOf(sonnet)).totalNanoUsd).toBe(15_000_000);
    expect(cost(usage, ratesOf({ ...sonnet, reasoning: 5_000_000 })).totalNanoUsd).toBe(9_000_000 + 2_000_000);
  });

  it('charges written tokens at the rate of one hour when only their lifetime of one hour is known', () => {
    const usage = { inputTokens: 1000, cacheWrite1hTokens: 1000, outputTokens: 0 };
    expect(cost(usage, ratesOf(sonnet)).cacheWriteNanoUsd).toBe(6_000_000);
  });

  it('charges the price per request with the input', () => {
    const result = cost({ inputTokens: 1, outputTokens: 0 }, ratesOf(sonnet, { perRequestPicoUsd: 12_000_000_000 }));
    expect(result.inputNanoUsd).toBe(12_000_000 + 3000);
  });

  it('charges no output for a model without output price and without output', () => {
    const embedding = ratesOf(completeRates({ input: 20_000 }));
    expect(cost({ inputTokens: 1_000_000 }, embedding).totalNanoUsd).toBe(20_000_000);
    expect(cost({ inputTokens: 1, outputTokens: 0 }, embedding).totalNanoUsd).toBe(20);
  });

  it('rounds half a nano-USD up, the total once', () => {
    const half = ratesOf(completeRates({ input: 500, output: 500 }));
    const result = cost({ inputTokens: 1, outputTokens: 1 }, half);
    expect(result.totalNanoUsd).toBe(1);
    expect(sumOfParts(result)).toBe(1);
    expect(cost({ inputTokens: 1, outputTokens: 0 }, half).totalNanoUsd).toBe(1);
    expect(
      cost({ inputTokens: 1, outputTokens: 0 }, ratesOf(completeRates({ input: 499, output: 0 }))).totalNanoUsd,
    ).toBe(0);
  });

  it('is exact where a float quotient would be rounded up', () => {
    const rates = ratesOf(completeRates({ input: 1, output: 1 }));
    expect(cost({ inputTokens: 9_007_199_254_738_499, outputTokens: 0 }, rates).totalNanoUsd).toBe(9_007_199_254_738);
  });
});

describe('tiers', () => {
  const long = completeRates({ input: 2_500_000, output: 15_000_000, cachedInput: 250_000 });
  const longer = completeRates({ input: 5_000_000, output: 30_000_000 });
  const rates = ratesOf(completeRates({ input: 1_250_000, output: 10_000_000, cachedInput: 125_000 }), {
    tiers: [
      { aboveInputTokens: 200_000, rates: long },
      { aboveInputTokens: 1_000_000, rates: longer },
    ],
  });

  it.each([
    [199_999, 1250, 'standard'],
    [200_000, 1250, 'standard'],
    [200_001, 2500, 'above_200000'],
    [1_000_000, 2500, 'above_200000'],
    [1_000_001, 5000, 'above_1000000'],
  ])('charge %d input tokens at %d nano-USD each', (inputTokens, nanoUsd, pricingTier) => {
    const result = cost({ inputTokens, outputTokens: 0 }, rates);
    expect(result).toMatchObject({ totalNanoUsd: inputTokens * nanoUsd, pricingTier });
  });

  it('move the whole request, with its output and its cached tokens', () => {
    const result = cost({ inputTokens: 200_001, cachedInputTokens: 200_000, outputTokens: 10 }, rates);
    expect(result).toMatchObject({ inputNanoUsd: 2500, cacheReadNanoUsd: 50_000_000, outputNanoUsd: 150_000 });
  });
});

describe('a call is unpriced', () => {
  const rates = ratesOf(sonnet);

  it.each<[string, PricedUsage, Rates | null, Unpriced['reason']]>([
    ['when nobody knows the model', { inputTokens: 1, outputTokens: 1 }, null, 'unknown_model'],
    ['without usage', {}, rates, 'no_usage'],
    ['without input tokens', { outputTokens: 1 }, rates, 'no_usage'],
    ['without output tokens', { inputTokens: 1 }, rates, 'no_usage'],
    ['with more cached than input', { inputTokens: 1, outputTokens: 1, cachedInputTokens: 2 }, rates, 'invalid_usage'],
    [
      'with more read and written than input',
      { inputTokens: 3, outputTokens: 1, cachedInputTokens: 2, cacheWriteTokens: 2 },
      rates,
      'invalid_usage',
    ],
    [
      'with more written for an hour than written',
      { inputTokens: 9, outputTokens: 1, cacheWriteTokens: 1, cacheWrite1hTokens: 2 },
      rates,
      'invalid_usage',
    ],
    [
      'with more reasoning than output',
      { inputTokens: 1, outputTokens: 1, reasoningTokens: 2 },
      rates,
      'invalid_usage',
    ],
    ['with negative counts', { inputTokens: -1, outputTokens: 1 }, rates, 'invalid_usage'],
    ['with fractions', { inputTokens: 1.5, outputTokens: 1 }, rates, 'invalid_usage'],
    ['with counts that are not numbers', { inputTokens: Number.NaN, outputTokens: 1 }, rates, 'invalid_usage'],
    [
      'with output that has no price',
      { inputTokens: 1, outputTokens: 1 },
      ratesOf(completeRates({ input: 1 })),
      'no_output_price',
    ],
    ['at a tier without a factor', { inputTokens: 1, outputTokens: 1, serviceTier: 'flex' }, rates, 'unknown_tier'],
    ['past nine million USD', { inputTokens: 2 ** 52, outputTokens: 0 }, rates, 'out_of_range'],
  ])('%s', (_, usage, known, reason) => {
    expect(costOfCall(usage, known)).toEqual({ priced: false, reason });
  });
});

describe('a reported cost', () => {
  it('is kept as it was given, with nothing known of its parts', () => {
    expect(costAnswer(reportedCost('0.0042'))).toEqual({
      input_cost_usd: null,
      output_cost_usd: null,
      cache_read_cost_usd: null,
      cache_write_cost_usd: null,
      total_cost_usd: '0.004200000',
      pricing_tier: null,
      price_source: 'reported',
      unpriced_reason: null,
    });
  });

  it.each([-1, Number.NaN, 'much', 10_000_000, {} as never])('is unpriced when it is %p', (value) => {
    expect(reportedCost(value)).toEqual({ priced: false, reason: 'out_of_range' });
  });
});

describe('a cost as data', () => {
  it('has nine digits, and null with the reason where there is none', () => {
    expect(costAnswer(costOfCall({ inputTokens: 1000, outputTokens: 100 }, ratesOf(sonnet)))).toMatchObject({
      input_cost_usd: '0.003000000',
      cache_read_cost_usd: '0.000000000',
      total_cost_usd: '0.004500000',
      pricing_tier: 'standard',
      price_source: 'user',
      unpriced_reason: null,
    });
    expect(costAnswer({ priced: false, reason: 'unknown_model' })).toMatchObject({
      total_cost_usd: null,
      price_source: null,
      unpriced_reason: 'unknown_model',
    });
  });
});
