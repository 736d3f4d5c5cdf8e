import { types } from 'node:util';

import type { FirstUse } from './first-use.js';
import { dataProperty, isThenable, methodOf, replaceMethod, type Method } from './own-method.js';
import type { Watch } from './watch.js';

/**
 * Watches an AsyncIterable by replacing, on the object itself, what its readers call.
 *
 * - The `Stream` of openai, @anthropic-ai/sdk, groq and Cerebras: its own property `iterator`, which `for await`, `tee()` and
 *   `toReadableStream()` all go through. They end without an exception when their controller is aborted: `cancelled`.
 * - A generator: its own `next`, `return` and `throw`, since it is its own iterator.
 * - Any other: its own `[Symbol.asyncIterator]`; the first iteration is the one that is reported.
 */
export function watchAsyncIterable(iterable: object, firstUse: FirstUse): void {
  const isAborted = (): boolean => hasAbortedController(iterable);
  if (types.isGeneratorObject(iterable)) return watchIterator(iterable, () => firstUse.current(), isAborted);
  const key = isSdkStream(iterable) ? 'iterator' : Symbol.asyncIterator;
  const iterate = methodOf(iterable, key);
  if (iterate === undefined) return;
  replaceMethod(iterable, key, function (...parameters) {
    const watch = firstUse.take();
    if (watch === undefined) return iterate.apply(this, parameters);
    const iterator = watch.run(() => iterate.apply(this, parameters));
    if (canBeWatched(iterator)) watchIterator(iterator, () => watch, isAborted);
    return iterator;
  });
}

function isSdkStream(iterable: object): boolean {
  return 'controller' in iterable && typeof Object.getOwnPropertyDescriptor(iterable, 'iterator')?.value === 'function';
}

/** Whether an object's own `controller`, as SDK streams have it, was aborted. */
export function hasAbortedController(source: object): boolean {
  const controller = dataProperty(source, 'controller');
  return controller instanceof AbortController && controller.signal.aborted;
}

/** Whether a value is an object that takes own properties. */
export function canBeWatched(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.isExtensible(value);
}

/**
 * Watches an async iterator in place: replaces `next`, `return` and `throw` by methods that pass on, one to one and unasked
 * for nothing, what the source answers.
 *
 * @param current the watch of the reading under way; asked at each call.
 */
export function watchIterator(iterator: object, current: () => Watch | undefined, isAborted: () => boolean): void {
  const observed = (method: Method): Method =>
    function (...parameters) {
      const watch = current();
      if (watch === undefined || watch.isOver) return method.apply(this, parameters);
      watch.streaming();
      return observeStep(watch, () => method.apply(this, parameters), isAborted);
    };
  const next = methodOf(iterator, 'next');
  if (next !== undefined) replaceMethod(iterator, 'next', observed(next));
  const throwInto = methodOf(iterator, 'throw');
  if (throwInto !== undefined) replaceMethod(iterator, 'throw', observed(throwInto));
  watchReturn(iterator, () => tellStopped(current()));
}

/**
 * Replaces the `return` of an iterator, which a consumer calls that leaves early. One without it gets one: `for await` says
 * nothing to it otherwise.
 *
 * @param onReturn called before; what it returns runs the source's clean-up in the context of the tracked call.
 */
export function watchReturn(iterator: object, onReturn: () => Watch | undefined): void {
  const original = methodOf(iterator, 'return');
  replaceMethod(iterator, 'return', function (...parameters) {
    const watch = onReturn();
    if (original === undefined) return Promise.resolve({ done: true, value: parameters[0] });
    return watch === undefined ? original.apply(this, parameters) : watch.run(() => original.apply(this, parameters));
  });
}

/** Tells of a push stream, whose items are seen elsewhere, only that a consumer left its iteration early. */
export function watchLeaving(stream: object, firstUse: FirstUse): void {
  const iterate = methodOf(stream, Symbol.asyncIterator);
  if (iterate === undefined) return;
  replaceMethod(stream, Symbol.asyncIterator, function (...parameters) {
    const iterator = iterate.apply(this, parameters);
    if (canBeWatched(iterator)) watchReturn(iterator, () => tellStopped(firstUse.current()));
    return iterator;
  });
}

/** Tells that the consumer left, also one that left before it read. */
export function tellStopped(watch: Watch | undefined): Watch | undefined {
  watch?.streaming();
  watch?.end('stopped');
  return watch;
}

/**
 * Makes one step of a reader and tells what came of it: `{done, value}`, at once or by a promise.
 *
 * @param isFailure whether an exception is the stream's own.
 */
export function observeStep(
  watch: Watch,
  step: () => unknown,
  isAborted: () => boolean,
  isFailure: () => boolean = () => true,
): unknown {
  const tell = (result: unknown): unknown => {
    if (typeof result === 'object' && result !== null) {
      const { done, value } = result as IteratorResult<unknown>;
      if (done !== true) watch.item(value);
      else watch.end(isAborted() ? 'cancelled' : 'ended');
    }
    return result;
  };
  const fail = (error: unknown): never => {
    if (isFailure()) watch.error(error);
    throw error;
  };
  let answer: unknown;
  try {
    answer = watch.run(step);
  } catch (error) {
    return fail(error);
  }
  return isThenable(answer) ? answer.then(tell, fail) : tell(answer);
}
