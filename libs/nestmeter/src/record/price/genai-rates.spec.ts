import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { costAnswer, costOfCall } from './cost.js';
import { genaiRates, importGenaiPrices, type GenaiPrices } from './genai-rates.js';

const now = Date.parse('2026-06-01T12:00:00Z');

const installed = await importGenaiPrices();
if (installed === null) throw new Error('@pydantic/genai-prices is a development dependency of these tests');
const prices: GenaiPrices = installed;

/** Flat, cached, cache-writing (with and without a price for one hour), tiered, dated, by time of day, per request. */
const models = [
  ['openai', 'gpt-4o-mini'],
  ['openai', 'gpt-4o-2024-08-06'],
  ['openai', 'o3'],
  ['openai', 'gpt-5.6-luna'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-haiku-4-5'],
  ['aws.bedrock', 'us.anthropic.claude-sonnet-4-20250514-v1:0'],
  ['gcp.vertex_ai', 'gemini-2.5-pro'],
  ['google', 'gemini-2.5-flash'],
  ['mistral_ai', 'mistral-medium-latest'],
  ['cohere', 'command-r-plus'],
  ['deepseek', 'deepseek-chat'],
  ['openrouter', 'perplexity/sonar-deep-research'],
  ['openrouter', 'google/gemma-4-31b-it'],
  ['perplexity', 'sonar-pro'],
] as const;

describe('the rates of genai-prices', () => {
  const tokens = fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 400_000 }));
  const usage = fc.record({
    uncached: tokens,
    cacheRead: tokens,
    cacheWrite5m: tokens,
    cacheWrite1h: tokens,
    answer: tokens,
    reasoning: tokens,
  });

  it.each(models)('give the cost that the package itself calculates, for %s %s', (provider, model) => {
    const rates = genaiRates(prices, provider, model, now);
    fc.assert(
      fc.property(usage, (used) => {
        const cacheWrite = used.cacheWrite5m + used.cacheWrite1h;
        const input = used.uncached + used.cacheRead + cacheWrite;
        const output = used.answer + used.reasoning;
        const ours = costOfCall(
          {
            inputTokens: input,
            outputTokens: output,
            cachedInputTokens: used.cacheRead,
            cacheWriteTokens: cacheWrite,
            cacheWrite1hTokens: used.cacheWrite1h,
            reasoningTokens: used.reasoning,
          },
          rates,
        );
        const theirs = calcPrice(
          {
            input_tokens: input,
            output_tokens: output,
            cache_read_tokens: used.cacheRead,
            cache_write_tokens: cacheWrite,
            cache_write_1h_tokens: used.cacheWrite1h,
            output_reasoning_tokens: used.reasoning,
          },
          model,
          { providerId: provider, timestamp: new Date(now) },
        );
        if (!ours.priced || theirs === null) throw new Error(`${provider} ${model} has no price`);
        // Half a nano-USD by our rounding; the rest is the noise of the package's floats.
        expect(Math.abs(ours.totalNanoUsd - theirs.total_price * 1e9)).toBeLessThanOrEqual(0.5 + 1e-6);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['anthropic', 'claude-sonnet-4-5', { serviceTier: 'batch' }, '0.001500000', 'batch'],
    ['anthropic', 'claude-opus-4-6', { region: 'us' }, '0.005500000', 'us'],
    ['anthropic', 'claude-opus-4-6', { serviceTier: 'batch', region: 'us' }, '0.002750000', 'batch+us'],
    ['openai', 'gpt-4o', { serviceTier: 'flex' }, '0.001250000', 'flex'],
    ['groq', 'llama-3.3-70b-versatile', { serviceTier: 'flex' }, '0.000590000', 'flex'],
    ['anthropic', 'claude-opus-4-6', { speed: 'fast' }, null, null],
    ['anthropic', 'claude-opus-4-6', { serviceTier: 'priority' }, null, null],
    ['aws.bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', { serviceTier: 'flex' }, null, null],
    ['azure.ai.openai', 'gpt-4o', { serviceTier: 'flex' }, null, null],
  ])('have the factors that %s publishes: %s at %j', (provider, model, how, total, tier) => {
    const rates = genaiRates(prices, provider, model, now);
    const cost = costAnswer(costOfCall({ inputTokens: 1000, outputTokens: 0, ...how }, rates));
    expect([cost.total_cost_usd, cost.pricing_tier]).toEqual([total, tier]);
    expect(cost.unpriced_reason).toBe(total === null ? 'unknown_tier' : null);
  });

  it('have a price of their own for what is written for one hour', () => {
    const rates = genaiRates(prices, 'anthropic', 'claude-opus-4-6', now);
    expect(rates?.base).toMatchObject({ cacheWrite: 6_250_000, cacheWrite1h: 10_000_000 });
  });

  it('are rounded to whole pico-USD per token where the package has a recurring decimal', () => {
    const rates = genaiRates(prices, 'openrouter', 'google/gemini-2.5-flash-lite', now);
    expect(rates?.base.cacheWrite).toBe(83_333);
  });

  it.each([
    ['x_ai', 'grok-4', 'x-ai'],
    ['azure.ai.openai', 'gpt-4o', 'azure'],
    ['azure.ai.inference', 'gpt-4o', 'azure'],
    ['gcp.gen_ai', 'gemini-2.5-pro', 'google'],
  ])('are those of the right provider for the name %s', (provider, model, providerId) => {
    const asked: string[] = [];
    const spy: GenaiPrices = {
      calcPrice(used, name, options) {
        asked.push(options.providerId);
        return prices.calcPrice(used, name, options);
      },
    };
    expect(genaiRates(spy, provider, model, now)?.source).toBe('genai-prices');
    expect(asked).toEqual([providerId]);
  });

  it.each([
    ['an unknown model', 'openai', 'gpt-of-the-future'],
    ['an unknown provider', 'my-proxy', 'gpt-4o'],
    ['a name that is too long', 'openai', 'gpt-4o'.padEnd(300, '-')],
    ['a local model', 'ollama', 'llama3'],
  ])('are null for %s', (_, provider, model) => {
    expect(genaiRates(prices, provider, model, now)).toBeNull();
  });

  it.each<[string, Record<string, unknown>]>([
    ['without a price of input', { output_mtok: 1 }],
    ['with a price that is no number', { input_mtok: 'free' }],
    ['with a negative price', { input_mtok: -1 }],
  ])('are null for a model %s', (_, modelPrice) => {
    expect(genaiRates({ calcPrice: () => ({ model_price: modelPrice }) }, 'p', 'm', now)).toBeNull();
  });

  it('are null when the package throws', () => {
    const throwing: GenaiPrices = {
      calcPrice: () => {
        throw new Error('bug');
      },
    };
    expect(genaiRates(throwing, 'p', 'm', now)).toBeNull();
  });

  it('unite tiers whose bounds differ from price to price', () => {
    const modelPrice = {
      input_mtok: { base: 1, tiers: [{ start: 200, price: 2 }] },
      output_mtok: { base: 10, tiers: [{ start: 300, price: 20 }] },
      cache_read_mtok: 0.5,
    };
    const rates = genaiRates({ calcPrice: () => ({ model_price: modelPrice }) }, 'p', 'm', now);
    expect(
      rates?.tiers.map(({ aboveInputTokens, rates: { input, output, cachedInput } }) => [
        aboveInputTokens,
        input,
        output,
        cachedInput,
      ]),
    ).toEqual([
      [200, 2_000_000, 10_000_000, 500_000],
      [300, 2_000_000, 20_000_000, 500_000],
    ]);
  });
});
