import { canBeWatched, watchReturn } from './async-iterable.js';
import type { FirstUse } from './first-use.js';
import { methodOf, replaceMethod } from './own-method.js';

/** Whether an object is a readable stream of Node, or of the package `readable-stream`. */
export function isNodeReadable(target: object): boolean {
  if (!('_readableState' in target) || methodOf(target, 'emit') === undefined) return false;
  // A socket is a connection and not an answer; a Transform hands out what something else was asked for.
  return !('_writableState' in target) || '_transform' in target;
}

/** Whether nothing can come out of a Node stream any more, so that there is nothing to watch. */
export function isSpent(stream: object): boolean {
  const { destroyed, readableEnded } = stream as { destroyed?: unknown; readableEnded?: unknown };
  return destroyed === true || readableEnded === true;
}

/**
 * Watches a Node stream through its own `emit`. In each mode of reading (`for await`, `pipe`, `data`, `read()`) Node emits
 * `data` for every chunk that it hands out. No listener is added: one for `data` would start the flow, one for `error` would
 * hide that the application has none. The stream's own code does not run in the tracked call's context: Node calls it from
 * anywhere.
 */
export function watchNodeReadable(stream: object, firstUse: FirstUse): void {
  const emit = methodOf(stream, 'emit');
  if (emit === undefined) return;
  replaceMethod(stream, 'emit', function (...parameters) {
    const [event, detail] = parameters;
    if (event === 'data' || event === 'end' || event === 'error' || event === 'close') {
      const watch = firstUse.current();
      watch?.streaming();
      if (event === 'data') watch?.item(detail);
      else if (event === 'end') watch?.end('ended');
      else if (event === 'error') watch?.error(detail);
      else watch?.end('stopped');
    }
    return emit.apply(this, parameters);
  });
  // Leaving a `for await` destroys the stream with an AbortError; it is the consumer who stopped.
  const iterate = methodOf(stream, Symbol.asyncIterator);
  if (iterate === undefined) return;
  replaceMethod(stream, Symbol.asyncIterator, function (...parameters) {
    const iterator = iterate.apply(this, parameters);
    if (canBeWatched(iterator)) {
      watchReturn(iterator, () => {
        const watch = firstUse.current();
        watch?.streaming();
        watch?.end('stopped');
        return undefined;
      });
    }
    return iterator;
  });
}
