import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import fc from 'fast-check';

import { RecordedResult } from '../../../../../test/fixtures/recorded-result.js';
import { observeResult } from '../observe-result.js';

interface Source {
  readonly stream: ReadableStream<string>;
  readonly pulled: () => number;
  readonly cancelled: () => unknown;
}

function sourceOf(chunks: readonly string[], failure?: Error): Source {
  let pulled = 0;
  let cancelled: unknown;
  const stream = new ReadableStream<string>(
    {
      pull(controller) {
        const chunk = chunks[pulled++];
        if (chunk !== undefined) controller.enqueue(chunk);
        else if (failure !== undefined) controller.error(failure);
        else controller.close();
      },
      cancel(reason) {
        cancelled = reason ?? 'no reason';
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled: () => pulled, cancelled: () => cancelled };
}

type Consume = (stream: ReadableStream<string>) => Promise<string[]>;

async function collect(iterable: AsyncIterable<string>): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of iterable) chunks.push(chunk);
  return chunks;
}

const collector = (chunks: string[]): WritableStream<string> =>
  new WritableStream({ write: (chunk) => void chunks.push(chunk) });

const ways: Record<string, Consume> = {
  'for await': collect,
  values: (stream) => collect(stream.values({ preventCancel: true })),
  getReader: async (stream) => {
    const reader = stream.getReader();
    const chunks: string[] = [];
    for (let step = await reader.read(); !step.done; step = await reader.read()) chunks.push(step.value);
    await reader.closed;
    reader.releaseLock();
    return chunks;
  },
  pipeTo: async (stream) => {
    const chunks: string[] = [];
    await stream.pipeTo(collector(chunks));
    return chunks;
  },
  pipeThrough: (stream) => collect(stream.pipeThrough(new TransformStream<string, string>())),
  tee: async (stream) => {
    const [left, right] = stream.tee();
    const both = await Promise.all([collect(left), collect(right)]);
    expect(both[0]).toEqual(both[1]);
    return both[0];
  },
  'Readable.fromWeb': (stream) =>
    collect(Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0], { objectMode: true })),
};

describe('a watched web ReadableStream', () => {
  describe.each(Object.entries(ways))('read by %s', (_name, consume) => {
    it('is the same object, gives what it would give unwatched, and tells each chunk and its end', async () => {
      const chunks = ['a', 'b', 'c'];
      const observer = new RecordedResult();
      const { stream } = sourceOf(chunks);
      expect(observeResult(stream, observer)).toBe(stream);
      expect(await consume(stream)).toEqual(chunks);
      expect(observer.items).toEqual(chunks);
      expect(observer.names).toEqual(['unread', 'streaming', 'item', 'item', 'item', 'end ended']);
    });

    it('fails with the very error of the source', async () => {
      const failure = new Error('cut');
      const observer = new RecordedResult();
      await expect(consume(observeResult(sourceOf(['a'], failure).stream, observer))).rejects.toBe(failure);
      expect(observer.told.at(-1)).toEqual(['error', failure]);
      expect(observer.items).toEqual(['a']);
    });
  });

  it('gives any sequence of chunks as it would unwatched, and stops where the consumer stops', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string(), { maxLength: 6 }),
        fc.nat(7),
        fc.boolean(),
        async (chunks, limit, fails) => {
          const read = async (source: Source): Promise<unknown[]> => {
            const seen: unknown[] = [];
            try {
              for await (const chunk of source.stream) if (seen.push(chunk) >= limit) break;
            } catch (error) {
              seen.push(error);
            }
            return [...seen, source.pulled(), source.cancelled()];
          };
          const failure = fails ? new Error('cut') : undefined;
          const observer = new RecordedResult();
          const source = sourceOf(chunks, failure);
          observeResult(source.stream, observer);
          expect(await read(source)).toEqual(await read(sourceOf(chunks, failure)));
          expect(observer.items).toEqual(chunks.slice(0, observer.items.length));
        },
      ),
    );
  });

  it('pulls no chunk before it is asked for, by whatever way it is read', async () => {
    const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    const stalled = (): WritableStream<string> => new WritableStream({ write: () => new Promise(() => {}) });
    const readers: ((stream: ReadableStream<string>) => void)[] = [
      (stream) => void stream.getReader().read(),
      (stream) => void stream.tee(),
      (stream) => void stream.pipeTo(stalled()),
      (stream) => void stream.pipeThrough(new TransformStream<string, string>()),
      (stream) => void stream[Symbol.asyncIterator]().next(),
    ];
    for (const read of readers) {
      const bare = sourceOf(['a', 'b', 'c', 'd', 'e']);
      const watched = sourceOf(['a', 'b', 'c', 'd', 'e']);
      read(bare.stream);
      read(observeResult(watched.stream, new RecordedResult()));
      await settle();
      expect(watched.pulled()).toBe(bare.pulled());
    }
  });

  it.each<[string, (stream: ReadableStream<string>) => Promise<unknown>]>([
    ['cancel()', (stream) => stream.cancel('why')],
    ['reader.cancel()', (stream) => stream.getReader().cancel('why')],
    ['both branches of a tee', (stream) => Promise.all(stream.tee().map((branch) => branch.cancel('why')))],
    [
      'a pipe whose destination fails',
      (stream) => stream.pipeTo(new WritableStream({ write: () => Promise.reject(new Error('why')) })).catch(() => {}),
    ],
  ])('is stopped by %s, and its source is told so', async (_name, stop) => {
    const source = sourceOf(['a', 'b', 'c', 'd']);
    const observer = new RecordedResult();
    await stop(observeResult(source.stream, observer));
    expect(observer.names.at(-1)).toBe('end stopped');
    expect(source.cancelled()).toBeDefined();
    expect(source.stream.locked).toBe(_name === 'reader.cancel()');
  });

  it('is watched through the ways that a subclass has of its own', async () => {
    class Lines extends ReadableStream<string> {
      override async *[Symbol.asyncIterator](): AsyncGenerator<string> {
        const reader = this.getReader();
        for (let step = await reader.read(); !step.done; step = await reader.read()) yield `line ${step.value}`;
      }
    }
    const lines = new Lines({ start: (controller) => (controller.enqueue('a'), controller.close()) });
    const observer = new RecordedResult();
    expect(await collect(observeResult(lines, observer))).toEqual(['line a']);
    expect(observer.told).toEqual([['unread', 'hot'], ['streaming'], ['item', 'a'], ['end', 'ended']]);
  });

  it("is watched through the platform's iterator that a subclass hands out", async () => {
    class Events extends ReadableStream<string> {
      override [Symbol.asyncIterator](): ReturnType<ReadableStream<string>['values']> {
        return ReadableStream.prototype[Symbol.asyncIterator].call(this) as ReturnType<
          ReadableStream<string>['values']
        >;
      }
    }
    const events = new Events({ start: (controller) => (controller.enqueue('a'), controller.close()) });
    const observer = new RecordedResult();
    expect(await collect(observeResult(events, observer))).toEqual(['a']);
    expect(observer.told).toEqual([['unread', 'hot'], ['streaming'], ['item', 'a'], ['end', 'ended']]);
  });

  it('can be read on by a second reader', async () => {
    const observer = new RecordedResult();
    const { stream } = sourceOf(['a', 'b', 'c']);
    const first = observeResult(stream, observer).getReader();
    expect(await first.read()).toEqual({ done: false, value: 'a' });
    first.releaseLock();
    expect(await collect(stream)).toEqual(['b', 'c']);
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'item', 'item', 'end ended']);
  });

  it('takes a read that its reader gave up as no failure of the stream', async () => {
    const observer = new RecordedResult();
    const stream = observeResult(new ReadableStream<string>(), observer);
    const reader = stream.getReader();
    const pending = reader.read();
    reader.releaseLock();
    await expect(pending).rejects.toThrow('Releasing reader');
    expect(observer.names).toEqual(['unread', 'streaming']);
  });

  it('refuses while it is locked, in the words of the platform', async () => {
    const refusals = async (stream: ReadableStream<string>): Promise<string[]> => {
      stream.getReader();
      const message = (error: unknown): string => String(error);
      const sync = [() => stream.getReader(), () => stream.tee(), () => stream.pipeThrough(new TransformStream())];
      const thrown = sync.map((attempt) => {
        try {
          attempt();
          return 'not refused';
        } catch (error) {
          return message(error);
        }
      });
      return [
        ...thrown,
        String(await stream.pipeTo(new WritableStream()).catch(message)),
        String(await stream.cancel().catch(message)),
      ];
    };
    const watched = observeResult(sourceOf([]).stream, new RecordedResult());
    expect(await refusals(watched)).toEqual(await refusals(sourceOf([]).stream));
  });

  it('stays readable after a pipe that must not cancel it', async () => {
    const { stream } = sourceOf(['a', 'b', 'c']);
    observeResult(stream, new RecordedResult());
    const failing = new WritableStream<string>({ write: () => Promise.reject(new Error('full')) });
    await expect(stream.pipeTo(failing, { preventCancel: true })).rejects.toThrow('full');
    expect(stream.locked).toBe(false);
    expect((await collect(stream)).at(-1)).toBe('c');
  });

  it('passes through fetch bodies and text()', async () => {
    const observer = new RecordedResult();
    const bytes = observeResult(sourceOf(['a', 'b']).stream.pipeThrough(new TextEncoderStream()), observer);
    expect(await new Response(bytes).text()).toBe('ab');
    expect(observer.names.at(-1)).toBe('end ended');
    const body = observeResult(new Response('body').body ?? fail('no body'), new RecordedResult());
    expect(await text(body)).toBe('body');
  });
});

function fail(why: string): never {
  throw new Error(why);
}
