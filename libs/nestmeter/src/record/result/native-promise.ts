import { types } from 'node:util';

import { dataProperty } from './own-method.js';
import type { Watch } from './watch.js';

type Branch = (
  this: Promise<unknown>,
  onValue: (value: unknown) => void,
  onError: (error: unknown) => void,
) => Promise<void>;

// oxlint-disable-next-line typescript/unbound-method -- only ever called on a promise
const nativeThen: Branch = Promise.prototype.then;

/** Whether `then` is the one of the language, of this realm or another: its promise can be observed without side effects. */
export function isNativePromise(value: object, then: unknown): value is Promise<unknown> {
  return types.isPromise(value) && (then === nativeThen || isBuiltInThen(then));
}

/** A function that an application wrote or bound prints otherwise; jest and `node:vm` make promises of other realms. */
function isBuiltInThen(then: unknown): boolean {
  return typeof then === 'function' && Function.prototype.toString.call(then) === 'function then() { [native code] }';
}

/** Our own `then` also asks for `constructor`; that must not pass for the application's. */
let isOurs = false;

function branchOff(
  promise: Promise<unknown>,
  onValue: (value: unknown) => void,
  onError: (error: unknown) => void,
): Promise<void> {
  isOurs = true;
  try {
    return nativeThen.call(promise, onValue, onError);
  } finally {
    isOurs = false;
  }
}

/** What is known of a promise's handling by the application. */
interface Handling {
  isHandled: boolean;
  /** Called when the application handles the promise after our branch of it was rejected. */
  onLate?: () => void;
}

/** A constructor that returns the object it is given, so that a subclass can put a private field on it. */
const Given = function (target: object): object {
  return target;
} as unknown as new (target: object) => object;

/** The handling of a promise, kept in a private field of the promise: invisible, and cheaper than a WeakMap. */
class Handled extends Given {
  readonly #handling: Handling;

  constructor(promise: object, handling: Handling) {
    super(promise);
    this.#handling = handling;
  }

  static of(value: unknown): Handling | undefined {
    return typeof value === 'object' && value !== null && #handling in value ? value.#handling : undefined;
  }
}

/**
 * Learns whether the application handles a promise: `await`, `then`, `catch`, `finally`, `Promise.all`, a `return` from an
 * async function all read its `constructor` first. A getter there costs no turn of the microtask queue and gives the true
 * answer. It sits on a prototype put in between, since an own `constructor` costs four times as much.
 */
function learnHandling(promise: Promise<unknown>): Handling {
  const handling: Handling = { isHandled: false };
  const prototype = Object.getPrototypeOf(promise) as object;
  Object.setPrototypeOf(new Handled(promise, handling), learningPrototype(prototype));
  return handling;
}

function noteHandled(promise: unknown): void {
  const handling = isOurs ? undefined : Handled.of(promise);
  if (handling === undefined || handling.isHandled) return;
  handling.isHandled = true;
  handling.onLate?.();
}

/** One per prototype of promises: one of this realm, one for each other realm or subclass seen. */
const learningPrototypes = new WeakMap<object, object>();

function learningPrototype(inherited: object): object {
  let prototype = learningPrototypes.get(inherited);
  if (prototype === undefined) {
    prototype = Object.create(inherited, {
      constructor: {
        configurable: true,
        get(this: unknown): unknown {
          noteHandled(this);
          return dataProperty(inherited, 'constructor');
        },
        set(this: object, value: unknown) {
          Object.defineProperty(this, 'constructor', { value, writable: true, configurable: true, enumerable: true });
        },
      },
    }) as object;
    learningPrototypes.set(inherited, prototype);
  }
  return prototype;
}

/**
 * Watches a promise of the language by a branch of its own.
 *
 * A branch marks the promise as handled, so Node would no longer report a rejection that the application forgot; a branch that
 * passes each rejection on would be reported although the application handles its own. So ours passes it on exactly if the
 * application does not handle the promise, and is handled as late as the application handles it.
 *
 * @param isFresh whether only the caller holds the promise, as with one that an async function just returned. Of any other
 *   promise nobody can know whether it was handled before it came here: there a rejection that nobody handles stays silent,
 *   since the opposite error would end a process over a rejection that was handled.
 * @param settle takes what the promise came to.
 */
export function watchNativePromise(
  promise: Promise<unknown>,
  isFresh: boolean,
  watch: Watch,
  settle: (value: unknown, watch: Watch) => void,
): void {
  // Watched twice (nested decorators), the first branch alone answers for the rejection.
  const handling = isFresh && Handled.of(promise) === undefined ? learnHandling(promise) : undefined;
  const branch = branchOff(
    promise,
    (value) => settle(value, watch),
    (error) => {
      watch.error(error);
      if (handling === undefined || handling.isHandled) return;
      handling.onLate = () => void branch.catch(() => {});
      throw error;
    },
  );
}
