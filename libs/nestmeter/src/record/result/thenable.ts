import { AsyncResource } from 'node:async_hooks';
import { types } from 'node:util';

import type { FirstUse } from './first-use.js';
import { dataProperty, isThenable, methodOf, replaceMethod, type Method } from './own-method.js';
import type { Watch } from './watch.js';

/** Takes what a promise came to: a value, or a stream to be watched on. */
export type Settle = (value: unknown, watch: Watch) => void;

/**
 * Watches a promise that works only when asked, by replacing its own methods: the promises of the LLM SDKs (which read the
 * body when awaited), query builders, any thenable.
 *
 * Nothing is asked for that the application does not ask for: its first `then`, `catch`, `finally`, `await`,
 * `withResponse()` or `withRawResponse()` is what is watched, and no callback is added but around its own. A call of which
 * only `asResponse()` is asked is reported as the value `undefined` when the response arrives: its body belongs to the caller.
 * A thenable that nobody asks reports nothing.
 */
export function watchThenable(thenable: object, then: Method, firstUse: FirstUse, settle: Settle): void {
  replaceMethod(thenable, 'then', watchedThen(then, firstUse, settle));
  // The `catch` of other thenables may take more than a callback (Bluebird), and goes through their `then`.
  if (types.isPromise(thenable)) watchPromiseMethods(thenable);
  for (const name of ['withResponse', 'withRawResponse']) {
    const method = methodOf(thenable, name);
    if (method !== undefined) replaceMethod(thenable, name, watchedWithResponse(method, firstUse, settle));
  }
  const asResponse = methodOf(thenable, 'asResponse');
  if (asResponse !== undefined) replaceMethod(thenable, 'asResponse', watchedAsResponse(asResponse, firstUse));
}

function watchedThen(then: Method, firstUse: FirstUse, settle: Settle): Method {
  return function (onValue, onError, ...others) {
    const watch = firstUse.take();
    if (watch === undefined) return then.call(this, onValue, onError, ...others);
    // `then` runs in the context of the tracked call, the application's callbacks in that of the application.
    const caller = new AsyncResource('nestmeter.then');
    const observeValue = (value: unknown): unknown => {
      settle(value, watch);
      return typeof onValue === 'function' ? caller.runInAsyncScope(onValue as Method, undefined, value) : value;
    };
    const observeError = (error: unknown): unknown => {
      watch.error(error);
      if (typeof onError === 'function') return caller.runInAsyncScope(onError as Method, undefined, error);
      throw error;
    };
    return watch.run(() => then.call(this, observeValue, observeError, ...others));
  };
}

/** The SDKs' own `catch` and `finally` do not go through `then`. */
function watchPromiseMethods(promise: Promise<unknown>): void {
  replaceMethod(promise, 'catch', function (onError) {
    return (this as Promise<unknown>).then(undefined, onError as Parameters<Promise<unknown>['catch']>[0]);
  });
  replaceMethod(promise, 'finally', function (onFinally) {
    return (this as Promise<unknown>).then().finally(onFinally as () => void);
  });
}

function watchedWithResponse(method: Method, firstUse: FirstUse, settle: Settle): Method {
  return function (...parameters) {
    // Taken before the method runs, which may call `asResponse` or `then` itself.
    const watch = firstUse.take();
    const answer = method.apply(this, parameters);
    if (watch === undefined || !isThenable(answer)) return answer;
    return answer.then(
      (both) => {
        settle(typeof both === 'object' && both !== null ? dataProperty(both, 'data') : undefined, watch);
        return both;
      },
      (error: unknown) => {
        watch.error(error);
        throw error;
      },
    );
  };
}

function watchedAsResponse(method: Method, firstUse: FirstUse): Method {
  return function (...parameters) {
    const answer = method.apply(this, parameters);
    if (!isThenable(answer)) return answer;
    // Taken only when the response is there: whoever awaits the promise as well gets more out of it.
    return answer.then(
      (response) => {
        firstUse.take()?.value(undefined);
        return response;
      },
      (error: unknown) => {
        firstUse.take()?.error(error);
        throw error;
      },
    );
  };
}
