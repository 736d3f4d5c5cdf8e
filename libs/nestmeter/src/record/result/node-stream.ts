import { watchLeaving } from './async-iterable.js';
import type { FirstUse } from './first-use.js';
import { methodOf, replaceMethod } from './own-method.js';

/** Whether an object is a stream of Node that can be read, or one of the package `readable-stream`. */
export function isNodeStream(target: object): boolean {
  return '_readableState' in target && methodOf(target, 'emit') !== undefined;
}

/** Whether a Node stream is an answer to be read: it is not over, and it is no connection (a socket), which is also written to. */
export function isNodeAnswer(stream: object): boolean {
  const { destroyed, readableEnded } = stream as { destroyed?: unknown; readableEnded?: unknown };
  const isConnection = '_writableState' in stream && !('_transform' in stream);
  return destroyed !== true && readableEnded !== true && !isConnection;
}

/**
 * Watches a Node stream through its own `emit`. In each mode of reading (`for await`, `pipe`, `data`, `read()`) Node emits
 * `data` for every chunk that it hands out. No listener is added: one for `data` would start the flow, one for `error` would
 * hide that the application has none. The stream's own code does not run in the tracked call's context: Node calls it from
 * anywhere.
 */
export function watchNodeStream(stream: object, firstUse: FirstUse): void {
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
  watchLeaving(stream, firstUse);
}
