import { AsyncLocalStorage } from 'node:async_hooks';

import {
  BehaviorSubject,
  concat,
  config,
  defer,
  firstValueFrom,
  from,
  interval,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  retry,
  Subject,
  switchMap,
  take,
  takeUntil,
  throwError,
  toArray,
} from 'rxjs';

import { RecordedResult } from '../../../../../test/fixtures/recorded-result.js';
import { observeResult } from '../observe-result.js';

describe('a watched Observable', () => {
  it('is the same object and does nothing until the application subscribes', () => {
    let subscriptions = 0;
    const observable = new Observable<number>((subscriber) => {
      subscriptions++;
      subscriber.next(1);
      subscriber.complete();
    });
    const observer = new RecordedResult();
    expect(observeResult(observable, observer)).toBe(observable);
    expect(observable).toBeInstanceOf(Observable);
    expect([subscriptions, observer.told]).toEqual([0, [['unread', 'cold']]]);
    observable.subscribe();
    expect(subscriptions).toBe(1);
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'end ended']);
  });

  it.each<[string, (source: Observable<number>) => Promise<unknown>, unknown, string]>([
    ['lastValueFrom', (source) => lastValueFrom(source), 3, 'end ended'],
    ['firstValueFrom', (source) => firstValueFrom(source), 1, 'end stopped'],
    ['take', (source) => lastValueFrom(source.pipe(take(2), toArray())), [1, 2], 'end stopped'],
    [
      'map',
      (source) =>
        lastValueFrom(
          source.pipe(
            map((x) => x * 2),
            toArray(),
          ),
        ),
      [2, 4, 6],
      'end ended',
    ],
    [
      'switchMap',
      (source) =>
        lastValueFrom(
          of(0).pipe(
            switchMap(() => source),
            toArray(),
          ),
        ),
      [1, 2, 3],
      'end ended',
    ],
    ['defer', (source) => lastValueFrom(defer(() => source).pipe(toArray())), [1, 2, 3], 'end ended'],
    ['concat', (source) => lastValueFrom(concat(source, of(4)).pipe(toArray())), [1, 2, 3, 4], 'end ended'],
    ['forEach', (source) => source.forEach(() => {}), undefined, 'end ended'],
  ])('gives %s what it would give unwatched', async (_name, consume, expected, end) => {
    for (const make of [() => of(1, 2, 3), () => from(Promise.resolve([1, 2, 3])).pipe(switchMap((all) => all))]) {
      const observer = new RecordedResult();
      expect(await consume(make())).toEqual(expected);
      expect(await consume(observeResult(make(), observer))).toEqual(expected);
      expect(observer.names.at(-1)).toBe(end);
    }
  });

  it('tells an unsubscribe, also one that an operator makes, as stopped and stops the source', () => {
    const stops: ((source: Observable<number>) => void)[] = [
      (source) => source.subscribe().unsubscribe(),
      (source) =>
        source
          .pipe(map((x) => x))
          .subscribe()
          .unsubscribe(),
      (source) => {
        const end = new Subject<void>();
        source.pipe(takeUntil(end)).subscribe();
        end.next();
      },
      (source) => {
        const outer = new Subject<number>();
        outer.pipe(switchMap((value) => (value === 0 ? source : NEVER))).subscribe();
        outer.next(0);
        outer.next(1);
      },
    ];
    for (const stop of stops) {
      let isTornDown = false;
      const observer = new RecordedResult();
      const source = new Observable<number>((subscriber) => {
        subscriber.next(1);
        return () => (isTornDown = true);
      });
      stop(observeResult(source, observer));
      expect(observer.names).toEqual(['unread', 'streaming', 'item', 'end stopped']);
      expect(isTornDown).toBe(true);
    }
  });

  it('stops a source that emits without end while it is subscribed to', async () => {
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed) subscriber.next(emitted++);
    });
    const observer = new RecordedResult();
    expect(await lastValueFrom(observeResult(endless, observer).pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    expect(await firstValueFrom(observeResult(endless, new RecordedResult()))).toBe(3);
    expect(emitted).toBe(4);
    expect(observer.names.at(-1)).toBe('end stopped');
  });

  it('tells the very error of the source', async () => {
    const error = new Error('cut');
    const observer = new RecordedResult();
    await expect(
      lastValueFrom(
        observeResult(
          throwError(() => error),
          observer,
        ),
      ),
    ).rejects.toBe(error);
    expect(observer.told.at(-1)).toEqual(['error', error]);
  });

  it('lets RxJS report an error that no handler takes, and what a handler throws, as it would unwatched', async () => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => reported.push(error);
    try {
      const [unhandled, inNext] = [new Error('unhandled'), new Error('in next')];
      observeResult(
        throwError(() => unhandled),
        new RecordedResult(),
      ).subscribe();
      observeResult(
        throwError(() => unhandled),
        new RecordedResult(),
      ).subscribe({ next: () => {} });
      const broken = (): never => {
        throw inNext;
      };
      observeResult(of(1), new RecordedResult()).subscribe(broken);
      observeResult(of(1), new RecordedResult()).subscribe({ next: broken });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(reported).toEqual([unhandled, unhandled, inNext, inNext]);
    } finally {
      config.onUnhandledError = null;
    }
  });

  it('calls the handlers of an observer object on that object', () => {
    const consumer = {
      seen: [] as unknown[],
      next(value: number) {
        this.seen.push(value);
      },
      complete() {
        this.seen.push('complete');
      },
    };
    observeResult(of(1, 2), new RecordedResult()).subscribe(consumer);
    expect(consumer.seen).toEqual([1, 2, 'complete']);
  });

  it('reports the first subscription and leaves further ones, as those of retry, alone', async () => {
    let attempts = 0;
    const source = defer(() => (++attempts < 3 ? throwError(() => new Error(`attempt ${attempts}`)) : of('good')));
    const observer = new RecordedResult();
    expect(await lastValueFrom(observeResult(source, observer).pipe(retry(5)))).toBe('good');
    expect(attempts).toBe(3);
    expect(observer.names).toEqual(['unread', 'streaming', 'error']);
  });

  it('may be one shared Subject, returned again and again', () => {
    const subject = new BehaviorSubject(0);
    for (let call = 0; call < 10_000; call++) observeResult(subject, new RecordedResult());
    subject.subscribe().unsubscribe();
    const observers = [new RecordedResult(), new RecordedResult()];
    const subscriptions = observers.map((observer) => observeResult(subject, observer).subscribe());
    subject.next(1);
    subscriptions[0]?.unsubscribe();
    subject.next(2);
    expect(observers.map((observer) => observer.items)).toEqual([
      [0, 1],
      [0, 1, 2],
    ]);
  });

  it('runs the source in the context of the call and the consumer in its own', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const source = new Observable<number>((subscriber) => {
      seen.push(`source ${context.getStore()}`);
      subscriber.next(1);
      subscriber.complete();
    });
    const inCall = (): RecordedResult => new RecordedResult((code) => context.run('call', code));
    const observer = inCall();
    await context.run('consumer', async () => {
      observeResult(source, observer).subscribe(() => seen.push(`handler ${context.getStore()}`));
      observeResult(source, inCall())
        .pipe(map(() => seen.push(`operator ${context.getStore()}`)))
        .subscribe();
      const timed = observeResult(interval(1), inCall()).pipe(take(1));
      await timed.forEach(() => seen.push(`timed ${context.getStore()}`));
    });
    expect(seen).toEqual(['source call', 'handler consumer', 'source call', 'operator consumer', 'timed consumer']);
  });
});
