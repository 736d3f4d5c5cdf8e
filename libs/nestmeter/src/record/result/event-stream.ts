import { watchLeaving } from './async-iterable.js';
import type { FirstUse } from './first-use.js';
import { methodOf, replaceMethod } from './own-method.js';

/** Events that carry one piece of the provider's stream: openai chat; openai responses and assistants; Anthropic messages. */
const itemEvents: ReadonlySet<unknown> = new Set(['chunk', 'event', 'streamEvent']);

/** Whether an object is one of the SDKs' stream helpers (`messages.stream()`, `chat.completions.stream()`). */
export function isEventStream(target: object): boolean {
  return '_emit' in target && 'controller' in target && methodOf(target, '_emit') !== undefined;
}

/**
 * Watches an SDK's stream helper, which reads its response by itself and pushes: whether the application iterates, listens
 * or only awaits `finalMessage()`, every event passes through `_emit`. No listener is added: the helpers let an error that
 * has no listener become an unhandled rejection.
 */
export function watchEventStream(stream: object, firstUse: FirstUse): void {
  const emit = methodOf(stream, '_emit');
  if (emit === undefined) return;
  replaceMethod(stream, '_emit', function (...parameters) {
    const watch = firstUse.current();
    const [event, detail] = parameters;
    watch?.streaming();
    if (itemEvents.has(event)) watch?.item(detail);
    else if (event === 'error') watch?.error(detail);
    else if (event === 'abort') watch?.end('cancelled');
    else if (event === 'end') watch?.end('ended');
    return emit.apply(this, parameters);
  });
  // Leaving the loop aborts the helper; that is the consumer's will and no cancellation.
  watchLeaving(stream, firstUse);
}
