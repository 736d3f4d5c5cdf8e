/**
 * Reading of values that others made. Only own data properties are looked at: a getter of an SDK object may
 * do anything (those of a Vercel `ai` stream result drain the stream), and a hostile one may throw.
 */

/** The value of an own data property; `undefined` for a getter, an inherited property, or where looking throws. */
export function ownValue(target: object, key: string): unknown {
  try {
    const property = Object.getOwnPropertyDescriptor(target, key);
    return property === undefined ? undefined : property.value;
  } catch {
    return undefined;
  }
}

/** An own data property that holds an object (or array); `undefined` for anything else. */
export function ownObject(target: object, key: string): object | undefined {
  const value = ownValue(target, key);
  return isObject(value) ? value : undefined;
}

/** An own data property that holds text of at least one character; `undefined` for anything else. */
export function ownText(target: object, key: string): string | undefined {
  return textOrUndefined(ownValue(target, key));
}

/** An own data property that holds a token count; `undefined` for anything else. */
export function ownTokens(target: object, key: string): number | undefined {
  return tokensOrUndefined(ownValue(target, key));
}

/** An own data property that holds an array, as it is; an empty array for anything else. */
export function ownArray(target: object, key: string): readonly unknown[] {
  const value = ownValue(target, key);
  return Array.isArray(value) ? value : [];
}

/** The value where it is text of at least one character, else `undefined`: a provider's `''` and `null` say nothing. */
export function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value where it is a count (an integer from 0 to 2^53 − 1), else `undefined`: never a guess, never 0 for unknown. */
export function tokensOrUndefined(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/**
 * What two counts come to; an unknown one adds nothing.
 *
 * @returns `undefined` if both are unknown or the sum is past 2^53 − 1.
 */
export function sumOfTokens(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return tokensOrUndefined(left + right);
}

/** Whether a value is an object or array (not null, not a function). */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
