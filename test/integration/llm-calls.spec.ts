import { endpointFamily, operationFamily } from '../../libs/nestmeter/src/accumulate/families.js';
import { llmFamily, llmOutcomes } from '../../libs/nestmeter/src/accumulate/llm-family.js';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { HttpRequests } from '../../libs/nestmeter/src/record/http-request.js';
import type { LLMOutcome } from '../../libs/nestmeter/src/record/llm-facts.js';
import { PriceTable } from '../../libs/nestmeter/src/record/price/price-table.js';
import { ProviderServer } from '../fixtures/provider-server.js';
import { Recording } from '../fixtures/recording.js';
import { anthropic, type Chat, openai, OpenAIChat, prices } from '../fixtures/sdk-chats.js';

async function drain(stream: AsyncIterable<object>): Promise<object[]> {
  const items: object[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe.each([
  ['openai', openai],
  ['@anthropic-ai/sdk', anthropic],
])('tracked calls through %s', (_name, { makeChat, asked, answered, usage, cost, finish, statuses, errorEvent }) => {
  let server: ProviderServer;
  let chat: Chat;
  let recording: Recording;

  beforeAll(async () => {
    server = await ProviderServer.start();
    chat = makeChat(server.url);
  });

  beforeEach(() => {
    const table = new PriceTable({ prices, importGenaiPrices: null });
    recording = new Recording({ clock: systemClock, prices: table });
  });

  afterEach(() => {
    recording.close();
  });

  afterAll(() => server.stop());

  const count = (counter: string, labels = answered): number => recording.count(llmFamily, labels, counter);
  const durationMs = (name: string, labels = answered): number =>
    (recording.values(llmFamily, labels, name)?.sum ?? Number.NaN) / 1000;

  /** How the calls of every series ended, what is still under way, and what was refused or failed while recording. */
  function outcomes(): object {
    const counted = recording.names(llmFamily).map((key) => {
      const ended = ['calls', ...llmOutcomes].map((outcome) => [outcome, count(outcome, key.split('\0'))] as const);
      return [key, Object.fromEntries(ended.filter(([, calls]) => calls > 0))] as const;
    });
    const { llm, refusals } = recording.recorder;
    return { ...Object.fromEntries(counted), active: llm.active().length, refused: refusals.counts() };
  }

  /** What {@link outcomes} tells after calls of one series with one outcome. */
  const only = (outcome: LLMOutcome, labels = answered, calls = 1): object => ({
    [labels.join('\0')]: { calls, [outcome]: calls },
    active: 0,
    refused: {},
  });

  /** Tokens and cost that were counted, all of them priced. */
  function billed(): object {
    const tokens = Object.fromEntries(Object.keys(usage).map((counter) => [counter, count(counter)]));
    const parts = {
      cost: count('cost_nano_usd'),
      input: count('input_cost_nano_usd'),
      output: count('output_cost_nano_usd'),
      cacheRead: count('cache_read_cost_nano_usd'),
      cacheWrite: count('cache_write_cost_nano_usd'),
    };
    return { ...tokens, ...parts, priced: count('priced_calls'), unpriced: count('unpriced_calls') };
  }

  /** What {@link billed} tells after so many calls. */
  const bill = (calls = 1): object => {
    const each = Object.entries({ ...usage, ...cost, priced: 1, unpriced: 0 });
    return Object.fromEntries(each.map(([name, amount]) => [name, calls * amount]));
  };

  it('count a plain answer with exact tokens and cost, under the model that answered', async () => {
    server.behave({ latencyMs: 30 });
    expect(await chat.complete()).toHaveProperty('usage');
    expect(outcomes()).toEqual(only('completed'));
    expect(billed()).toEqual(bill());
    expect(count('streamed')).toBe(0);
    expect(recording.tally(llmFamily, answered, 'finish_reasons')).toEqual({ [finish]: 1 });
    expect(durationMs('success_duration')).toBeGreaterThanOrEqual(29);
    expect(durationMs('time_to_first_token')).toBeNaN();
  });

  it('count a stream alike, with a first token before its end', async () => {
    server.behave({ frameDelayMs: 5 });
    const items = await drain(await chat.stream());
    expect(items.length).toBeGreaterThan(5);
    expect(outcomes()).toEqual(only('completed'));
    expect(billed()).toEqual(bill());
    expect(count('streamed')).toBe(1);
    const [first, whole] = [durationMs('time_to_first_token'), durationMs('success_duration')];
    expect(first).toBeGreaterThan(5);
    expect(first).toBeLessThan(whole);
    expect(durationMs('chunk_gap')).toBeGreaterThan(0);
    // Reasoning is hidden: it was over when the first token came.
    const written = 30 - count('reasoning_tokens');
    expect(durationMs('output_rate')).toBeCloseTo(written / ((whole - first) / 1000), -1);
  });

  it('count a stream helper of which only the final answer is asked for', async () => {
    await chat.help();
    expect(outcomes()).toEqual(only('completed'));
    expect(billed()).toEqual(bill());
  });

  it.each(Object.entries(statuses))('fail on status %s as %s, with the error of the SDK', async (status, category) => {
    server.behave({ status: Number(status) }, { status: Number(status) });
    const plain = await errorOf(chat.complete());
    const streamed = await errorOf(chat.stream());
    expect([plain, streamed]).toMatchObject([{ status: Number(status) }, { status: Number(status) }]);
    expect(outcomes()).toEqual(only('failed', asked, 2));
    expect(recording.tally(llmFamily, asked, 'errors')).toEqual({ [category]: 2 });
    expect(count('rate_limit_hits', asked)).toBe(category === 'rate_limit' ? 2 : 0);
    expect(recording.values(llmFamily, asked, 'failure_duration')?.count).toBe(2);
    expect(count('unpriced_calls', asked)).toBe(0);
  });

  it('count a call that the SDK tried again once', async () => {
    server.behave({ status: 500 });
    await chat.complete({ maxRetries: 1 });
    expect(outcomes()).toEqual(only('completed'));
    expect(billed()).toEqual(bill());
  });

  it.each([
    ['error-event', errorEvent],
    ['cut', 'network'],
  ] as const)('fail when a stream has %s in the middle, as %s', async (ending, category) => {
    server.behave({ ending });
    const error = await errorOf(chat.stream().then(drain));
    expect(error).toHaveProperty('message');
    expect(outcomes()).toEqual(only('failed'));
    expect(recording.tally(llmFamily, answered, 'errors')).toEqual({ [category]: 1 });
  });

  it('are incomplete when a stream ends early', async () => {
    server.behave({ ending: 'early' });
    await drain(await chat.stream());
    expect(outcomes()).toEqual(only('incomplete'));
    expect(recording.values(llmFamily, answered, 'failure_duration')?.count).toBe(1);
  });

  it('are stopped when the consumer leaves early, and the provider sees it', async () => {
    server.behave({ pieces: 100_000, frameDelayMs: 1 });
    let seen = 0;
    for await (const _item of await chat.stream()) if (++seen === 5) break;
    expect(await server.lastRequest.leftEarly).toBe(true);
    expect(outcomes()).toEqual(only('stopped'));
    expect(recording.values(llmFamily, answered, 'success_duration')).toBeUndefined();
    expect(recording.tally(llmFamily, answered, 'errors')).toEqual({});
  });

  it('are cancelled when the controller of a stream is aborted', async () => {
    server.behave({ ending: 'hang' });
    const stream = await chat.stream();
    let seen = 0;
    for await (const _item of stream) if (++seen === 3) stream.controller.abort();
    expect(outcomes()).toEqual(only('cancelled'));
  });

  it('are cancelled when the signal aborts before the answer', async () => {
    server.behave({ latencyMs: 500 });
    const user = new AbortController();
    setTimeout(() => user.abort(), 30);
    expect(await errorOf(chat.complete({ signal: user.signal }))).toBeInstanceOf(Error);
    expect(outcomes()).toEqual(only('cancelled', asked));
  });

  it('fail as timeout when the SDK gives up', async () => {
    server.behave({ latencyMs: 500 });
    expect(await errorOf(chat.complete({ timeout: 50 }))).toBeInstanceOf(Error);
    expect(outcomes()).toEqual(only('failed', asked));
    expect(recording.tally(llmFamily, asked, 'errors')).toEqual({ timeout: 1 });
    expect(durationMs('failure_duration', asked)).toBeGreaterThanOrEqual(45);
  });

  it('fail as network when nobody listens', async () => {
    const gone = await ProviderServer.start();
    const { url } = gone;
    await gone.stop();
    expect(await errorOf(makeChat(url).complete())).toBeInstanceOf(Error);
    expect(recording.tally(llmFamily, asked, 'errors')).toEqual({ network: 1 });
  });

  it('inside another count tokens and cost once', async () => {
    await chat.nested();
    expect(count('calls')).toBe(2);
    expect(billed()).toEqual(bill());
  });

  it('are told while they are under way', async () => {
    server.behave({ latencyMs: 60 }, { latencyMs: 60 });
    const calls = [chat.complete(), chat.complete()];
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [provider, model] = asked;
    expect(recording.recorder.llm.active()).toEqual([{ provider, model, calls: 2, oldestMs: expect.any(Number) }]);
    expect(recording.recorder.llm.active()[0]!.oldestMs).toBeGreaterThan(10);
    await Promise.all(calls);
  });

  it('add up in the operation and the request around them, whose wait is the union', async () => {
    server.behave({ latencyMs: 80 }, { latencyMs: 80 });
    const http = new HttpRequests(recording.recorder, { isExcluded: () => false });
    const request = http.begin({ method: 'POST', path: '/chat', requestBytes: 0 })!;
    await request.run(() => chat.both());
    request.end({ route: '/chat', status: 200, responseBytes: 0, aborted: false });
    expect(billed()).toEqual(bill(2));
    for (const [family, labels] of [
      [operationFamily, ['both']],
      [endpointFamily, ['POST', '/chat']],
    ] as const) {
      // prettier-ignore
      const of = (counter: string): number => recording.count(family, [...labels], counter);
      expect([of('llm_calls'), of('input_tokens'), of('output_tokens'), of('cost_nano_usd')]).toEqual([
        2,
        2 * usage.input_tokens,
        2 * usage.output_tokens,
        2 * cost.cost,
      ]);
    }
    const waitedMs = recording.count(endpointFamily, ['POST', '/chat'], 'provider_wait_us') / 1000;
    expect(waitedMs).toBeGreaterThanOrEqual(79);
    expect(waitedMs).toBeLessThan(durationMs('success_duration'));
  });
});

describe('a stream of openai without usage', () => {
  it('completes with tokens and cost unknown', async () => {
    const server = await ProviderServer.start();
    const recording = new Recording({ clock: systemClock });
    await drain(await new OpenAIChat(server.url).streamWithoutUsage());
    const count = (counter: string): number => recording.count(llmFamily, openai.answered, counter);
    expect([count('completed'), count('calls_without_usage'), count('calls_with_usage')]).toEqual([1, 1, 0]);
    expect([count('input_tokens'), count('priced_calls'), count('unpriced_calls')]).toEqual([0, 0, 0]);
    expect(recording.values(llmFamily, openai.answered, 'output_rate')).toBeUndefined();
    recording.close();
    await server.stop();
  });
});
