import { Readable } from 'node:stream';

import fc from 'fast-check';
import { of } from 'rxjs';

import { RecordedResult } from '../../../../test/fixtures/recorded-result.js';
import { observeResult, type ResultObserver } from './observe-result.js';

async function* counting(count: number): AsyncGenerator<number> {
  for (let index = 0; index < count; index++) yield index;
}

const throwingObserver: ResultObserver = {
  value: () => fail(),
  error: () => fail(),
  unread: () => fail(),
  streaming: () => fail(),
  item: () => fail(),
  end: () => fail(),
  run: (code) => code(),
};

function fail(): never {
  throw new Error('The observer is broken.');
}

describe('observeResult', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['a string', 'text'],
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['an object', { usage: {} }],
    ['an array', [1, 2]],
    ['an iterable', new Set([1])],
    ['an object whose "subscribe" is no function', { subscribe: 'later', pipe: 'no' }],
    ['a page of a list', Object.assign(counting(1), { iterPages: () => counting(1) })],
    ['a Node stream that is over', Readable.from(['a']).destroy()],
  ])('tells %s as a value and returns it', (_name, value) => {
    const observer = new RecordedResult();
    expect(observeResult(value, observer)).toBe(value);
    expect(observer.told).toEqual([['value', value]]);
  });

  it.each<[string, () => object]>([
    ['promise', () => Promise.resolve(1)],
    ['generator', () => counting(1)],
    ['stream', () => new ReadableStream()],
    ['Observable', () => of(1)],
  ])('leaves a frozen, sealed or not extensible %s as it is and tells it as a value', (_name, make) => {
    for (const close of [Object.freeze, Object.seal, Object.preventExtensions]) {
      const result = close(make());
      const before = Reflect.ownKeys(result);
      const observer = new RecordedResult();
      expect(observeResult(result, observer)).toBe(result);
      expect(Reflect.ownKeys(result)).toEqual(before);
      expect(observer.told).toEqual([['value', result]]);
    }
  });

  it('calls no getter of an object that it does not know', () => {
    const touched: string[] = [];
    const keys = ['then', 'subscribe', 'pipe', 'getReader', '_emit', 'iterator', 'controller', 'usage', 'text'];
    const result = Object.create(
      Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, { get: () => touched.push(key) }]))),
    ) as object;
    observeResult(result, new RecordedResult());
    expect(touched).toEqual([]);
  });

  it('leaves a result like that of ai alone that has no stream inside, and lets nobody look at it', async () => {
    class StreamTextResult {
      drained = 0;
      get textStream(): number {
        return ++this.drained;
      }
      get fullStream(): number {
        return ++this.drained;
      }
    }
    for (const isPromised of [false, true]) {
      const observer = new RecordedResult();
      const result = new StreamTextResult();
      await observeResult(isPromised ? Promise.resolve(result) : result, observer);
      expect(observer.told).toEqual([['value', undefined]]);
      expect(result.drained).toBe(0);
      expect(Reflect.ownKeys(result)).toEqual(['drained']);
    }
  });

  it.each<[string, () => AsyncIterable<number>]>([
    ['async iterable', () => ({ [Symbol.asyncIterator]: () => counting(3) })],
    ['generator', () => counting(3)],
    ['ReadableStream', () => ReadableStream.from(counting(3))],
  ])('watches the %s under "stream" of what a promise comes to', async (_name, make) => {
    const observer = new RecordedResult();
    const stream = make();
    const answer = { $metadata: {}, stream };
    expect(await observeResult(Promise.resolve(answer), observer)).toBe(answer);
    expect(answer.stream).toBe(stream);
    expect(observer.told).toEqual([['unread', 'hot']]);
    for await (const _item of answer.stream) continue;
    expect(observer.items).toEqual([0, 1, 2]);
    expect(observer.names.at(-1)).toBe('end ended');
  });

  it('tells an object as a value whose "stream" is no stream, is closed to changes or is behind a getter', () => {
    let calls = 0;
    const behind = Object.defineProperty({}, 'stream', { get: () => calls++, enumerable: true });
    for (const value of [{ stream: true }, { stream: {} }, { stream: Object.freeze(counting(1)) }, behind]) {
      const observer = new RecordedResult();
      expect(observeResult(value, observer)).toBe(value);
      expect(observer.told).toEqual([['value', value]]);
    }
    expect(calls).toBe(0);
  });

  it('returns a revoked Proxy instead of throwing', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const observer = new RecordedResult();
    expect(observeResult(proxy, observer) === proxy).toBe(true);
    expect(observer.told).toEqual([['value', undefined]]);
  });

  it('lets no exception of the observer reach the application', async () => {
    expect(observeResult(1, throwingObserver)).toBe(1);
    await expect(observeResult(Promise.resolve(2), throwingObserver)).resolves.toBe(2);
    const error = new Error('refused');
    await expect(observeResult(Promise.reject(error), throwingObserver)).rejects.toBe(error);
    const items: number[] = [];
    for await (const item of observeResult(counting(3), throwingObserver)) items.push(item);
    expect(items).toEqual([0, 1, 2]);
    const received: number[] = [];
    observeResult(of(1, 2), throwingObserver).subscribe((value) => received.push(value));
    expect(received).toEqual([1, 2]);
  });

  it('tells every one of nested watchers the same', async () => {
    const [inner, outer] = [new RecordedResult(), new RecordedResult()];
    const generator = counting(2);
    expect(observeResult(observeResult(generator, inner), outer)).toBe(generator);
    for await (const item of generator) expect(typeof item).toBe('number');
    expect(inner.names).toEqual(['unread', 'streaming', 'item', 'item', 'end ended']);
    expect(outer.told).toEqual(inner.told);
  });

  it('watches the stream that a promise comes to', async () => {
    const observer = new RecordedResult();
    const generator = counting(2);
    const resolved = await observeResult(Promise.resolve(generator), observer);
    expect(resolved).toBe(generator);
    expect(observer.told).toEqual([['unread', 'hot']]);
    for await (const item of resolved) expect(typeof item).toBe('number');
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'item', 'end ended']);
  });

  it('tells of a stream that nobody reads only that it is unread', async () => {
    const observer = new RecordedResult();
    observeResult(counting(2), observer);
    observeResult(new ReadableStream(), observer);
    observeResult(Readable.from([1]), observer);
    observeResult(of(1), observer);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(observer.told).toEqual(['cold', 'hot', 'hot', 'cold'].map((source) => ['unread', source]));
  });

  it('leaves every answer of a generator as it was, whatever the consumer does', async () => {
    const failure = new Error('from inside');
    async function* source(items: readonly number[], end: 'returns' | 'throws'): AsyncGenerator<number, string> {
      for (const item of items) {
        try {
          yield item;
        } catch (error) {
          yield -1;
          if (item % 2 === 0) throw error;
        }
      }
      if (end === 'throws') throw failure;
      return 'done';
    }
    type Answer = PromiseSettledResult<IteratorResult<number, string>>;
    const thrown = new Error('from outside');
    const answers = async (
      generator: AsyncGenerator<number, string>,
      steps: readonly string[],
      isPatient: boolean,
    ): Promise<Answer[]> => {
      const settled: Promise<Answer[]>[] = [];
      for (const step of steps) {
        const answer = { next: () => generator.next(), return: () => generator.return('left') }[step];
        settled.push(Promise.allSettled([answer?.() ?? generator.throw(thrown)]));
        if (isPatient) await settled.at(-1);
      }
      return (await Promise.all(settled)).flat();
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(9), { maxLength: 5 }),
        fc.constantFrom('returns' as const, 'throws' as const),
        fc.array(fc.constantFrom('next', 'next', 'next', 'return', 'throw'), { maxLength: 8 }),
        fc.boolean(),
        async (items, end, steps, isPatient) => {
          const observer = new RecordedResult();
          const watched = await answers(observeResult(source(items, end), observer), steps, isPatient);
          const bare = await answers(source(items, end), steps, isPatient);
          expect(watched).toEqual(bare);
          const errors = (all: Answer[]): unknown[] => all.map((answer) => (answer as PromiseRejectedResult).reason);
          errors(watched).forEach((error, at) => expect(error).toBe(errors(bare)[at]));

          const over = observer.names.findIndex((name) => name === 'error' || name.startsWith('end'));
          expect([-1, observer.names.length - 1]).toContain(over);
          const handedOut = watched.flatMap((a) => (a.status === 'fulfilled' && !a.value.done ? [a.value.value] : []));
          expect(observer.items).toEqual(isPatient ? handedOut : handedOut.slice(0, observer.items.length));
        },
      ),
    );
  });
});
