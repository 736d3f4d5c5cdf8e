// oxlint-disable unicorn/no-thenable -- what is tested here
import { AsyncLocalStorage } from 'node:async_hooks';

import { RecordedResult } from '../../../../../test/fixtures/recorded-result.js';
import { observeResult } from '../observe-result.js';

/** As a query builder does, it works each time it is awaited, and not before. */
class Query implements PromiseLike<number> {
  runs = 0;
  readonly context: (string | undefined)[] = [];

  constructor(
    private readonly failure?: Error,
    private readonly storage?: AsyncLocalStorage<string>,
  ) {}

  where(): this {
    return this;
  }

  then<A = number, B = never>(
    onValue?: ((value: number) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.context.push(this.storage?.getStore());
    this.runs++;
    const run = this.failure === undefined ? Promise.resolve(this.runs) : Promise.reject(this.failure);
    return run.then(onValue, onError);
  }
}

describe('a watched thenable', () => {
  it('is the same object and does nothing until the application awaits it', async () => {
    const query = new Query();
    const observer = new RecordedResult();
    expect(observeResult(query, observer)).toBe(query);
    expect(query.where()).toBe(query);
    await Promise.resolve();
    expect([query.runs, observer.told]).toEqual([0, []]);
    expect(await query).toBe(1);
    expect(query.runs).toBe(1);
    expect(observer.told).toEqual([['value', 1]]);
  });

  it('tells the first run only, and runs as often as the application asks', async () => {
    const query = new Query();
    const observer = new RecordedResult();
    observeResult(query, observer);
    expect([await query, await query]).toEqual([1, 2]);
    expect(observer.told).toEqual([['value', 1]]);
  });

  it('fails with the very error, handled or not', async () => {
    const failure = new Error('no table');
    const observer = new RecordedResult();
    const query = observeResult(new Query(failure), observer);
    await expect(query.then((value) => value)).rejects.toBe(failure);
    await expect(query.then(null, () => 'handled')).resolves.toBe('handled');
    expect(observer.told).toEqual([['error', failure]]);
  });

  it('runs in the context of the call and its callbacks in that of the application', async () => {
    const storage = new AsyncLocalStorage<string>();
    const query = new Query(undefined, storage);
    observeResult(query, new RecordedResult((code) => storage.run('call', code)));
    const seen = await storage.run('consumer', () => query.then(() => storage.getStore()));
    expect([query.context, seen]).toEqual([['call'], 'consumer']);
  });

  it('may be returned again and again without getting slower', async () => {
    const query = new Query();
    for (let call = 0; call < 10_000; call++) observeResult(query, new RecordedResult());
    await query;
    const observer = new RecordedResult();
    expect(await observeResult(query, observer)).toBe(2);
    expect(observer.told).toEqual([['value', 2]]);
  });
});

describe('a watched subclass of Promise with a then of its own', () => {
  class Lazy extends Promise<string> {
    asked = 0;

    static create(): Lazy {
      return new Lazy((resolve) => resolve('of the constructor'));
    }

    override then<A = string, B = never>(
      onValue?: ((value: string) => A | PromiseLike<A>) | null,
      onError?: ((error: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      this.asked++;
      return Promise.resolve('of then').then(onValue, onError);
    }

    override catch(): Promise<string> {
      return Promise.resolve('past then');
    }
  }

  it('is told whichever way the application asks', async () => {
    const ways: ((lazy: Lazy) => Promise<unknown>)[] = [
      async (lazy) => await lazy,
      (lazy) => lazy.then((value) => value),
      (lazy) => lazy.catch(),
      (lazy) => lazy.finally(() => {}),
      (lazy) => Promise.all([lazy, Promise.resolve(1)]).then(([value]) => value),
    ];
    for (const ask of ways) {
      const lazy = Lazy.create();
      const observer = new RecordedResult();
      expect(observeResult(lazy, observer)).toBe(lazy);
      await Promise.resolve();
      expect(lazy.asked).toBe(0);
      expect(await ask(lazy)).toBe('of then');
      expect(observer.told).toEqual([['value', 'of then']]);
    }
  });
});
