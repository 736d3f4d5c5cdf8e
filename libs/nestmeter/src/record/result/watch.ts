/**
 * What a watcher is told about the thing that a tracked method returned.
 *
 * A plain result is one call, `value` or `error`. A stream is `unread`, then, if somebody ever reads it, `streaming`,
 * then `item` for each item, then `end` or `error`. Calls come in this order and synchronously, before the application
 * sees the same thing. What an observer throws is dropped.
 */
export interface ResultObserver {
  /**
   * A plain value, or what the promise came to, when that is not a stream; `undefined` where the value must not be looked
   * at (a result that `asResponse()` alone was asked for, an `ai` result). Then nothing follows.
   */
  value(value: unknown): void;
  /** The stream that follows is inside this value, which may tell of the request, as Bedrock's does. */
  around?(value: object): void;
  /** The promise was rejected or the stream failed, with the very error that the application gets. Then nothing follows. */
  error(error: unknown): void;
  /**
   * The result is a stream without a reader so far. It may never get one: then nothing follows.
   *
   * @param source `cold`: no work is done before a reader comes (Observables, returned generators), so the call has not
   *   begun; `hot`: the work is under way already (SDK streams, web and Node streams).
   */
  unread(source: 'cold' | 'hot'): void;
  /** The first reader came: the first item was asked for, or a push stream began to push. */
  streaming(): void;
  /** One item was handed to the consumer. */
  item(item: unknown): void;
  /**
   * The stream is over. `ended`: the source finished; `stopped`: the consumer left early (`break`, `return()`,
   * `unsubscribe`, `cancel()`, `destroy()`); `cancelled`: the source fell silent because its controller was aborted.
   * An abort that surfaces as an exception is an `error`. Then nothing follows.
   */
  end(how: StreamEnd): void;
  /**
   * Runs the source's own code (generator body, subscription, pull, lazy `then`) in the async context of the tracked call.
   * Must call `code` exactly once, at once, and let its result or exception through.
   */
  run<R>(code: () => R): R;
}

/** How a stream that did not fail came to its end. */
export type StreamEnd = 'ended' | 'stopped' | 'cancelled';

/**
 * One observer of one call, guarded: `streaming` at most once, nothing after the call is over, and no exception of the
 * observer gets out.
 */
export class Watch implements ResultObserver {
  readonly #observer: ResultObserver;
  #isStreaming = false;
  #isOver = false;

  constructor(observer: ResultObserver) {
    this.#observer = observer;
  }

  /** Whether everything has been told that will ever be told. */
  get isOver(): boolean {
    return this.#isOver;
  }

  value(value: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#observer.value(value);
    } catch {}
  }

  error(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#observer.error(error);
    } catch {}
  }

  around(value: object): void {
    if (this.#isOver) return;
    try {
      this.#observer.around?.(value);
    } catch {}
  }

  unread(source: 'cold' | 'hot'): void {
    if (this.#isOver) return;
    try {
      this.#observer.unread(source);
    } catch {}
  }

  streaming(): void {
    if (this.#isOver || this.#isStreaming) return;
    this.#isStreaming = true;
    try {
      this.#observer.streaming();
    } catch {}
  }

  item(item: unknown): void {
    if (this.#isOver) return;
    try {
      this.#observer.item(item);
    } catch {}
  }

  end(how: StreamEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#observer.end(how);
    } catch {}
  }

  run<R>(code: () => R): R {
    return this.#observer.run(code);
  }
}

/** One watch for several calls that returned the same object, innermost call first. */
export function joinWatches(watches: readonly Watch[]): Watch {
  const [first, ...others] = watches;
  if (first !== undefined && others.length === 0) return first;
  return new Watch({
    value: (value) => watches.forEach((watch) => watch.value(value)),
    error: (error) => watches.forEach((watch) => watch.error(error)),
    around: (value) => watches.forEach((watch) => watch.around(value)),
    unread: (source) => watches.forEach((watch) => watch.unread(source)),
    streaming: () => watches.forEach((watch) => watch.streaming()),
    item: (item) => watches.forEach((watch) => watch.item(item)),
    end: (how) => watches.forEach((watch) => watch.end(how)),
    // The innermost call's context is the one that the source runs in.
    run: (code) => watches.reduce((inner, watch) => () => watch.run(inner), code)(),
  });
}
