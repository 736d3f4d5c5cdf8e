import { AsyncResource } from 'node:async_hooks';

import type { FirstUse } from './first-use.js';
import { methodOf, replaceMethod, type Method } from './own-method.js';
import type { Watch } from './watch.js';

/** What an RxJS `Subscriber` offers, of which operators hand their own to their source. */
interface Subscriber {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
  add(teardown: () => void): void;
}

type Notify = 'next' | 'error' | 'complete';

/** Whether an object is an RxJS Observable (or Subject), by shape: rxjs is never imported. */
export function isObservable(target: object): boolean {
  return (
    'subscribe' in target &&
    'pipe' in target &&
    'forEach' in target &&
    methodOf(target, 'subscribe') !== undefined &&
    methodOf(target, 'pipe') !== undefined
  );
}

/**
 * Watches an Observable by its own `subscribe`, which each operator, `forEach`, `firstValueFrom` and so on go through. We never
 * subscribe. The first subscription after a call is what that call reports; further ones (a `retry`, a second consumer) run as
 * they are and are not reported.
 *
 * The source's code runs in the context of the tracked call, the consumer's callbacks in that of the consumer.
 */
export function watchObservable(observable: object, firstUse: FirstUse): void {
  const subscribe = methodOf(observable, 'subscribe');
  if (subscribe === undefined) return;
  replaceMethod(observable, 'subscribe', function (...parameters) {
    const watch = firstUse.take();
    if (watch === undefined) return subscribe.apply(this, parameters);
    watch.streaming();
    const consumer = new AsyncResource('nestmeter.subscribe');
    const [destination] = parameters;
    if (isSubscriber(destination)) {
      // An operator unsubscribes from its own Subscriber, so no other object may stand in for it.
      watchSubscriber(destination, watch, consumer);
      return watch.run(() => subscribe.apply(this, parameters));
    }
    const subscription = watch.run(() => subscribe.call(this, watchedConsumer(parameters, watch, consumer)));
    if (typeof subscription === 'object' && subscription !== null) {
      methodOf(subscription, 'add')?.call(subscription, () => watch.end('stopped'));
    }
    return subscription;
  });
}

function isSubscriber(destination: unknown): destination is Subscriber {
  return (
    typeof destination === 'object' &&
    destination !== null &&
    'isStopped' in destination &&
    methodOf(destination, 'add') !== undefined &&
    methodOf(destination, 'unsubscribe') !== undefined &&
    Object.isExtensible(destination)
  );
}

function tell(watch: Watch, kind: Notify, value: unknown): void {
  if (kind === 'next') watch.item(value);
  else if (kind === 'error') watch.error(value);
  else watch.end('ended');
}

function watchSubscriber(subscriber: Subscriber, watch: Watch, consumer: AsyncResource): void {
  const kinds: readonly Notify[] = ['next', 'error', 'complete'];
  for (const kind of kinds) {
    const notify = methodOf(subscriber, kind);
    if (notify === undefined) continue;
    replaceMethod(subscriber, kind, function (value) {
      tell(watch, kind, value);
      return consumer.runInAsyncScope(notify, this, value);
    });
  }
  // Runs on `unsubscribe`; after `error` or `complete` it has nothing left to tell.
  subscriber.add(() => watch.end('stopped'));
}

/** An observer object that does with each notification what `subscribe(...parameters)` would have done. */
function watchedConsumer(parameters: unknown[], watch: Watch, consumer: AsyncResource): Record<Notify, Method> {
  const [first, onError, onComplete] = parameters;
  const partial = typeof first === 'object' && first !== null ? (first as Partial<Record<Notify, unknown>>) : undefined;
  const handlerOf = (kind: Notify): unknown => {
    if (partial !== undefined) return partial[kind];
    return { next: first, error: onError, complete: onComplete }[kind];
  };
  const pass = (kind: Notify): Method => {
    return (value) => {
      tell(watch, kind, value);
      const handler = handlerOf(kind);
      if (typeof handler === 'function') return consumer.runInAsyncScope(handler as Method, partial, value);
      // RxJS reports as uncaught what an observer's `error` throws, just as an error without a handler.
      if (kind === 'error') throw value;
    };
  };
  return { next: pass('next'), error: pass('error'), complete: pass('complete') };
}
