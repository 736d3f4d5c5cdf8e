import fc from 'fast-check';
import { costOfCall, type LLMCost, type PricedUsage } from './cost.js';
import type { Rates, TokenRates } from './rates.js';

/** What one call used and what everything that can decide about its price is. */
const tokens = fc.oneof(fc.nat({ max: 10 }), fc.nat({ max: 300_000 }), fc.nat({ max: 2 ** 31 - 1 }));
const rate = fc.oneof(fc.nat({ max: 2000 }), fc.nat({ max: 75_000_000 }));
const factor = fc.oneof(fc.constantFrom(0, 1, 5000, 10_000, 11_000, 17_500, 60_000), fc.nat({ max: 200_000 }));
const tokenRates = fc.record<TokenRates>({
  input: rate,
  output: rate,
  cachedInput: rate,
  cacheWrite: rate,
  cacheWrite1h: rate,
  reasoning: fc.option(rate),
});
const call = fc.record({
  uncached: tokens,
  cacheRead: tokens,
  cacheWrite5m: tokens,
  cacheWrite1h: tokens,
  answer: tokens,
  reasoning: tokens,
  base: tokenRates,
  long: tokenRates,
  bound: tokens,
  perRequest: fc.nat({ max: 20_000_000_000 }),
  tier: fc.option(fc.constantFrom('standard', 'ON_DEMAND', 'batch', 'ON_DEMAND_FLEX', 'priority', 'turbo')),
  speed: fc.option(fc.constantFrom('standard', 'fast')),
  region: fc.option(fc.constantFrom('global', 'us', 'EU')),
  batch: factor,
  flex: factor,
  priority: factor,
  turbo: factor,
  fast: factor,
  us: factor,
  eu: factor,
});
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

function usageOf(given: Call): PricedUsage {
  return {
    inputTokens: given.uncached + given.cacheRead + given.cacheWrite5m + given.cacheWrite1h,
    outputTokens: given.answer + given.reasoning,
    cachedInputTokens: given.cacheRead,
    cacheWriteTokens: given.cacheWrite5m + given.cacheWrite1h,
    cacheWrite1hTokens: given.cacheWrite1h,
    reasoningTokens: given.reasoning,
    serviceTier: given.tier ?? undefined,
    speed: given.speed ?? undefined,
    region: given.region ?? undefined,
  };
}

function ratesOf({ base, long, bound, perRequest, batch, flex, priority, turbo, fast, us, eu }: Call): Rates {
  return {
    source: 'user',
    base,
    tiers: [{ aboveInputTokens: bound, rates: long }],
    multipliers: new Map(Object.entries({ batch, flex, priority, turbo, fast })),
    regions: new Map(Object.entries({ us, eu })),
    perRequestPicoUsd: perRequest,
  };
}

/** The factors that apply, in ten-thousandths, found without the code under test. */
function factorsOf(given: Call): bigint[] {
  const byTier: Record<string, number> = {
    batch: given.batch,
    ON_DEMAND_FLEX: given.flex,
    priority: given.priority,
    turbo: given.turbo,
  };
  const byRegion: Record<string, number> = { us: given.us, EU: given.eu };
  return [byTier[given.tier ?? ''], given.speed === 'fast' ? given.fast : 10_000, byRegion[given.region ?? '']].map(
    (value) => BigInt(value ?? 10_000),
  );
}

/** Pico-USD of the four parts at the list price, exact. */
function picoOf(given: Call): bigint[] {
  const input = given.uncached + given.cacheRead + given.cacheWrite5m + given.cacheWrite1h;
  const price = input > given.bound ? given.long : given.base;
  const product = (count: number, pico: number): bigint => BigInt(count) * BigInt(pico);
  return [
    product(given.uncached, price.input) + BigInt(given.perRequest),
    product(given.answer, price.output!) + product(given.reasoning, price.reasoning ?? price.output!),
    product(given.cacheRead, price.cachedInput),
    product(given.cacheWrite5m, price.cacheWrite) + product(given.cacheWrite1h, price.cacheWrite1h),
  ];
}

function partsOf({ inputNanoUsd, outputNanoUsd, cacheReadNanoUsd, cacheWriteNanoUsd }: LLMCost): bigint[] {
  return [inputNanoUsd, outputNanoUsd, cacheReadNanoUsd, cacheWriteNanoUsd].map((part) => BigInt(part!));
}

/** Three factors in ten-thousandths of a thousandth. */
const unit = 10_000n ** 3n * 1000n;

describe('any cost', () => {
  it('equals an independent calculation in bigint, and its parts add up to it', () => {
    let priced = 0;
    fc.assert(
      fc.property(call, (given) => {
        const result = costOfCall(usageOf(given), ratesOf(given));
        const multiplier = factorsOf(given).reduce((product, each) => product * each, 1n);
        const exact = picoOf(given).map((pico) => pico * multiplier);
        const nano = (2n * sum(exact) + unit) / (2n * unit);
        const isTooMuch = nano > BigInt(Number.MAX_SAFE_INTEGER);
        expect(result.priced ? BigInt(result.totalNanoUsd) : result.reason).toBe(isTooMuch ? 'out_of_range' : nano);

        const parts = result.priced ? partsOf(result) : [];
        const differences = parts.map((part, index) => part * unit - exact[index]!);
        expect(sum(parts)).toBe(isTooMuch ? 0n : nano);
        expect(differences.filter((difference) => difference < -unit || difference > unit)).toEqual([]);
        if (result.priced) priced++;
      }),
      { numRuns: 12_000 },
    );
    expect(priced).toBeGreaterThan(10_000);
  });

  function sum(amounts: readonly bigint[]): bigint {
    return amounts.reduce((total, amount) => total + amount, 0n);
  }
});
