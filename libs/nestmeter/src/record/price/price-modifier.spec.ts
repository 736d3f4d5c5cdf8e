import { costOfCall, type LLMCost, type PricedUsage, type Unpriced } from './cost.js';
import { publishedFactors, tierName } from './price-modifier.js';
import { completeRates, type Rates } from './rates.js';

const rates: Rates = {
  source: 'user',
  base: completeRates({ input: 3_000_000, output: 15_000_000 }),
  tiers: [],
  multipliers: new Map([
    ['batch', 5000],
    ['priority', 17_500],
    ['fast', 60_000],
  ]),
  regions: new Map([['us', 11_000]]),
  perRequestPicoUsd: 0,
};
const usage = { inputTokens: 1001, outputTokens: 0 };

function cost(how: PricedUsage, price = rates): LLMCost | Unpriced {
  return costOfCall({ ...usage, ...how }, price);
}

describe('a factor of the price', () => {
  it.each<[string, PricedUsage, number, string]>([
    ['of a tier', { serviceTier: 'batch' }, 1_501_500, 'batch'],
    ['above 1', { serviceTier: 'priority' }, 5_255_250, 'priority'],
    ['of a speed', { speed: 'fast' }, 18_018_000, 'fast'],
    ['of fast mode that is called a tier', { serviceTier: 'fast' }, 18_018_000, 'fast'],
    ['that is said twice, once', { serviceTier: 'fast', speed: 'fast' }, 18_018_000, 'fast'],
    ['of a region, however it is written', { region: 'US' }, 3_303_300, 'us'],
    ['of a tier and a region', { serviceTier: 'batch', region: 'us' }, 1_651_650, 'batch+us'],
    ['of everything at once', { serviceTier: 'batch', speed: 'fast', region: 'us' }, 9_909_900, 'batch+fast+us'],
  ])('%s is applied and named', (_, how, totalNanoUsd, pricingTier) => {
    expect(cost(how)).toMatchObject({ totalNanoUsd, pricingTier });
  });

  it('joins with a tier of long input', () => {
    const tiered = { ...rates, tiers: [{ aboveInputTokens: 1000, rates: rates.base }] };
    expect(cost({ serviceTier: 'batch', region: 'us' }, tiered)).toMatchObject({ pricingTier: 'batch+us+above_1000' });
    expect(cost({}, tiered)).toMatchObject({ pricingTier: 'above_1000' });
  });

  it('is applied before the cost is rounded, and all of them before', () => {
    const one = { ...rates, base: completeRates({ input: 1700, output: 0 }) };
    // 1.7 nano-USD × 0.5 × 1.1 = 0.935; rounded in between it would be 1.1.
    expect(costOfCall({ inputTokens: 1, outputTokens: 0, serviceTier: 'batch', region: 'us' }, one)).toMatchObject({
      totalNanoUsd: 1,
    });
    const less = { ...rates, base: completeRates({ input: 900, output: 0 }) };
    // 0.9 × 0.5 × 1.1 = 0.495; rounded in between it would be 1.
    expect(costOfCall({ inputTokens: 1, outputTokens: 0, serviceTier: 'batch', region: 'us' }, less)).toMatchObject({
      totalNanoUsd: 0,
    });
  });

  it('is refused where the product of all is past 9007', () => {
    const large = {
      ...rates,
      multipliers: new Map([
        ['priority', 999_999],
        ['fast', 999_999],
      ]),
      regions: new Map([['us', 999_999]]),
    };
    const how = { serviceTier: 'priority', speed: 'fast' };
    expect(cost({ ...how, region: 'us' }, large)).toEqual({ priced: false, reason: 'out_of_range' });
    expect(cost(how, large)).toMatchObject({ totalNanoUsd: 30_029_939_940 });
  });

  it('may be 0', () => {
    const paidFor = { ...rates, multipliers: new Map([['provisioned', 0]]) };
    expect(cost({ serviceTier: 'PROVISIONED_THROUGHPUT' }, paidFor)).toMatchObject({
      totalNanoUsd: 0,
      pricingTier: 'provisioned',
    });
  });
});

describe('the list price', () => {
  const standards = ['default', 'standard', 'auto', 'on_demand', 'ON_DEMAND', 'unspecified'];
  it.each([...standards, 'PROVISIONED_THROUGHPUT', 'scale', 'reserved'])('is that of the tier %s', (serviceTier) => {
    expect(cost({ serviceTier })).toMatchObject({ totalNanoUsd: 3_003_000, pricingTier: 'standard' });
  });

  it.each(['global', 'not_available'])('is that of the region %s', (region) => {
    expect(cost({ region, speed: 'standard' })).toMatchObject({ totalNanoUsd: 3_003_000, pricingTier: 'standard' });
  });

  it.each<[string, PricedUsage]>([
    ['a tier', { serviceTier: 'flex' }],
    ['a tier of a new name', { serviceTier: 'performance' }],
    ['a speed', { speed: 'ludicrous' }],
    ['a region', { region: 'eu' }],
    ['a second thing', { serviceTier: 'batch', region: 'eu' }],
    ['a tier with a hostile name', { serviceTier: 'batch'.repeat(1_000_000) }],
    ['a tier that is an inherited property', { serviceTier: '__proto__' }],
    ['a tier that is no text', { serviceTier: 7 as never }],
  ])('is not that of %s whose factor is unknown', (_, how) => {
    expect(cost(how)).toEqual({ priced: false, reason: 'unknown_tier' });
  });
});

describe('tierName', () => {
  it.each([
    ['ON_DEMAND_PRIORITY', 'priority'],
    ['ON_DEMAND_FLEX', 'flex'],
    ['ON_DEMAND_OFFPEAK', 'offpeak'],
    ['on_demand', 'standard'],
    ['Flex', 'flex'],
    ['performance', 'performance'],
  ])('takes %s for %s', (spelling, name) => {
    expect(tierName(spelling)).toBe(name);
  });
});

describe('publishedFactors', () => {
  it('has what holds for all models of a provider, and nothing for others', () => {
    expect(publishedFactors('anthropic')).toEqual({
      multipliers: new Map([['batch', 5000]]),
      regions: new Map([['us', 11_000]]),
    });
    expect(publishedFactors('openai').multipliers.get('flex')).toBe(5000);
    expect(publishedFactors('groq').multipliers.get('flex')).toBe(10_000);
    expect(publishedFactors('google')).toEqual({ multipliers: new Map(), regions: new Map() });
    expect(publishedFactors('__proto__').multipliers.size).toBe(0);
  });
});
