import { streamObject, streamText } from 'ai';
import { MockLanguageModelV3, simulateReadableStream } from 'ai/test';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

import { RecordedResult } from '../../../../../test/fixtures/recorded-result.js';
import { observeResult } from '../observe-result.js';

type Part = Parameters<typeof simulateReadableStream<ModelPart>>[0]['chunks'][number];
type ModelPart =
  Awaited<ReturnType<MockLanguageModelV3['doStream']>>['stream'] extends ReadableStream<infer P> ? P : never;

const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};

const opening: Part[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: '1' },
];
const texts = (...words: string[]): Part[] => words.map((delta) => ({ type: 'text-delta', id: '1', delta }));
const closing: Part[] = [
  { type: 'text-end', id: '1' },
  { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage },
];

/** A model that counts what was pulled from it. */
function modelOf(chunks: Part[], chunkDelayInMs: number | null = null): MockLanguageModelV3 {
  return new MockLanguageModelV3({
    doStream: async () => ({ stream: simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs }) }),
  });
}

const answering = (): MockLanguageModelV3 => modelOf([...opening, ...texts('Hel', 'lo'), ...closing]);

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe('a watched result of streamText', () => {
  let observer: RecordedResult;

  beforeEach(() => {
    observer = new RecordedResult();
  });

  const partTypes = (): unknown[] => observer.items.map((item) => (item as { type: string }).type);
  const watched = (model: MockLanguageModelV3, abortSignal?: AbortSignal): ReturnType<typeof streamText> =>
    observeResult(
      streamText({ model, prompt: 'Hi', onError: () => {}, ...(abortSignal && { abortSignal }) }),
      observer,
    );

  it('is the same object, with the same keys, and is not started', async () => {
    const result = streamText({ model: answering(), prompt: 'Hi' });
    const keys = Object.keys(result);
    expect(observeResult(result, observer)).toBe(result);
    await delay(20);
    expect(Object.keys(result)).toEqual(keys);
    expect(observer.told).toEqual([['unread', 'hot']]);
    await result.consumeStream();
  });

  it('is told in all its parts, usage included, though the application reads text alone', async () => {
    expect(await collect(watched(answering()).textStream)).toEqual(['Hel', 'lo']);
    expect(partTypes()).toEqual([
      'start',
      'start-step',
      'text-start',
      'text-delta',
      'text-delta',
      'text-end',
      'finish-step',
      'finish',
    ]);
    expect(observer.items.at(-1)).toMatchObject({ totalUsage: { inputTokens: 10, outputTokens: 5 } });
    expect(observer.names.at(-1)).toBe('end ended');
  });

  it('gives fullStream the very parts that it tells', async () => {
    const parts = await collect(watched(answering()).fullStream);
    expect(observer.items).toEqual(parts);
  });

  it('tells each part once, however many branches are read', async () => {
    const result = watched(answering());
    const [texted, parts, whole] = await Promise.all([
      collect(result.textStream),
      collect(result.fullStream),
      result.text,
    ]);
    expect([texted.join(''), whole]).toEqual(['Hello', 'Hello']);
    expect(observer.items).toHaveLength(parts.length);
    expect(observer.names.filter((name) => name === 'end ended')).toHaveLength(1);
  });

  it.each([
    ['awaits its usage', async (result: ReturnType<typeof streamText>) => void (await result.usage)],
    ['consumes it', (result: ReturnType<typeof streamText>) => result.consumeStream()],
    [
      'answers with its text',
      async (result: ReturnType<typeof streamText>) => void (await result.toTextStreamResponse().text()),
    ],
    [
      'answers with the messages of a page',
      async (result: ReturnType<typeof streamText>) => void (await result.toUIMessageStreamResponse().text()),
    ],
  ])('is told completely if the application only %s', async (_, use) => {
    await use(watched(answering()));
    // The usage is there before the stream is over.
    await delay(5);
    expect(partTypes().at(-1)).toBe('finish');
    expect(observer.names.at(-1)).toBe('end ended');
  });

  const endless = (): MockLanguageModelV3 =>
    modelOf([...opening, ...texts(...Array.from({ length: 500 }, () => 'x')), ...closing], 1);

  it('is stopped when the last consumer leaves, and only then', async () => {
    const result = watched(endless());
    const [left, right] = [result.textStream[Symbol.asyncIterator](), result.fullStream[Symbol.asyncIterator]()];
    await Promise.all([left.next(), right.next()]);
    await left.return?.();
    expect(observer.names).not.toContain('end stopped');
    await right.return?.();
    expect(observer.names.at(-1)).toBe('end stopped');
    const told = observer.told.length;
    await delay(20);
    expect(observer.told).toHaveLength(told);
  });

  it('is stopped when the client of its response goes away', async () => {
    const reader = watched(endless()).toTextStreamResponse().body!.getReader();
    await reader.read();
    await reader.cancel();
    await delay(20);
    expect(observer.names.at(-1)).toBe('end stopped');
  });

  it('is cancelled when its signal is aborted, which no exception tells', async () => {
    const user = new AbortController();
    for await (const _ of watched(endless(), user.signal).textStream) user.abort();
    expect(partTypes().at(-1)).toBe('abort');
    expect(observer.names.at(-1)).toBe('end cancelled');
  });

  it('tells the part that holds an error, which textStream swallows', async () => {
    const error = new Error('refused');
    const model = new MockLanguageModelV3({ doStream: () => Promise.reject(error) });
    expect(await collect(watched(model).textStream)).toEqual([]);
    expect(observer.items).toContainEqual({ type: 'error', error });
  });

  it('is watched in the same way when a promise comes to it', async () => {
    const result = streamText({ model: answering(), prompt: 'Hi' });
    expect(await observeResult(Promise.resolve(result), observer)).toBe(result);
    await collect(result.textStream);
    expect(observer.names.at(-1)).toBe('end ended');
  });
});

describe('a watched result of streamObject', () => {
  it('is told in all its parts though the application reads partial objects', async () => {
    const observer = new RecordedResult();
    const model = modelOf([...opening, ...texts('{"name":', '"x"}'), ...closing]);
    const result = observeResult(
      streamObject({ model, prompt: 'Hi', schema: z.object({ name: z.string() }) }),
      observer,
    );
    expect((await collect(result.partialObjectStream)).at(-1)).toEqual({ name: 'x' });
    expect(observer.items.at(-1)).toMatchObject({ type: 'finish', usage: { inputTokens: 10 } });
    expect(observer.names.at(-1)).toBe('end ended');
  });
});

describe('what a provider model of ai streams', () => {
  it('is watched inside the object that it returns', async () => {
    const observer = new RecordedResult();
    const promise = answering().doStream({ prompt: [] });
    expect(observeResult(promise, observer)).toBe(promise);
    const { stream } = await promise;
    expect(observer.told).toEqual([['unread', 'hot']]);
    const parts = await collect(stream as unknown as AsyncIterable<unknown>);
    expect(observer.items).toEqual(parts);
    expect(observer.names.at(-1)).toBe('end ended');
  });
});
