import fc from 'fast-check';
import { estimateCost, estimateTokens } from './estimate.js';
import { PriceTable } from './price-table.js';

const now = Date.parse('2026-06-01T12:00:00Z');
const prices = new PriceTable({
  importGenaiPrices: null,
  prices: { openai: { 'gpt-4o': { inputPerMillion: 2.5, outputPerMillion: 10 } } },
});
const known = { provider: 'openai', model: 'gpt-4o' };

describe('estimateCost', () => {
  it('prices the input and the expected output, marked as an estimate', () => {
    expect(estimateCost({ ...known, tokens: 1000, expectedOutputTokens: 200 }, prices, now)).toEqual({
      estimated: true,
      input_tokens: 1000,
      output_tokens: 200,
      input_cost_usd: '0.002500000',
      output_cost_usd: '0.002000000',
      cache_read_cost_usd: '0.000000000',
      cache_write_cost_usd: '0.000000000',
      total_cost_usd: '0.004500000',
      pricing_tier: 'standard',
      price_source: 'user',
      unpriced_reason: null,
    });
  });

  it('counts the tokens of a text', () => {
    expect(estimateCost({ ...known, text: 'a'.repeat(400) }, prices, now)).toMatchObject({
      input_tokens: 100,
      output_tokens: 0,
      total_cost_usd: '0.000250000',
    });
  });

  it('has no cost for an unknown model, and says why', () => {
    expect(estimateCost({ provider: 'openai', model: 'new', tokens: 1 }, prices, now)).toMatchObject({
      estimated: true,
      total_cost_usd: null,
      unpriced_reason: 'unknown_model',
    });
  });

  it('has no cost without input or with counts that are not valid', () => {
    expect(estimateCost(known, prices, now)).toMatchObject({ input_tokens: null, unpriced_reason: 'no_usage' });
    expect(estimateCost({ ...known, tokens: -1 }, prices, now)).toMatchObject({ unpriced_reason: 'invalid_usage' });
  });
});

describe('estimateTokens', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['The quick brown fox jumps over the lazy dog.', 11],
    ['日本語', 3],
    ['Привет', 3],
    ['😀', 2],
  ])('takes %j for %d tokens', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  it('counts long text by its beginning', () => {
    expect(estimateTokens('word '.repeat(2_000_000))).toBe(2_500_000);
  });

  it('never counts fewer tokens for more text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, more) => {
        expect(estimateTokens(text + more)).toBeGreaterThanOrEqual(estimateTokens(text));
      }),
    );
  });
});
