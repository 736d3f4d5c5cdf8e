import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily, llmOutcomes } from '../accumulate/llm-family.js';
import type { LLMOutcome } from './llm-facts.js';
import { type LLMCallRecord, recordLLMCall } from './llm-record.js';
import { trackOperation } from './operation.js';
import { PriceTable } from './price/price-table.js';

const prices = {
  openai: { 'gpt-4o': { inputPerMillion: 2.5, outputPerMillion: 10, cachedInputPerMillion: 1.25 } },
};
const labels = ['openai', 'gpt-4o', 'chat'];
const call = { provider: 'openai', model: 'gpt-4o', durationMs: 800 };

describe('recordLLMCall', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording({ tags: ['tenant'], prices: new PriceTable({ prices, importGenaiPrices: null }) });
  });

  afterEach(() => recording.close());

  const record = (given: unknown): void =>
    recordLLMCall(recording.recorder, recording.recorder.llm, given as LLMCallRecord);
  const count = (counter: string): number => recording.count(llmFamily, labels, counter);
  const counters = (...names: string[]): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, count(name)]));
  const refused = (): unknown => recording.recorder.refusals.counts();

  it('counts every field that it is given', () => {
    record({
      ...call,
      operation: 'chat',
      streamed: true,
      timeToFirstTokenMs: 300,
      inputTokens: 1000,
      outputTokens: 250,
      cachedInputTokens: 400,
      cacheWriteTokens: 100,
      reasoningTokens: 50,
      retries: 2,
      cacheHit: true,
      tags: { tenant: 'acme', undeclared: 'x' },
    });
    expect(counters('calls', 'completed', 'streamed', 'cache_hits', 'retries', 'calls_with_attempts')).toEqual({
      calls: 1,
      completed: 1,
      streamed: 1,
      cache_hits: 1,
      retries: 2,
      calls_with_attempts: 1,
    });
    expect(counters('input_tokens', 'output_tokens', 'cached_input_tokens', 'reasoning_tokens')).toEqual({
      input_tokens: 1000,
      output_tokens: 250,
      cached_input_tokens: 400,
      reasoning_tokens: 50,
    });
    expect(count('cache_write_tokens')).toBe(100);
    // 500 × 2.5 + 250 × 10 + 400 × 1.25 + 100 × 2.5 µUSD.
    expect(count('cost_nano_usd')).toBe(4_500_000);
    expect(count('input_cost_nano_usd')).toBe(1_250_000);
    expect(count('output_cost_nano_usd')).toBe(2_500_000);
    expect(count('cache_read_cost_nano_usd')).toBe(500_000);
    expect(count('cache_write_cost_nano_usd')).toBe(250_000);
    expect(recording.values(llmFamily, labels, 'success_duration')).toEqual({ count: 1, sum: 800_000 });
    expect(recording.values(llmFamily, labels, 'time_to_first_token')).toEqual({ count: 1, sum: 300_000 });
    // 250 tokens in the 500 ms after the first.
    expect(recording.values(llmFamily, labels, 'output_rate')).toEqual({ count: 1, sum: 500_000 });
    const tenant = recording.recorder.options.tagFamilies.get('tenant')!;
    expect(recording.count(tenant, ['acme'], 'cost_nano_usd')).toBe(4_500_000);
    expect(refused()).toEqual({});
  });

  it('takes a chat that completed and whose tokens are unknown where nothing else is said', () => {
    record(call);
    expect(counters('calls', 'completed', 'calls_with_usage', 'calls_without_usage', 'priced_calls')).toEqual({
      calls: 1,
      completed: 1,
      calls_with_usage: 0,
      calls_without_usage: 1,
      priced_calls: 0,
    });
    expect(count('unpriced_calls')).toBe(0);
  });

  it('counts tokens of a model without a price as unpriced, never as free', () => {
    record({ ...call, model: 'nobody-knows', inputTokens: 10, outputTokens: 5 });
    const unknown = ['openai', 'nobody-knows', 'chat'];
    expect(recording.count(llmFamily, unknown, 'unpriced_calls')).toBe(1);
    expect(recording.count(llmFamily, unknown, 'priced_calls')).toBe(0);
  });

  it('lets a reported cost win over the price table, also without tokens', () => {
    record({ ...call, inputTokens: 1000, outputTokens: 0, costUsd: '0.000000123' });
    record({ ...call, costUsd: 1.5 });
    expect(count('cost_nano_usd')).toBe(1_500_000_123);
    expect(count('priced_calls')).toBe(2);
    expect(count('input_cost_nano_usd')).toBe(0);
  });

  it.each<[LLMCallRecord['success'] | 'unset', string | undefined, LLMOutcome, string]>([
    ['unset', undefined, 'completed', ''],
    ['unset', 'quota', 'failed', 'quota'],
    [false, undefined, 'failed', 'unknown'],
    [false, 'timeout', 'failed', 'timeout'],
    [true, 'timeout', 'completed', ''],
  ])('with success %p and category %p is %s', (success, errorCategory, outcome, category) => {
    record({ ...call, errorCategory, ...(success !== 'unset' && { success }) });
    expect(count(outcome)).toBe(1);
    expect(recording.tally(llmFamily, labels, 'errors')).toEqual(category === '' ? {} : { [category]: 1 });
  });

  it('puts every outcome in the total but refused, and only some in the durations', () => {
    for (const outcome of llmOutcomes)
      record({ ...call, outcome, inputTokens: 10, timeToFirstTokenMs: 1, streamed: true, retries: 1, success: false });
    for (const outcome of llmOutcomes) expect(count(outcome)).toBe(1);
    expect(count('calls')).toBe(6);
    expect(count('input_tokens')).toBe(60);
    expect(count('streamed')).toBe(6);
    expect(count('retries')).toBe(6);
    expect(recording.values(llmFamily, labels, 'success_duration')?.count).toBe(1);
    expect(recording.values(llmFamily, labels, 'failure_duration')?.count).toBe(2);
    expect(recording.values(llmFamily, labels, 'time_to_first_token')?.count).toBe(6);
    expect(recording.values(llmFamily, labels, 'input_tokens_per_call')?.count).toBe(6);
  });

  it('counts a rate limit by category or when told so', () => {
    record({ ...call, errorCategory: 'rate_limit' });
    record({ ...call, rateLimited: true });
    record({ ...call, errorCategory: 'rate_limit', rateLimited: false });
    expect(count('rate_limit_hits')).toBe(2);
  });

  describe('with bad values', () => {
    const bad: unknown[] = [Number.NaN, -1, Infinity, -Infinity, '12', 1e308, 12n, {}, Symbol('x'), [1]];
    const tokenFields = ['inputTokens', 'outputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'reasoningTokens'];

    it.each([...bad, null, undefined])('refuses the whole call for a duration of %p', (durationMs) => {
      record({ ...call, durationMs, inputTokens: 5 });
      expect(recording.names(llmFamily)).toEqual([]);
      expect(refused()).toEqual({ 'llm.durationMs': 1 });
      expect(recording.warnings).toHaveLength(1);
    });

    it.each([...bad, 1.5, true])('counts the call and takes a count of %p as unknown', (value) => {
      record({ ...call, retries: value, ...Object.fromEntries(tokenFields.map((field) => [field, value])) });
      expect(counters('calls', 'calls_with_usage', 'input_tokens', 'output_tokens', 'retries')).toEqual({
        calls: 1,
        calls_with_usage: 0,
        input_tokens: 0,
        output_tokens: 0,
        retries: 0,
      });
      expect(refused()).toEqual({ 'llm.retries': 1, ...Object.fromEntries(tokenFields.map((f) => [`llm.${f}`, 1])) });
    });

    it.each([...bad, 801])('takes a first token after %p as unknown', (timeToFirstTokenMs) => {
      record({ ...call, timeToFirstTokenMs });
      expect(recording.values(llmFamily, labels, 'time_to_first_token')).toBeUndefined();
      expect(refused()).toEqual({ 'llm.timeToFirstTokenMs': 1 });
    });

    it.each([Number.NaN, -1, Infinity, 'free', '', 1e308, 12n, {}, '1e99'])(
      'takes a cost of %p as unknown, so that the price table says it',
      (costUsd) => {
        record({ ...call, inputTokens: 1000, outputTokens: 0, costUsd });
        expect(count('cost_nano_usd')).toBe(2_500_000);
        expect(refused()).toEqual({ 'llm.costUsd': 1 });
      },
    );

    it('takes null as unknown without a word', () => {
      const fields = [...tokenFields, 'retries', 'timeToFirstTokenMs', 'costUsd', 'tags', 'outcome', 'errorCategory'];
      record({ ...call, ...Object.fromEntries(fields.map((field) => [field, null])) });
      expect(counters('calls', 'completed', 'calls_without_usage')).toEqual({
        calls: 1,
        completed: 1,
        calls_without_usage: 1,
      });
      expect(refused()).toEqual({});
    });

    it('takes more cached than input tokens as told, but has no cost for them', () => {
      record({ ...call, inputTokens: 5, outputTokens: 1, cachedInputTokens: 6 });
      expect(counters('input_tokens', 'cached_input_tokens', 'unpriced_calls', 'cost_nano_usd')).toEqual({
        input_tokens: 5,
        cached_input_tokens: 6,
        unpriced_calls: 1,
        cost_nano_usd: 0,
      });
    });

    it('takes an outcome or category that does not exist as not told, and says so', () => {
      record({ ...call, outcome: 'exploded', errorCategory: 'bad_mood' });
      expect(recording.tally(llmFamily, labels, 'errors')).toEqual({ unknown: 1 });
      expect(refused()).toEqual({ 'llm.outcome': 1, 'llm.errorCategory': 1 });
    });

    it('names a provider, model or operation that is no text unknown, and cuts one of 10 MB', () => {
      record({ ...call, provider: Symbol('p'), model: undefined, operation: 7, inputTokens: 1 });
      const huge = 'm'.repeat(10_000_000);
      record({ provider: huge, model: huge, operation: huge, durationMs: 1, inputTokens: 1, outputTokens: 1 });
      const [cut, unknown] = recording.names(llmFamily);
      expect(unknown).toBe('unknown\0unknown\0unknown');
      expect(cut).toHaveLength(3 * 200 + 2);
    });

    it.each([
      undefined,
      null,
      5,
      'text',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
    ])(
      // prettier-ignore
      'survives the record %#',
      (given) => {
        expect(() => record(given)).not.toThrow();
        expect(recording.names(llmFamily)).toEqual([]);
        expect(Object.values(refused() as object)).toEqual([1]);
      },
    );
  });

  it('is a component of the operation around it, which does not own its time', () => {
    trackOperation(recording.recorder, 'answer', () => {
      recording.clock.advance(1000);
      record({ ...call, inputTokens: 7, outputTokens: 3, success: false });
    }, undefined, []); // prettier-ignore
    expect(recording.count(operationFamily, ['answer'], 'own_us')).toBe(200_000);
    expect(recording.count(operationFamily, ['answer'], 'input_tokens')).toBe(7);
    expect(recording.count(componentFamily, ['answer', 'llm.openai'], 'covered_us')).toBe(800_000);
    expect(recording.count(componentFamily, ['answer', 'llm.openai'], 'errors')).toBe(1);
  });

  it('inside a tracked LLM call counts the tokens instead of it', () => {
    const answer = { object: 'chat.completion', model: 'gpt-4o', choices: [], usage: { prompt_tokens: 99 } };
    recording.recorder.llm.track({ ...call, operation: 'chat', tags: null }, () => {
      record({ ...call, inputTokens: 7 });
      return answer;
    }, undefined, []); // prettier-ignore
    expect(counters('calls', 'input_tokens')).toEqual({ calls: 2, input_tokens: 7 });
  });

  it('adds its tags to those around it', () => {
    const metadata = { tenant: 'acme' };
    trackOperation(recording.recorder, 'answer', () => record(call), undefined, [], { metadata });
    trackOperation(recording.recorder, 'answer', () => record({ ...call, tags: { tenant: 'other' } }), undefined, [], {
      metadata,
    });
    const tenant = recording.recorder.options.tagFamilies.get('tenant')!;
    expect(recording.names(tenant)).toEqual(['acme', 'other']);
  });
});
