import { types } from 'node:util';

import { aiBaseStream, isAiResult, watchAiResult } from './result/ai-result.js';
import { watchAsyncIterable } from './result/async-iterable.js';
import { isEventStream, watchEventStream } from './result/event-stream.js';
import { awaitFirstUse, type FirstUse } from './result/first-use.js';
import { isNativePromise, watchNativePromise } from './result/native-promise.js';
import { isNodeAnswer, isNodeStream, watchNodeStream } from './result/node-stream.js';
import { isObservable, watchObservable } from './result/observable.js';
import { methodOf } from './result/own-method.js';
import { isReadableStream, watchReadableStream } from './result/readable-stream.js';
import { watchThenable } from './result/thenable.js';
import { Watch, type ResultObserver } from './result/watch.js';

export type { ResultObserver, StreamEnd } from './result/watch.js';

/**
 * Watches what a tracked method returned, without changing what the caller sees: the very same object comes back, with the
 * same items, errors, timing and pace.
 *
 * Nothing is awaited, subscribed to, read or drained for the observer; a source that the caller leaves alone is left alone.
 * Frozen and sealed objects pass untouched and are told as a value. Several calls may return the same object, nested
 * decorators do: each gets its own telling. Never throws.
 *
 * Cost: a plain value allocates nothing; a promise of the language costs one `then` on it, every other source one closure
 * per step.
 *
 * @param isFresh whether nobody but the caller can hold the result yet: true for the promise of an `async` function called just
 *   now (`types.isAsyncFunction(method)`). Decides what becomes of a rejection that the application never handles; see
 *   `result/native-promise.ts`.
 */
export function observeResult<T>(result: T, observer: ResultObserver, isFresh = false): T {
  if (typeof result !== 'object' || result === null) {
    tellValue(observer, result);
    return result;
  }
  let watch: Watch | undefined;
  try {
    if (isSource(result)) {
      watch = new Watch(observer);
      watchSource(result, watch, isFresh);
    } else {
      tellValue(observer, result);
    }
  } catch {
    // Looking at a revoked Proxy throws, and an object may refuse its new methods.
    watch ??= new Watch(observer);
    watch.value(undefined);
  }
  return result;
}

function tellValue(observer: ResultObserver, value: unknown): void {
  try {
    observer.value(value);
  } catch {}
}

/** Keys that tell a source of later values. Only asked for with `in`, which calls no getter. */
const sourceKeys = [
  'then',
  Symbol.asyncIterator,
  'getReader',
  'subscribe',
  'stream',
  'textStream',
  'fullStream',
] as const;

function isSource(result: object): boolean {
  for (const key of sourceKeys) if (key in result) return true;
  return false;
}

function watchSource(result: object, watch: Watch, isFresh: boolean): void {
  if (!Object.isExtensible(result)) return watch.value(result);
  const then = 'then' in result ? methodOf(result, 'then') : undefined;
  if (then === undefined) return watchStream(result, watch, types.isGeneratorObject(result) ? 'cold' : 'hot');
  if (isNativePromise(result, then)) return watchNativePromise(result, isFresh, watch, settle);
  const isWaiting = awaitFirstUse(result, watch, (firstUse) => watchThenable(result, then, firstUse, settle));
  if (!isWaiting) watch.value(undefined);
}

/** Takes what a promise came to; runs before the application gets the same value. */
function settle(value: unknown, watch: Watch): void {
  try {
    if (typeof value === 'object' && value !== null && Object.isExtensible(value)) watchStream(value, watch, 'hot');
    else watch.value(value);
  } catch {
    watch.value(undefined);
  }
}

function watchStream(value: object, watch: Watch, source: 'cold' | 'hot'): void {
  // The getters of an `ai` result drain its stream, so nobody is to look at one that cannot be watched.
  if (isAiResult(value) && aiBaseStream(value) === undefined) return watch.value(undefined);
  const install = streamWatcher(value);
  if (install === undefined) {
    const nested = nestedStream(value);
    if (nested === undefined) return watch.value(value);
    watch.around(value);
    return watchStream(nested, watch, source);
  }
  if (!awaitFirstUse(value, watch, (firstUse) => install(value, firstUse))) return watch.value(undefined);
  watch.unread(isObservable(value) ? 'cold' : source);
}

/** The stream inside `{stream, …}`, as Bedrock's `ConverseStream` and the provider models of `ai` answer. */
function nestedStream(value: object): object | undefined {
  const stream: unknown = Object.getOwnPropertyDescriptor(value, 'stream')?.value;
  if (typeof stream !== 'object' || stream === null || !Object.isExtensible(stream)) return undefined;
  return isReadableStream(stream) || streamWatcher(stream) === watchAsyncIterable ? stream : undefined;
}

type Install = (stream: object, firstUse: FirstUse) => void;

/** How a stream is watched; `undefined` for what is no stream. The more specific shape is asked for first. */
function streamWatcher(value: object): Install | undefined {
  if (isAiResult(value)) return watchAiResult;
  if (isObservable(value)) return watchObservable;
  if (isReadableStream(value)) return watchReadableStream;
  if (isNodeStream(value)) return isNodeAnswer(value) ? watchNodeStream : undefined;
  if (isEventStream(value)) return watchEventStream;
  // A page of a list is an answer; iterating it asks for further pages.
  if (!(Symbol.asyncIterator in value) || 'iterPages' in value) return undefined;
  return methodOf(value, Symbol.asyncIterator) === undefined ? undefined : watchAsyncIterable;
}
