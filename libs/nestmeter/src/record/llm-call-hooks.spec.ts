import { jest } from '@jest/globals';
import { gateBy } from '../../../../test/fixtures/gate.js';
import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import type { LLMCallStart } from './llm-call.js';
import { trackOperation } from './operation.js';
import { PriceTable } from './price/price-table.js';
import type { RecorderOptions } from './recorder.js';

const start: LLMCallStart = { provider: 'openai', model: 'gpt-4o', operation: 'chat', tags: null };
const labels = ['openai', 'gpt-4o', 'chat'];
const prices = { openai: { 'gpt-4o': { inputPerMillion: 2.5, outputPerMillion: 10 } } };

const answer = (change: object = {}): object => ({
  object: 'chat.completion',
  model: 'gpt-4o',
  choices: [{ finish_reason: 'stop' }],
  usage: { prompt_tokens: 100, completion_tokens: 20 },
  ...change,
});
const chunk = (content: string | null, finishReason: string | null = null, usage?: object): object => ({
  object: 'chat.completion.chunk',
  model: 'gpt-4o',
  choices: [{ delta: { content }, finish_reason: finishReason }],
  usage,
});

describe('what an application adds to a tracked LLM call', () => {
  let recording: Recording;

  beforeEach(() => open({}));

  afterEach(() => recording.close());

  function open(options: Partial<RecorderOptions>): void {
    recording?.close();
    const table = new PriceTable({ prices, importGenaiPrices: null });
    recording = new Recording({ tags: ['tenant'], prices: table, ...options });
  }

  const track = <R>(code: () => R, change: Partial<LLMCallStart> = {}): R =>
    recording.recorder.llm.track({ ...start, ...change }, code, undefined, []);
  const operation = <R>(name: string, code: () => R): R =>
    trackOperation(recording.recorder, name, code, undefined, []);
  const count = (counter: string): number => recording.count(llmFamily, labels, counter);
  const spend = (ms: number): void => recording.clock.advance(ms);

  /** A stream of chunks, each after so many milliseconds. */
  async function* chunks(...items: [afterMs: number, item: object][]): AsyncGenerator<object> {
    for (const [afterMs, item] of items) {
      spend(afterMs);
      yield item;
    }
  }

  async function drain(stream: AsyncIterable<unknown>): Promise<void> {
    for await (const _item of stream);
  }

  describe('error messages', () => {
    const failure = Object.assign(new Error('429 Rate limit reached'), {
      status: 429,
      error: { type: 'requests', message: 'Rate limit reached for jane@example.com: Limit 3' },
    });
    const fail = async (): Promise<void> => {
      await expect(track(() => Promise.reject(failure))).rejects.toBe(failure);
    };

    it('are kept nowhere unless asked for', async () => {
      await fail();
      expect(recording.recorder.lastErrors).toBeNull();
    });

    it('are kept scrubbed, the last of each category, where they are asked for', async () => {
      open({ keepsErrorMessages: true });
      await fail();
      await expect(track(() => Promise.reject(new DOMException('left', 'AbortError')))).rejects.toThrow('left');
      expect(recording.recorder.lastErrors!.list()).toEqual([
        {
          provider: 'openai',
          category: 'rate_limit',
          message: 'Rate limit reached for [email]: Limit 3',
          atMs: recording.clock.wallMs(),
        },
      ]);
    });
  });

  describe('a gate that refuses it', () => {
    const refusal = new Error('budget exceeded');
    const method = jest.fn(() => answer());

    beforeEach(() => {
      method.mockClear();
      open({
        gate: gateBy(({ provider, model }) => {
          if (`${provider}/${model}` === 'openai/gpt-4o') throw refusal;
          return null;
        }),
      });
    });

    it('is not made, and only counted as refused', () => {
      expect(() => operation('answer', () => track(method, { tags: { tenant: 'acme' } }))).toThrow(refusal);
      expect(method).not.toHaveBeenCalled();
      expect(count('refused')).toBe(1);
      expect(count('calls')).toBe(0);
      const tenant = recording.recorder.options.tagFamilies.get('tenant')!;
      expect(recording.count(tenant, ['acme'], 'refused')).toBe(1);
      expect(recording.count(operationFamily, ['answer'], 'llm_calls')).toBe(0);
      expect(recording.names(componentFamily)).toEqual([]);
    });

    it('rejects where the method is async, so that the caller needs one way of handling', async () => {
      await expect(track(async () => method())).rejects.toBe(refusal);
      expect(method).not.toHaveBeenCalled();
    });

    it('lets other calls through', () => {
      track(method, { model: 'o3' });
      expect(method).toHaveBeenCalledTimes(1);
    });
  });

  describe('prices that are still being loaded', () => {
    it('waits for them with the time of the call, unless the price is known or there is nothing to price', async () => {
      let load = (_nothing: null): void => {};
      const loading = new Promise<null>((resolve) => (load = resolve));
      open({ prices: new PriceTable({ prices, importGenaiPrices: () => loading }) });
      track(() => answer());
      expect(count('cost_nano_usd')).toBe(450_000);
      operation('answer', () => track(() => answer({ model: 'o3' })));
      track(() => ({}));
      expect(count('calls')).toBe(2);
      const unknown = ['openai', 'o3', 'chat'];
      expect(recording.count(llmFamily, unknown, 'calls')).toBe(0);
      load(null);
      await recording.recorder.prices.ready();
      await Promise.resolve();
      expect(recording.count(llmFamily, unknown, 'calls')).toBe(1);
      expect(recording.count(operationFamily, ['answer'], 'input_tokens')).toBe(100);
    });
  });

  describe('tags', () => {
    it('has those of the operation around it and its own, which win', () => {
      const metadata = { tenant: 'acme', user: 'u1' };
      const inside = (code: () => unknown): unknown =>
        trackOperation(recording.recorder, 'answer', code, undefined, [], { metadata });
      inside(() => operation('inner', () => track(() => answer())));
      inside(() => track(() => answer(), { tags: { tenant: 'other' } }));
      const tenant = recording.recorder.options.tagFamilies.get('tenant')!;
      expect(recording.names(tenant)).toEqual(['acme', 'other']);
      expect(recording.count(tenant, ['acme'], 'cost_nano_usd')).toBe(450_000);
    });
  });

  describe('extract', () => {
    const extract = (value: unknown): object => ({ inputTokens: (value as { in: number }).in, model: 'mine' });

    it('reads answers of SDKs that nobody knows', () => {
      track(() => ({ in: 42 }), { extract });
      expect(recording.count(llmFamily, ['openai', 'mine', 'chat'], 'input_tokens')).toBe(42);
    });

    it('that throws counts the failure, and the answer goes its way', async () => {
      const failing = (): never => {
        throw new Error('no');
      };
      const value = answer();
      expect(track(() => value, { extract: failing })).toBe(value);
      await drain(track(() => chunks([1, chunk('a')], [1, chunk('b', 'stop')]), { extract: failing }));
      expect(count('completed')).toBe(2);
      expect(count('input_tokens')).toBe(100);
      expect(recording.recorder.refusals.counts()).toEqual({ 'failed.extract': 3 });
    });
  });
});
