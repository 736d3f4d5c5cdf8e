import { AsyncResource } from 'node:async_hooks';

import type { FirstUse } from './first-use.js';
import { methodOf, replaceMethod, type Method } from './own-method.js';
import type { Watch } from './watch.js';

/** What a `Subscriber` of RxJS offers here. */
interface Subscriber {
  add(teardown: () => void): void;
}

/** Makes a Subscriber that passes everything on to another, and ends with it. */
type SubscriberClass = new (destination: object) => Subscriber;

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
    const Between = subscriberClass(destination);
    if (Between !== undefined) {
      const subscriber = watchedSubscriber(new Between(destination as object), watch, consumer);
      return watch.run(() => subscribe.call(this, subscriber));
    }
    const subscription = watch.run(() => subscribe.call(this, watchedConsumer(parameters, watch, consumer)));
    if (typeof subscription === 'object' && subscription !== null) {
      methodOf(subscription, 'add')?.call(subscription, () => watch.end('stopped'));
    }
    return subscription;
  });
}

/**
 * The class `Subscriber` of the RxJS that a Subscriber comes from; `undefined` for any other consumer.
 *
 * Operators hand a Subscriber to their source and end it to stop the source at once, also while that is emitting; only
 * another Subscriber can stand between. Watching the operator's own would not do: `takeUntil` completes it by itself, and
 * the source did not.
 */
function subscriberClass(consumer: unknown): SubscriberClass | undefined {
  if (typeof consumer !== 'object' || consumer === null || !('isStopped' in consumer)) return undefined;
  let found: unknown;
  for (let holder: object | null = consumer; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
    if (Object.hasOwn(holder, 'next') && Object.hasOwn(holder, 'constructor')) found = holder.constructor;
  }
  return typeof found === 'function' ? (found as SubscriberClass) : undefined;
}

function tell(watch: Watch, kind: Notify, value: unknown): void {
  if (kind === 'next') watch.item(value);
  else if (kind === 'error') watch.error(value);
  else watch.end('ended');
}

function watchedSubscriber(subscriber: Subscriber, watch: Watch, consumer: AsyncResource): Subscriber {
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
  return subscriber;
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
