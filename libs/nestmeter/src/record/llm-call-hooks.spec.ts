import { jest } from '@jest/globals';
import { from, lastValueFrom } from 'rxjs';
import { gateBy, type ToldGate } from '../../../../test/fixtures/gate.js';
import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import type { CallGate } from './call-gate.js';
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

  describe('a gate that keeps something for it', () => {
    const hold = { amount: 1 };
    let gate: ToldGate;

    function openWith(admit: CallGate['admit']): void {
      gate = gateBy(admit);
      open({ gate });
    }

    it('is told what the call came to, once, with what it kept', async () => {
      openWith(() => hold);
      await track(async () => answer({ model: 'gpt-4o-2024-08-06' }));
      const told = {
        provider: 'openai',
        askedModel: 'gpt-4o',
        model: 'gpt-4o-2024-08-06',
        operation: 'chat',
        tags: null,
      };
      expect(gate.told).toEqual([{ hold, call: { ...told, tokens: 120, costNanoUsd: 450_000, mayHaveSpent: true } }]);
    });

    it('is told of tokens and cost, which calls by hand have too', () => {
      openWith(() => hold);
      track(() => answer(), { tags: { tenant: 'acme' } });
      recording.recorder.llm.record(start, { outcome: 'completed', durationMs: 1, streamed: false, answer: { inputTokens: 4, outputTokens: 0 }, nested: false }); // prettier-ignore
      expect(gate.told.map(({ call, hold: kept }) => [call?.tags, call?.tokens, call?.costNanoUsd, kept])).toEqual([
        [{ tenant: 'acme' }, 120, 450_000, hold],
        [null, 4, 10_000, null],
      ]);
    });

    it.each([
      ['a provider that refused it', Object.assign(new Error('no'), { status: 429 }), false],
      ['the application', new TypeError('no'), false],
      ['the network', Object.assign(new Error('no'), { code: 'ECONNRESET' }), true],
      ['nobody knows what', Object.assign(new Error('no'), { status: 418 }), true],
    ])('is told whether it may have spent something when it failed by %s', async (_, error, mayHaveSpent) => {
      openWith(() => hold);
      await expect(track(() => Promise.reject(error))).rejects.toBe(error);
      expect(gate.told).toMatchObject([{ hold, call: { tokens: undefined, mayHaveSpent } }]);
    });

    it('lets an async call wait for it, and makes it only then', async () => {
      let admit!: (kept: object) => void;
      openWith(({ mayWait }) => (mayWait ? new Promise((resolve) => (admit = resolve)) : hold));
      let made = 0;
      const result = track(async () => (made++, answer()));
      await Promise.resolve();
      expect(made).toBe(0);
      spend(700);
      admit(hold);
      await result;
      expect(made).toBe(1);
      expect(recording.values(llmFamily, labels, 'success_duration')).toEqual({ count: 1, sum: 0 });
      expect(gate.told).toHaveLength(1);
    });

    it('counts a call as refused that waited in vain', async () => {
      const refusal = new Error('used up');
      openWith(() => Promise.reject(refusal));
      const method = jest.fn(async () => answer());
      await expect(track(method)).rejects.toBe(refusal);
      expect(method).not.toHaveBeenCalled();
      expect([count('refused'), count('calls')]).toEqual([1, 0]);
    });

    it('gets the call around as well, whose part is released because it counts nothing', async () => {
      const asked: (object | null)[] = [];
      const holds = [{ of: 'outer' }, { of: 'inner' }];
      openWith(({ around }) => {
        asked.push(around);
        return holds[asked.length - 1]!;
      });
      await track(async () => track(async () => answer(), { provider: 'azure' }), { provider: 'gateway' });
      expect(asked).toEqual([null, holds[0]]);
      expect(gate.told.map(({ call, hold: kept }) => [call?.provider, kept])).toEqual([
        ['azure', holds[1]],
        [undefined, holds[0]],
      ]);
    });

    it('gives up what it kept for a stream that may never be read, and is told when it was', async () => {
      openWith(() => hold);
      const stream = track(() => from([chunk('a'), chunk(null, 'stop', { prompt_tokens: 3, completion_tokens: 4 })]));
      expect(gate.told).toEqual([{ call: null, hold }]);
      await lastValueFrom(stream);
      expect(gate.told[1]).toMatchObject({ hold: null, call: { tokens: 7 } });
    });

    it('does not reach the application when it fails', () => {
      gate = { ...gateBy(() => hold), ended: () => { throw new Error('broken'); } }; // prettier-ignore
      open({ gate });
      expect(track(() => answer())).toEqual(answer());
      expect(recording.recorder.refusals.counts()).toEqual({ 'failed.gate': 1 });
      expect(count('completed')).toBe(1);
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
