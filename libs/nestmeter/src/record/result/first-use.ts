import { joinWatches, type Watch } from './watch.js';

/**
 * How many calls may wait for one object to be used. Nested decorators need as many as there are decorators; a method that
 * returns one shared object again and again, which nobody uses, must not pile up watches.
 */
const maxWaiting = 16;

/**
 * The calls that returned one object and wait for its first use: a subscription, an iteration, a `then`.
 *
 * The object's methods are replaced once, however often it is returned, so neither memory nor the depth of calls grows
 * with a shared object. The first use after a call belongs to that call; a use that no call waits for is not watched.
 */
export class FirstUse {
  #waiting: Watch[] = [];
  #current: Watch | undefined;

  /** @returns false if too many are waiting: then this call is not watched. */
  join(watch: Watch): boolean {
    if (this.#waiting.length >= maxWaiting) return false;
    this.#waiting.push(watch);
    return true;
  }

  /** The watch of a use that begins now; `undefined` if nobody waits for it. */
  take(): Watch | undefined {
    if (this.#waiting.length === 0) return undefined;
    const watch = joinWatches(this.#waiting);
    this.#waiting = [];
    return watch;
  }

  /** The watch of the one use under way, which begins with the first call of this; for objects that are used up. */
  current(): Watch | undefined {
    if (this.#current === undefined || this.#current.isOver) this.#current = this.take() ?? this.#current;
    return this.#current;
  }
}

const firstUses = new WeakMap<object, FirstUse>();

/**
 * Lets a watch wait for the first use of an object.
 *
 * @param install replaces the methods of the object; called if it was not watched before. What it throws passes through.
 * @returns false if too many are waiting.
 */
export function awaitFirstUse(target: object, watch: Watch, install: (firstUse: FirstUse) => void): boolean {
  let firstUse = firstUses.get(target);
  if (firstUse === undefined) {
    firstUse = new FirstUse();
    install(firstUse);
    firstUses.set(target, firstUse);
  }
  return firstUse.join(watch);
}
