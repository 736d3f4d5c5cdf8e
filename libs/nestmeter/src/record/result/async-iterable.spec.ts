import { AsyncLocalStorage } from 'node:async_hooks';

import { RecordedResult } from '../../../../../test/fixtures/recorded-result.js';
import { observeResult } from '../observe-result.js';

async function drain<T>(iterable: AsyncIterable<T>, limit = Infinity): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) {
    items.push(item);
    if (items.length >= limit) break;
  }
  return items;
}

class Endless {
  made = 0;
  isCleanedUp = false;

  async *items(): AsyncGenerator<number> {
    try {
      for (;;) yield this.made++;
    } finally {
      this.isCleanedUp = true;
    }
  }
}

describe('a watched generator', () => {
  it('is the same object and tells its items and end', async () => {
    const generator = (async function* () {
      yield 'a';
      yield 'b';
    })();
    const observer = new RecordedResult();
    expect(observeResult(generator, observer)).toBe(generator);
    expect(await drain(generator)).toEqual(['a', 'b']);
    expect(observer.told).toEqual([['unread', 'cold'], ['streaming'], ['item', 'a'], ['item', 'b'], ['end', 'ended']]);
  });

  it('is not drained when the consumer leaves, runs its clean-up and tells that it was stopped', async () => {
    const source = new Endless();
    const observer = new RecordedResult();
    expect(await drain(observeResult(source.items(), observer), 3)).toEqual([0, 1, 2]);
    expect(source).toMatchObject({ made: 3, isCleanedUp: true });
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'item', 'item', 'end stopped']);
  });

  it('tells that it was stopped when the consumer throws', async () => {
    const source = new Endless();
    const observer = new RecordedResult();
    const consume = async (): Promise<void> => {
      for await (const item of observeResult(source.items(), observer)) throw new Error(`refused ${item}`);
    };
    await expect(consume()).rejects.toThrow('refused 0');
    expect(source.isCleanedUp).toBe(true);
    expect(observer.names.at(-1)).toBe('end stopped');
  });

  it('tells the very error that it fails with', async () => {
    const error = new Error('cut');
    const observer = new RecordedResult();
    const generator = (async function* () {
      yield 1;
      throw error;
    })();
    await expect(drain(observeResult(generator, observer))).rejects.toBe(error);
    expect(observer.told.slice(2)).toEqual([
      ['item', 1],
      ['error', error],
    ]);
  });

  it('makes an item only when it is asked for one', async () => {
    const source = new Endless();
    const generator = observeResult(source.items(), new RecordedResult());
    expect(source.made).toBe(0);
    await generator.next();
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(source.made).toBe(1);
    await generator.return(undefined);
  });

  it('runs its body in the context of the call and the consumer in its own', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const generator = (async function* () {
      try {
        seen.push(context.getStore());
        await Promise.resolve();
        seen.push(context.getStore());
        yield 1;
        yield 2;
      } finally {
        seen.push(context.getStore());
      }
    })();
    const observer = new RecordedResult((code) => context.run('call', code));
    await context.run('consumer', async () => {
      for await (const item of observeResult(generator, observer)) {
        seen.push(`${context.getStore()} ${item}`);
        break;
      }
    });
    expect(seen).toEqual(['call', 'call', 'consumer 1', 'call']);
  });

  it('is watched through a generator that delegates to it', async () => {
    const observer = new RecordedResult();
    const inner = observeResult(new Endless().items(), observer);
    const outer = (async function* () {
      yield* inner;
    })();
    expect(await drain(outer, 2)).toEqual([0, 1]);
    expect(observer.names.at(-1)).toBe('end stopped');
  });
});

describe('any other watched AsyncIterable', () => {
  class Lines implements AsyncIterable<string> {
    readonly controller = new AbortController();
    #left = 3;

    [Symbol.asyncIterator](): AsyncIterator<string> {
      return { next: () => Promise.resolve(this.#next()) };
    }

    #next(): IteratorResult<string> {
      if (this.controller.signal.aborted || this.#left === 0) return { done: true, value: undefined };
      return { done: false, value: `line ${this.#left--}` };
    }
  }

  it('keeps its identity, class and items', async () => {
    const lines = new Lines();
    const observer = new RecordedResult();
    expect(observeResult(lines, observer)).toBe(lines);
    expect(lines).toBeInstanceOf(Lines);
    expect(Object.keys(lines)).toEqual(['controller']);
    expect(await drain(lines)).toEqual(['line 3', 'line 2', 'line 1']);
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'item', 'item', 'end ended']);
  });

  it('tells that the consumer left although its iterator has no return', async () => {
    const observer = new RecordedResult();
    expect(await drain(observeResult(new Lines(), observer), 1)).toEqual(['line 3']);
    expect(observer.names.at(-1)).toBe('end stopped');
  });

  it('tells a silent end after an abort of its controller as cancelled', async () => {
    const lines = new Lines();
    const observer = new RecordedResult();
    for await (const line of observeResult(lines, observer)) if (line === 'line 2') lines.controller.abort();
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'item', 'end cancelled']);
  });

  it('takes answers that are no promises as they are', async () => {
    const answers = [
      { done: false, value: 1 },
      { done: true, value: undefined },
    ];
    const iterable = {
      [Symbol.asyncIterator]: () => ({ next: () => answers.shift() }),
    } as unknown as AsyncIterable<number>;
    const observer = new RecordedResult();
    const iterator = observeResult(iterable, observer)[Symbol.asyncIterator]();
    expect(iterator.next()).toEqual({ done: false, value: 1 });
    expect(iterator.next()).toEqual({ done: true, value: undefined });
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'end ended']);
  });

  it('passes on what its next throws at once', () => {
    const error = new Error('no next');
    const next = (): never => {
      throw error;
    };
    const observer = new RecordedResult();
    const iterator = observeResult({ [Symbol.asyncIterator]: () => ({ next }) }, observer)[Symbol.asyncIterator]();
    expect(() => iterator.next()).toThrow(error);
    expect(observer.told.at(-1)).toEqual(['error', error]);
  });

  it('reports the first iteration after each call, and never gets slower by being returned again', async () => {
    let iterations = 0;
    const shared = {
      async *[Symbol.asyncIterator]() {
        yield ++iterations;
      },
    };
    const method = shared[Symbol.asyncIterator];
    for (let call = 0; call < 10_000; call++) observeResult(shared, new RecordedResult());
    const [early, late] = [new RecordedResult(), new RecordedResult()];
    await drain(shared);
    observeResult(shared, early);
    await drain(shared);
    observeResult(shared, late);
    await drain(shared);
    await drain(shared);
    expect(shared[Symbol.asyncIterator]).not.toBe(method);
    expect([early.items, late.items]).toEqual([[2], [3]]);
  });
});
