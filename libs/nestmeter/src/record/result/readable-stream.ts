import { ReadableStream, type ReadableStreamDefaultReader } from 'node:stream/web';

import { canBeWatched, hasAbortedController, observeStep, tellStopped, watchIterator } from './async-iterable.js';
import type { FirstUse } from './first-use.js';
import { methodOf, replaceMethod, type Method } from './own-method.js';
import type { Watch } from './watch.js';

/** Whether an object is a web ReadableStream, by shape: a subclass, a polyfill or one of another realm too. */
export function isReadableStream(target: object): boolean {
  return 'getReader' in target && 'pipeThrough' in target && methodOf(target, 'getReader') !== undefined;
}

/**
 * Watches a web ReadableStream by own methods in place of each way to read it.
 *
 * `pipeTo`, `pipeThrough` and `tee` of the platform read past every method, so here they run on a stream that pulls one
 * chunk from a watched reader when, and only when, it is asked for one: no chunk is read ahead. A subclass that has its own
 * is left alone: it goes through `getReader`. Of iterators the platform's own are watched, whoever hands them out. What reads inside the platform (`postMessage`) is not seen.
 */
export function watchReadableStream(target: object, firstUse: FirstUse): void {
  const stream = target as ReadableStream;
  const current = (): Watch | undefined => firstUse.current();
  const isAborted = (): boolean => hasAbortedController(stream);
  const replace = (key: PropertyKey, watched: (original: Method) => Method): void => {
    const original = methodOf(stream, key);
    if (original !== undefined) replaceMethod(stream, key, watched(original));
  };
  const replaceNative = (
    key: 'pipeTo' | 'pipeThrough' | 'tee' | 'values',
    watched: (original: Method) => Method,
  ): void => {
    if (methodOf(stream, key) === ReadableStream.prototype[key]) replace(key, watched);
  };

  replace('getReader', (original) => {
    return function (...parameters) {
      const reader = original.apply(this, parameters);
      if (canBeWatched(reader)) watchReader(reader, current, isAborted);
      return reader;
    };
  });
  replace('cancel', (original) => {
    return function (...parameters) {
      if (!stream.locked) tellStopped(current());
      return original.apply(this, parameters);
    };
  });
  const iterates = (original: Method): Method => {
    return function (...parameters) {
      const iterator = original.apply(this, parameters);
      if (canBeWatched(iterator) && isPlatformIterator(iterator)) watchIterator(iterator, current, isAborted);
      return iterator;
    };
  };
  // Of a subclass too, which may hand out the platform's own (Mistral).
  replace(Symbol.asyncIterator, iterates);
  replaceNative('values', iterates);
  replaceNative('pipeTo', (original) => {
    return function (...parameters) {
      // A locked stream refuses in its own words.
      if (stream.locked) return original.apply(this, parameters);
      const reader = stream.getReader();
      const piped = original.apply(pulling(reader), parameters) as Promise<void>;
      return piped.finally(() => reader.releaseLock());
    };
  });
  replaceNative('pipeThrough', (original) => {
    return function (...parameters) {
      if (stream.locked) return original.apply(this, parameters);
      const reader = stream.getReader();
      try {
        return original.apply(pulling(reader), parameters);
      } catch (error) {
        reader.releaseLock();
        throw error;
      }
    };
  });
  replaceNative('tee', (original) => {
    return function (...parameters) {
      return original.apply(stream.locked ? this : pulling(stream.getReader()), parameters);
    };
  });
}

let platformIterator: object | undefined;

/** Whether an iterator is the platform's own, which reads past `getReader`; any other goes through a watched reader. */
function isPlatformIterator(iterator: object): boolean {
  platformIterator ??= Object.getPrototypeOf(new ReadableStream().values()) as object;
  return Object.getPrototypeOf(iterator) === platformIterator;
}

/** What the consumer of a reader gets, chunk by chunk and without a queue of its own; frees the stream at its end. */
function pulling(reader: ReadableStreamDefaultReader): ReadableStream {
  return new ReadableStream(
    {
      async pull(controller) {
        let isOver = true;
        try {
          const { done, value } = await reader.read();
          isOver = done;
          if (done) controller.close();
          else controller.enqueue(value);
        } finally {
          if (isOver) reader.releaseLock();
        }
      },
      async cancel(reason) {
        await reader.cancel(reason).finally(() => reader.releaseLock());
      },
    },
    { highWaterMark: 0 },
  );
}

function watchReader(reader: object, current: () => Watch | undefined, isAborted: () => boolean): void {
  let isReleased = false;
  const replace = (key: 'read' | 'cancel' | 'releaseLock', watched: (original: Method) => Method): void => {
    const original = methodOf(reader, key);
    if (original !== undefined) replaceMethod(reader, key, watched(original));
  };
  replace('read', (original) => {
    return function (...parameters) {
      const watch = current();
      if (watch === undefined || watch.isOver) return original.apply(this, parameters);
      watch.streaming();
      // A read that is pending when the reader lets go of the stream fails, and the stream does not.
      const step = (): unknown => original.apply(this, parameters);
      return observeStep(watch, step, isAborted, () => !isReleased);
    };
  });
  replace('cancel', (original) => {
    return function (...parameters) {
      if (!isReleased) tellStopped(current());
      return original.apply(this, parameters);
    };
  });
  replace('releaseLock', (original) => {
    return function (...parameters) {
      isReleased = true;
      return original.apply(this, parameters);
    };
  });
}
