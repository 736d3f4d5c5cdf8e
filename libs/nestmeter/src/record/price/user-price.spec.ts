import { PriceTable } from './price-table.js';
import { pricesSchema, type PricesOption } from './user-price.js';

const now = Date.parse('2026-06-01T12:00:00Z');

function inputRate(prices: PricesOption, provider: string, model: string, atMs = now): number | undefined {
  const table = new PriceTable({ prices: pricesSchema.parse(prices), importGenaiPrices: null });
  return table.lookup(provider, model, atMs)?.base.input;
}

const price = (inputPerMillion: number | string): { inputPerMillion: number | string; outputPerMillion: number } => ({
  inputPerMillion,
  outputPerMillion: 1,
});

describe('the option prices', () => {
  it('is a list, or a record of provider and model, with * for any provider', () => {
    expect(inputRate([{ provider: 'openai', model: 'gpt-4o', ...price(2.5) }], 'openai', 'gpt-4o')).toBe(2_500_000);
    expect(inputRate({ openai: { 'gpt-4o': price('2.5') } }, 'openai', 'gpt-4o')).toBe(2_500_000);
    expect(inputRate({ '*': { 'gpt-4o': price(2.5) } }, 'proxy', 'gpt-4o')).toBe(2_500_000);
  });

  it('covers neither another provider nor another model', () => {
    const prices = { openai: { 'gpt-4o': price(2.5) } };
    expect(inputRate(prices, 'azure', 'gpt-4o')).toBeUndefined();
    expect(inputRate(prices, 'openai', 'gpt-4o-mini')).toBeUndefined();
    expect(inputRate(prices, 'openai', 'gpt-4')).toBeUndefined();
    expect(inputRate(prices, '__proto__', 'constructor')).toBeUndefined();
  });

  it.each(['gpt-4o-2024-08-06', 'gpt-4o-20240806', 'gpt-4o@20240806'])('covers the dated release %s', (model) => {
    expect(inputRate({ openai: { 'gpt-4o': price(2.5) } }, 'openai', model)).toBe(2_500_000);
  });

  it('covers every model of a prefix', () => {
    expect(inputRate({ openai: { 'gpt-4*': price(1) } }, 'openai', 'gpt-4.1-nano')).toBe(1_000_000);
    expect(inputRate({ ollama: { '*': price(0) } }, 'ollama', 'anything')).toBe(0);
  });

  it('prefers the more specific price', () => {
    const prices = [
      { model: '*', ...price(1) },
      { model: 'gpt-4o*', ...price(2) },
      { model: 'gpt-4o', ...price(3) },
      { model: 'gpt-4o-2024-08-06', ...price(4) },
      { model: 'gpt-4o', provider: 'azure', ...price(5) },
    ];
    expect(inputRate(prices, 'openai', 'o3')).toBe(1_000_000);
    expect(inputRate(prices, 'openai', 'gpt-4o-mini')).toBe(2_000_000);
    expect(inputRate(prices, 'openai', 'gpt-4o-2024-05-13')).toBe(3_000_000);
    expect(inputRate(prices, 'openai', 'gpt-4o-2024-08-06')).toBe(4_000_000);
    expect(inputRate(prices, 'azure', 'gpt-4o')).toBe(5_000_000);
  });

  it('takes the latest price that is in effect, and the last of equals', () => {
    const prices = [
      { model: 'm', ...price(2), from: '2026-06-01T12:00:00+00:00' },
      { model: 'm', ...price(1) },
      { model: 'm', ...price(3), from: Date.parse('2026-07-01') / 1000 },
      { model: 'm', ...price(4), from: '2026-08-01' },
      { model: 'm', ...price(5), from: '2026-08-01' },
    ];
    expect(inputRate(prices, 'p', 'm', now - 1)).toBe(1_000_000);
    expect(inputRate(prices, 'p', 'm', now)).toBe(2_000_000);
    expect(inputRate(prices, 'p', 'm', Date.parse('2026-07-15'))).toBe(3_000_000);
    expect(inputRate(prices, 'p', 'm', Date.parse('2026-09-01'))).toBe(5_000_000);
  });

  it('reads numbers as the decimals that they print as', () => {
    expect(inputRate({ p: { m: price(0.1) } }, 'p', 'm')).toBe(100_000);
    expect(inputRate({ p: { m: price(0.1 * 3) } }, 'p', 'm')).toBe(300_000);
    expect(inputRate({ p: { m: price('0.000001') } }, 'p', 'm')).toBe(1);
  });

  it('fills in what is left out, in tiers from the price around them', () => {
    const table = new PriceTable({
      importGenaiPrices: null,
      prices: {
        p: {
          m: {
            inputPerMillion: 1,
            outputPerMillion: 4,
            cacheWritePerMillion: 1.25,
            multipliers: { batch: 0.5, ON_DEMAND_PRIORITY: '1.75', fast: 6 },
            regions: { US: 1.1 },
            tiers: [
              { aboveInputTokens: 500_000, inputPerMillion: 3 },
              { aboveInputTokens: 200_000, inputPerMillion: 2, outputPerMillion: 6, reasoningPerMillion: 5 },
            ],
          },
        },
      },
    });
    const base = {
      input: 1_000_000,
      output: 4_000_000,
      cachedInput: 1_000_000,
      cacheWrite: 1_250_000,
      cacheWrite1h: 1_250_000,
      reasoning: null,
    };
    expect(table.lookup('p', 'm', now)).toEqual({
      source: 'user',
      base,
      tiers: [
        {
          aboveInputTokens: 200_000,
          rates: { ...base, input: 2_000_000, output: 6_000_000, cachedInput: 2_000_000, reasoning: 5_000_000 },
        },
        { aboveInputTokens: 500_000, rates: { ...base, input: 3_000_000, cachedInput: 3_000_000 } },
      ],
      multipliers: new Map([
        ['batch', 5000],
        ['priority', 17_500],
        ['fast', 60_000],
      ]),
      regions: new Map([['us', 11_000]]),
      perRequestPicoUsd: 0,
    });
  });
});

describe('pricesSchema', () => {
  it.each([
    ['a negative price', price(-1)],
    ['more than six decimal places', price('0.0000001')],
    ['more than 100,000 USD per million', price(100_001)],
    ['text that is no decimal', price('1,5')],
    ['no price of input', { outputPerMillion: 1 }],
    ['an unknown field', { ...price(1), inputPerMilion: 2 }],
    ['a multiplier of the whole tenthousandth', { ...price(1), multipliers: { batch: 5000 } }],
    ['a factor of the standard tier', { ...price(1), multipliers: { default: 2 } }],
    ['two factors of a tier', { ...price(1), multipliers: { flex: 0.5, ON_DEMAND_FLEX: 0.6 } }],
    ['two factors of a region', { ...price(1), regions: { us: 1.1, US: 1.2 } }],
    [
      'more than 16 factors',
      { ...price(1), regions: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`r${index}`, 1])) },
    ],
    ['a tier from nothing', { ...price(1), tiers: [{ aboveInputTokens: 0 }] }],
    ['a date that is none', { ...price(1), from: 'tomorrow' }],
  ])('refuses %s', (_, wrong) => {
    expect(pricesSchema.safeParse({ p: { m: wrong } }).success).toBe(false);
    expect(pricesSchema.safeParse([{ model: 'm', ...wrong }]).success).toBe(false);
  });
});
