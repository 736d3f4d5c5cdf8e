import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { observeResult } from '../../libs/nestmeter/src/record/observe-result.js';
import { ProviderServer } from '../fixtures/provider-server.js';
import { anthropicUsage, openaiUsage, pieceText } from '../fixtures/provider-wire.js';
import { RecordedResult } from '../fixtures/recorded-result.js';

/** One provider's SDK, as far as the same claims are made about each. */
interface Sdk {
  readonly plain: () => SdkPromise;
  readonly stream: (signal?: AbortSignal) => SdkPromise<SdkStream>;
  /** The helper that reads its stream by itself. */
  readonly helper: () => SdkHelper;
  readonly finalOfHelper: (helper: SdkHelper) => Promise<unknown>;
  readonly usageOf: (items: readonly unknown[]) => unknown;
  readonly usage: unknown;
  /** Items of an answer with `pieces` pieces of content. */
  readonly itemsOf: (pieces: number) => number;
}

interface SdkPromise<T = object> extends Promise<T> {
  asResponse(): Promise<Response>;
  withResponse(): Promise<{ data: T; response: Response }>;
}

interface SdkStream extends AsyncIterable<object> {
  readonly controller: AbortController;
  tee(): [SdkStream, SdkStream];
  toReadableStream(): ReadableStream<Uint8Array>;
}

interface SdkHelper extends AsyncIterable<object> {
  abort(): void;
  done(): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

const messages = [{ role: 'user' as const, content: 'Hello' }];

function openaiSdk(url: string): Sdk {
  const { completions } = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'test', maxRetries: 0 }).chat;
  const body = { model: 'gpt-5-mini', messages };
  const streamed = { ...body, stream: true as const, stream_options: { include_usage: true } };
  return {
    plain: () => completions.create(body),
    stream: (signal) => completions.create(streamed, { signal }),
    helper: () => completions.stream(streamed),
    finalOfHelper: (helper) => (helper as unknown as { finalChatCompletion(): Promise<unknown> }).finalChatCompletion(),
    usageOf: (items) => (items as { usage?: unknown }[]).findLast(({ usage }) => usage)?.usage,
    usage: openaiUsage,
    itemsOf: (pieces) => pieces + 3,
  };
}

function anthropicSdk(url: string): Sdk {
  const client = new Anthropic({ baseURL: url, apiKey: 'test', maxRetries: 0 });
  const body = { model: 'claude-test', max_tokens: 100, messages };
  return {
    plain: () => client.messages.create(body),
    stream: (signal) => client.messages.create({ ...body, stream: true }, { signal }),
    helper: () => client.messages.stream(body),
    finalOfHelper: (helper) => (helper as unknown as { finalMessage(): Promise<unknown> }).finalMessage(),
    usageOf: (items) => (items as { message?: { usage: unknown } }[]).find(({ message }) => message)?.message?.usage,
    usage: { ...anthropicUsage, output_tokens: 1 },
    itemsOf: (pieces) => pieces + 5,
  };
}

describe.each([
  ['openai', openaiSdk],
  ['@anthropic-ai/sdk', anthropicSdk],
])('a watched result of %s', (_name, makeSdk) => {
  let server: ProviderServer;
  let sdk: Sdk;
  let observer: RecordedResult;

  beforeAll(async () => {
    server = await ProviderServer.start();
    sdk = makeSdk(server.url);
  });

  beforeEach(() => {
    observer = new RecordedResult();
  });

  afterAll(() => server.stop());

  /** Watches a streamed call and its own promise, as a decorated method that returns it would. */
  const watchedStream = async (signal?: AbortSignal): Promise<SdkStream> =>
    await observeResult(sdk.stream(signal), observer);

  describe('that is a promise of a plain answer', () => {
    it('is the same object and tells the answer before the application sees it', async () => {
      const promise = sdk.plain();
      expect(observeResult(promise, observer)).toBe(promise);
      const answer = await promise;
      expect(observer.told).toEqual([['value', answer]]);
      expect(observer.told[0]?.[1]).toBe(answer);
    });

    it('is told through then, catch, finally, Promise.all and a return from an async function', async () => {
      const ways: ((promise: SdkPromise) => Promise<unknown>)[] = [
        (promise) => promise.then((answer) => answer),
        (promise) => promise.catch(() => {}),
        (promise) => promise.finally(() => {}),
        async (promise) => (await Promise.all([promise, Promise.resolve(1)]))[0],
        async (promise) => promise,
      ];
      for (const ask of ways) {
        const watched = new RecordedResult();
        expect(await ask(observeResult(sdk.plain(), watched))).toMatchObject({ id: expect.any(String) });
        expect(watched.names).toEqual(['value']);
      }
    });

    it('leaves the body to a caller who wants the response alone', async () => {
      const response = await observeResult(sdk.plain(), observer).asResponse();
      expect(response.bodyUsed).toBe(false);
      expect(observer.told).toEqual([['value', undefined]]);
      expect(await response.json()).toMatchObject({ usage: expect.any(Object) });
    });

    it('tells the answer if the response and the answer are both asked for', async () => {
      const promise = observeResult(sdk.plain(), observer);
      const [response, answer] = await Promise.all([promise.asResponse(), promise]);
      expect(response.status).toBe(200);
      expect(observer.told).toEqual([['value', answer]]);
    });

    it('tells the data of withResponse()', async () => {
      const { data, response } = await observeResult(sdk.plain(), observer).withResponse();
      expect(response.headers.get('content-type')).toContain('json');
      expect(observer.told).toEqual([['value', data]]);
    });

    it('is not parsed unless somebody asks', async () => {
      const promise = observeResult(sdk.plain(), observer) as SdkPromise & { parsedPromise?: unknown };
      await pause(30);
      expect(promise.parsedPromise).toBeUndefined();
      expect(observer.told).toEqual([]);
    });

    it.each([401, 429, 500])('fails with the very error of the SDK on status %d', async (status) => {
      server.behave({ status }, { status }, { status });
      const asks: ((promise: SdkPromise) => Promise<unknown>)[] = [
        (promise) => promise,
        (promise) => promise.withResponse(),
        (promise) => promise.asResponse(),
      ];
      for (const ask of asks) {
        const watched = new RecordedResult();
        const error: unknown = await ask(observeResult(sdk.plain(), watched)).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ status });
        expect(watched.told).toEqual([['error', error]]);
        expect(watched.told[0]?.[1]).toBe(error);
      }
    });
  });

  describe('that is a promise of a stream', () => {
    it('gives the same items as unwatched, tells each and the usage in them, and keeps the stream as it is', async () => {
      const bare = await sdk.stream();
      const watched = await watchedStream();
      expect(watched.constructor).toBe(bare.constructor);
      expect(Object.keys(watched)).toEqual(Object.keys(bare));
      expect(watched.controller).toBeInstanceOf(AbortController);
      const items = await collect(watched);
      expect(items).toEqual(await collect(bare));
      expect(items).toHaveLength(sdk.itemsOf(5));
      expect(observer.items).toEqual(items);
      expect(sdk.usageOf(observer.items)).toEqual(sdk.usage);
      expect(observer.told.slice(0, 2)).toEqual([['unread', 'hot'], ['streaming']]);
      expect(observer.told.at(-1)).toEqual(['end', 'ended']);
    });

    it('is watched through withResponse() too', async () => {
      const { data, response } = await observeResult(sdk.stream(), observer).withResponse();
      expect(response.status).toBe(200);
      expect(observer.names).toEqual(['unread']);
      expect(await collect(data)).toHaveLength(observer.items.length);
      expect(observer.names.at(-1)).toBe('end ended');
    });

    it('is watched through tee(), both of whose branches get everything', async () => {
      const [left, right] = (await watchedStream()).tee();
      const both = await Promise.all([collect(left), collect(right)]);
      expect(both[0]).toEqual(both[1]);
      expect(observer.items).toEqual(both[0]);
      expect(observer.names.at(-1)).toBe('end ended');
    });

    it('is watched through toReadableStream()', async () => {
      const lines = (await new Response((await watchedStream()).toReadableStream()).text()).trim().split('\n');
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(observer.items);
      expect(observer.names.at(-1)).toBe('end ended');
    });

    it('is not drained when the consumer leaves: the provider sees the connection close', async () => {
      server.behave({ pieces: 100_000, frameDelayMs: 1 });
      let consumed = 0;
      for await (const _item of await watchedStream()) if (++consumed === 5) break;
      expect(await server.lastRequest.leftEarly).toBe(true);
      expect(server.lastRequest.framesWritten).toBeLessThan(200);
      expect(observer.items).toHaveLength(5);
      expect(observer.names.at(-1)).toBe('end stopped');
    });

    it('is stopped when its ReadableStream is cancelled', async () => {
      server.behave({ ending: 'hang' });
      const reader = (await watchedStream()).toReadableStream().getReader();
      await reader.read();
      await reader.cancel();
      expect(await server.lastRequest.leftEarly).toBe(true);
      expect(observer.names.at(-1)).toBe('end stopped');
    });

    it('ends without an exception and is told as cancelled when its controller or signal is aborted', async () => {
      const user = new AbortController();
      const aborts: ((stream: SdkStream) => void)[] = [(stream) => stream.controller.abort(), () => user.abort()];
      for (const abort of aborts) {
        observer = new RecordedResult();
        server.behave({ ending: 'hang' });
        const stream = await watchedStream(user.signal);
        for await (const _item of stream) if (observer.items.length === 3) abort(stream);
        expect(await server.lastRequest.leftEarly).toBe(true);
        expect(observer.names.at(-1)).toBe('end cancelled');
      }
    });

    it('is not read by us if nobody reads it', async () => {
      server.behave({ pieces: 100_000, frameDelayMs: 1 });
      const stream = await watchedStream();
      await pause(20);
      expect(observer.told).toEqual([['unread', 'hot']]);
      stream.controller.abort();
      expect(await server.lastRequest.leftEarly).toBe(true);
    });

    it.each(['error-event', 'cut'] as const)('fails with the very error of the SDK on %s', async (ending) => {
      server.behave({ ending });
      const stream = await watchedStream();
      const error: unknown = await collect(stream).catch((reason: unknown) => reason);
      expect(error).toHaveProperty('message');
      expect(observer.told.at(-1)?.[0]).toBe('error');
      expect(observer.told.at(-1)?.[1]).toBe(error);
    });

    it('tells an early end as an end, without the usage that never came', async () => {
      server.behave({ ending: 'early' });
      const items = await collect(await watchedStream());
      expect(observer.items).toEqual(items);
      expect(observer.names.at(-1)).toBe('end ended');
      expect(JSON.stringify(items.at(-1))).toContain(pieceText(4));
    });
  });

  describe("that is the SDK's stream helper", () => {
    it('is told completely if the application only awaits the final answer', async () => {
      const helper = sdk.helper();
      expect(observeResult(helper, observer)).toBe(helper);
      expect(await sdk.finalOfHelper(helper)).toMatchObject({ id: expect.any(String) });
      expect(observer.items).toHaveLength(sdk.itemsOf(5));
      expect(sdk.usageOf(observer.items)).toBeDefined();
      expect([observer.names[0], observer.names.at(-1)]).toEqual(['unread', 'end ended']);
    });

    it('gives each item to a consumer who iterates', async () => {
      const items = await collect(observeResult(sdk.helper(), observer));
      expect(observer.items).toEqual(items);
      expect(observer.names.at(-1)).toBe('end ended');
    });

    it('tells who ended it: the consumer who leaves, an abort, an error', async () => {
      const leave = async (helper: SdkHelper): Promise<void> => {
        for await (const _item of helper) break;
      };
      const abort = async (helper: SdkHelper): Promise<void> => {
        for await (const _item of helper) helper.abort();
      };
      server.behave({ ending: 'hang' }, { ending: 'hang' }, { ending: 'error-event' });
      const names: unknown[] = [];
      for (const consume of [leave, abort, collect]) {
        const watched = new RecordedResult();
        await Promise.allSettled([consume(observeResult(sdk.helper(), watched))]);
        names.push(watched.names.at(-1));
      }
      expect(names).toEqual(['end stopped', 'end cancelled', 'error']);
    });
  });
});
