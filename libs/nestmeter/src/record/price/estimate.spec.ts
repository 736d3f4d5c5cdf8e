import fc from 'fast-check';
import { estimateCost, estimateTokens } from './estimate.js';
import { PriceTable } from './price-table.js';

const now = Date.parse('2026-06-01T12:00:00Z');
const prices = new PriceTable({
  importGenaiPrices: null,
  prices: { openai: { 'gpt-4o': { inputPerMillion: 2.5, outputPerMillion: 10 } } },
});
const failures: unknown[] = [];
const refusals = { failed: (where: string, error: unknown) => failures.push(where, error) };
const means = { prices, refusals, atMs: now };
const known = { provider: 'openai', model: 'gpt-4o' };

describe('estimateCost', () => {
  it('prices the input and the expected output, marked as an estimate', () => {
    expect(estimateCost({ ...known, tokens: 1000, expectedOutputTokens: 200 }, means)).toEqual({
      estimated: true,
      input_tokens: 1000,
      tokens_by: 'given',
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
    expect(estimateCost({ ...known, text: 'a'.repeat(400) }, means)).toMatchObject({
      input_tokens: 100,
      tokens_by: 'estimate',
      output_tokens: 0,
      total_cost_usd: '0.000250000',
    });
  });

  it('has no cost for an unknown model, and says why', () => {
    expect(estimateCost({ provider: 'openai', model: 'new', tokens: 1 }, means)).toMatchObject({
      estimated: true,
      total_cost_usd: null,
      unpriced_reason: 'unknown_model',
    });
  });

  it('has no cost without input or with counts that are not valid', () => {
    expect(estimateCost(known, means)).toMatchObject({
      input_tokens: null,
      tokens_by: null,
      unpriced_reason: 'no_usage',
    });
    expect(estimateCost({ ...known, tokens: -1 }, means)).toMatchObject({ unpriced_reason: 'invalid_usage' });
  });

  it('takes null for unknown, as reports say it', () => {
    const unknown = { text: null, tokens: null, expectedOutputTokens: null } as unknown as { text?: string };
    expect(estimateCost({ ...known, ...unknown }, means)).toMatchObject({
      input_tokens: null,
      tokens_by: null,
      unpriced_reason: 'no_usage',
    });
  });
});

describe('a tokenizer', () => {
  const text = 'a'.repeat(400);

  it('counts the tokens of a text for the model, unless they are given', () => {
    const tokenizer = (given: string, model: string) => given.length + model.length;
    expect(estimateCost({ ...known, text }, { ...means, tokenizer })).toMatchObject({
      input_tokens: 406,
      tokens_by: 'tokenizer',
    });
    expect(estimateCost({ ...known, text, tokens: 3 }, { ...means, tokenizer })).toMatchObject({
      input_tokens: 3,
      tokens_by: 'given',
    });
  });

  it.each<[string, (text: string, model: string) => unknown]>([
    ['throws', () => { throw new Error('no such encoding'); }], // prettier-ignore
    ['returns a fraction', () => 1.5],
    ['returns a negative count', () => -1],
    ['returns no number', () => [1, 2, 3]],
    ['is asynchronous and fails later', () => Promise.reject(new Error('later'))],
  ])('that %s is counted as a failure, and the built-in estimate counts', (_, tokenizer) => {
    failures.length = 0;
    expect(estimateCost({ ...known, text }, { ...means, tokenizer: tokenizer as never })).toMatchObject({
      input_tokens: 100,
      tokens_by: 'estimate',
      total_cost_usd: '0.000250000',
    });
    expect(failures).toEqual(['tokenizer', expect.any(Error)]);
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
