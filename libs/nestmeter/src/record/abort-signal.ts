import { isObject, ownValue } from './answer/own-value.js';

/** Where SDKs take an abort signal: in their options, and Google's in `config` of the request. */
const keys = ['signal', 'abortSignal'] as const;
const holders = ['config', 'options'] as const;

/**
 * The abort signal among the arguments of a tracked method, where SDKs take it; undefined when there is none. Some SDKs
 * end an aborted stream as if it were over: then only the signal tells. Never throws.
 */
export function abortSignalIn(args: readonly unknown[]): AbortSignal | undefined {
  for (const arg of args) {
    if (!isObject(arg)) continue;
    if (isSignal(arg)) return arg;
    const found =
      signalOf(arg) ?? holders.map((key) => signalOf(ownValue(arg, key))).find((each) => each !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a signal says that it is aborted. Never throws. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal !== undefined && told(signal, 'aborted') === true;
}

/**
 * How a call ended that its SDK calls aborted: a signal that ran out of time makes a timeout, any other the caller's own
 * wish. Where the call threw although the caller's signal is not aborted, it was a time limit of the SDK. Never throws.
 */
export function abortedAs(signal: AbortSignal | undefined, how: 'thrown' | 'ended'): 'cancelled' | 'timeout' {
  if (!isAborted(signal)) return signal !== undefined && how === 'thrown' ? 'timeout' : 'cancelled';
  const reason = told(signal!, 'reason');
  return isObject(reason) && told(reason, 'name') === 'TimeoutError' ? 'timeout' : 'cancelled';
}

function signalOf(holder: unknown): AbortSignal | undefined {
  if (!isObject(holder)) return undefined;
  for (const key of keys) {
    const value = ownValue(holder, key);
    if (isObject(value) && isSignal(value)) return value;
  }
  return undefined;
}

/** By shape, since signals of other realms and polyfills are signals too. */
function isSignal(value: object): value is AbortSignal {
  try {
    return 'aborted' in value && 'addEventListener' in value && typeof value.addEventListener === 'function';
  } catch {
    // A hostile Proxy is no signal.
    return false;
  }
}

/** What an object says, perhaps by a getter, as signals do; undefined where asking throws. */
function told(holder: object, key: string): unknown {
  try {
    return (holder as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
