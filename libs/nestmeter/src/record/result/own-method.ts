/** A method of an object whose class is not known. */
export type Method = (this: unknown, ...parameters: unknown[]) => unknown;

/**
 * The value of a data property, own or inherited; `undefined` where there is none or where it is a getter.
 *
 * Getters are never called: those of a Vercel `ai` result drain its stream, and a hostile one may do anything.
 */
export function dataProperty(target: object, key: PropertyKey): unknown {
  for (let holder: object | null = target; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
    const property = Object.getOwnPropertyDescriptor(holder, key);
    if (property !== undefined) return property.value;
  }
  return undefined;
}

/** A method, own or inherited, found as {@link dataProperty} does; `undefined` for anything that is not a function. */
export function methodOf(target: object, key: PropertyKey): Method | undefined {
  const method = dataProperty(target, key);
  return typeof method === 'function' ? (method as Method) : undefined;
}

/**
 * Puts an own method on an object in place of the one it had, own or inherited. It shows in `for in` and `Object.keys`
 * only if the one before did.
 *
 * @throws TypeError if the object does not take it.
 */
export function replaceMethod(target: object, key: PropertyKey, method: Method): void {
  const enumerable = Object.getOwnPropertyDescriptor(target, key)?.enumerable ?? false;
  Object.defineProperty(target, key, { value: method, writable: true, configurable: true, enumerable });
}

/** Whether a value can be awaited by shape; says nothing about getters. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
