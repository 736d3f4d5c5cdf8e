import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { cleanLabel } from '../accumulate/labels.js';
import { llmFamily } from '../accumulate/llm-family.js';
import type { LLMCallStart } from './llm-call.js';
import { trackOperation } from './operation.js';
import { PriceTable } from './price/price-table.js';
import type { RecorderOptions } from './recorder.js';

const start: LLMCallStart = { provider: 'openai', model: 'gpt-4o', operation: 'chat', tags: null };
const labels = ['openai', 'gpt-4o', 'chat'];
const prices = { openai: { 'gpt-4o': { inputPerMillion: 2.5, outputPerMillion: 10 } } };
const minutes = 60_000;

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

describe('a tracked LLM call', () => {
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

  describe('that answers at once', () => {
    it('counts the model in the answer, or without one the model asked for', () => {
      track(() => answer({ model: 'gpt-4o-2024-08-06' }));
      track(() => answer({ model: undefined }));
      expect(recording.names(llmFamily)).toEqual(['openai\0gpt-4o\0chat', 'openai\0gpt-4o-2024-08-06\0chat']);
    });

    it('is priced as the model that answered, or if nobody knows that one as the model asked for', () => {
      track(() => answer({ model: 'gpt-4o-2024-08-06' }));
      track(() => answer({ model: 'my-fine-tune' }));
      const costs = ['gpt-4o-2024-08-06', 'my-fine-tune'].map((model) =>
        recording.count(llmFamily, ['openai', model, 'chat'], 'cost_nano_usd'),
      );
      expect(costs).toEqual([450_000, 450_000]);
    });

    it('completes with a content filter as finish reason, and fails with one as error', async () => {
      track(() => answer({ choices: [{ finish_reason: 'content_filter' }] }));
      const error = Object.assign(new Error('no'), { code: 'content_filter' });
      await expect(track(() => Promise.reject(error))).rejects.toBe(error);
      expect(count('completed')).toBe(1);
      expect(recording.tally(llmFamily, labels, 'finish_reasons')).toEqual({ content_filter: 1 });
      expect(recording.tally(llmFamily, labels, 'errors')).toEqual({ content_filter: 1 });
    });

    it('keeps 64 characters of a finish reason', () => {
      track(() => answer({ choices: [{ finish_reason: 'r'.repeat(1_000_000) }] }));
      expect(recording.tally(llmFamily, labels, 'finish_reasons')).toEqual({ ['r'.repeat(64)]: 1 });
    });

    it('fails when the answer says that it failed', () => {
      track(() => answer({ error: { code: 'rate_limit_exceeded' } }));
      expect(count('failed')).toBe(1);
      expect(count('rate_limit_hits')).toBe(1);
    });

    it('completes without usage when the answer has a shape that nobody knows', () => {
      for (const value of [undefined, null, 'text', 5, {}, []]) expect(track(() => value)).toBe(value);
      expect(count('completed')).toBe(6);
      expect(count('calls_without_usage')).toBe(6);
    });
  });

  describe('that streams', () => {
    it('counts first token, gaps and output rate of exactly its times', async () => {
      await drain(
        track(() =>
          chunks(
            [100, chunk('')],
            [150, chunk('a')],
            [40, chunk('b')],
            [60, chunk('c')],
            [0, chunk(null, 'stop', { prompt_tokens: 9, completion_tokens: 20 })],
          ),
        ),
      );
      expect(count('streamed')).toBe(1);
      expect(recording.values(llmFamily, labels, 'success_duration')).toEqual({ count: 1, sum: 350_000 });
      expect(recording.values(llmFamily, labels, 'time_to_first_token')).toEqual({ count: 1, sum: 250_000 });
      expect(recording.values(llmFamily, labels, 'chunk_gap')).toEqual({ count: 1, sum: 33_333 });
      expect(recording.values(llmFamily, labels, 'output_rate')).toEqual({ count: 1, sum: 200_000 });
    });

    it('has an output rate without the reasoning that was over when the first token came', async () => {
      const usage = { prompt_tokens: 9, completion_tokens: 1000, completion_tokens_details: { reasoning_tokens: 980 } };
      await drain(track(() => chunks([9000, chunk('a')], [100, chunk('b', 'stop', usage)])));
      expect(recording.values(llmFamily, labels, 'output_rate')).toEqual({ count: 1, sum: 200_000 });
    });

    it('does not take what comes before the first known chunk for the first token', async () => {
      await drain(
        track(() => chunks([10, { object: '', prompt_filter_results: [] }], [20, chunk('')], [30, chunk('a')])),
      );
      expect(recording.values(llmFamily, labels, 'time_to_first_token')).toEqual({ count: 1, sum: 60_000 });
    });

    it('takes the first item of an unknown shape as first token and its end as completed', async () => {
      await drain(track(() => chunks([10, { text: 'a' }], [20, { text: 'b' }])));
      expect(count('completed')).toBe(1);
      expect(recording.values(llmFamily, labels, 'time_to_first_token')).toEqual({ count: 1, sum: 10_000 });
    });

    it.each([
      ['incomplete if it ends without a finish reason', [chunk('a')], Infinity, 'incomplete'],
      ['stopped if its consumer leaves before the finish reason', [chunk('a'), chunk('b', 'stop')], 1, 'stopped'],
      ['completed if its consumer leaves after the finish reason', [chunk('a', 'stop'), chunk(null)], 1, 'completed'],
      ['failed if a chunk says so, however it ends', [{ ...chunk('a'), error: { code: 'server_error' } }], 1, 'failed'],
    ])('is %s', async (_name, items, taken, outcome) => {
      let seen = 0;
      for await (const _item of track(() => chunks(...items.map((item): [number, object] => [5, item]))))
        if (++seen === taken) break;
      expect(count(outcome)).toBe(1);
      expect(count('calls')).toBe(1);
    });
  });

  describe('under way', () => {
    it('is told with its count and the age of the oldest, by provider and model', async () => {
      const { llm } = recording.recorder;
      let finish = (): void => {};
      const first = track(() => new Promise<void>((resolve) => (finish = resolve)));
      spend(500);
      void track(() => new Promise(() => {}));
      void track(() => new Promise(() => {}), { model: 'o3' });
      spend(100);
      expect(llm.active()).toEqual([
        { provider: 'openai', model: 'gpt-4o', calls: 2, oldestMs: 600 },
        { provider: 'openai', model: 'o3', calls: 1, oldestMs: 100 },
      ]);
      finish();
      await first;
      expect(llm.active()[0]).toEqual({ provider: 'openai', model: 'gpt-4o', calls: 1, oldestMs: 100 });
    });

    it('is told under the labels of its series, however long or hostile its names are', () => {
      void track(() => new Promise(() => {}), { model: 'm'.repeat(1e6) });
      void track(() => new Promise(() => {}), { model: '__other__' });
      const told = recording.recorder.llm.active().map(({ provider, model }) => [provider, model]);
      expect(told).toEqual([
        ['openai', cleanLabel('m'.repeat(1e6))],
        ['__other__', '__other__'],
      ]);
    });

    it('is told in full past any number of models', () => {
      const { llm } = recording.recorder;
      for (let index = 0; index < 100; index++) void track(() => new Promise(() => {}), { model: `m${index}` });
      expect(llm.active()).toHaveLength(31);
      expect(llm.active().at(-1)).toMatchObject({ provider: '__other__', model: '__other__', calls: 70 });
    });

    it('is not told while nobody reads its cold stream', async () => {
      const stream = track(() => chunks([10, chunk('a')]));
      expect(recording.recorder.llm.active()).toEqual([]);
      await stream.next();
      expect(recording.recorder.llm.active()).toHaveLength(1);
    });

    it('is abandoned when its stream was silent for ten minutes; a late end is counted and not added', async () => {
      const { llm } = recording.recorder;
      const stream = track(() =>
        chunks([10, chunk('a')], [20 * minutes, chunk('b', 'stop', { prompt_tokens: 9, completion_tokens: 5 })]),
      );
      await stream.next();
      spend(10 * minutes - 1);
      llm.sweep();
      expect(llm.active()).toHaveLength(1);
      spend(1);
      llm.sweep();
      llm.sweep();
      expect(llm.active()).toEqual([]);
      expect(count('abandoned')).toBe(1);
      expect(count('late_ends')).toBe(0);
      await drain(stream);
      expect(count('late_ends')).toBe(1);
      expect(count('calls')).toBe(1);
      expect(count('completed')).toBe(0);
      expect(count('input_tokens')).toBe(0);
      expect(recording.values(llmFamily, labels, 'success_duration')).toBeUndefined();
    });

    it('stays while chunks come, however long it takes', async () => {
      const items = Array.from({ length: 5 }, (): [number, object] => [9 * minutes, chunk('a')]);
      for await (const _item of track(() => chunks(...items, [0, chunk(null, 'stop')]))) recording.recorder.llm.sweep();
      expect(count('completed')).toBe(1);
    });

    it('is abandoned after an hour when it never answers, so that nothing piles up', () => {
      void track(() => new Promise(() => {}));
      spend(59 * minutes);
      recording.recorder.llm.sweep();
      expect(count('abandoned')).toBe(0);
      spend(minutes);
      recording.recorder.llm.sweep();
      expect(count('abandoned')).toBe(1);
      expect(recording.recorder.llm.active()).toEqual([]);
    });
  });

  describe('inside another', () => {
    it('counts the tokens, and both count as calls; the operation around has one component and one call', async () => {
      await operation('answer', () =>
        track(
          async () => {
            spend(10);
            await track(async () => (spend(30), answer()));
            spend(5);
            return answer();
          },
          { provider: 'gateway' },
        ),
      );
      const outer = ['gateway', 'gpt-4o', 'chat'];
      expect(count('input_tokens')).toBe(100);
      expect(recording.count(llmFamily, outer, 'calls')).toBe(1);
      expect(recording.count(llmFamily, outer, 'input_tokens')).toBe(0);
      expect(recording.count(llmFamily, outer, 'calls_without_usage')).toBe(0);
      expect(recording.values(llmFamily, outer, 'success_duration')).toEqual({ count: 1, sum: 45_000 });
      expect(recording.count(operationFamily, ['answer'], 'llm_calls')).toBe(1);
      expect(recording.count(operationFamily, ['answer'], 'cost_nano_usd')).toBe(450_000);
      expect(recording.names(componentFamily)).toEqual(['answer\0llm.gateway']);
      expect(recording.count(componentFamily, ['answer', 'llm.gateway'], 'covered_us')).toBe(45_000);
    });
  });
});
