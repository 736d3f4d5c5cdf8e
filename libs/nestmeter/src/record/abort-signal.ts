import { isObject, ownValue } from './answer/own-value.js';

/** Where SDKs take an abort signal: in their options, and Google's in `config` of the request. */
const keys = ['signal', 'abortSignal'] as const;
const holders = ['config', 'options'] as const;

/**
 * The abort signal among the arguments of a tracked method, where SDKs take it; undefined when there is none. Some SDKs
 * end an aborted stream as if it were over: then only the signal tells.
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

/**
 * How a call ended that its SDK calls aborted: a signal that ran out of time makes a timeout, any other the caller's own
 * wish. Where the call threw although the caller's signal is not aborted, it was a time limit of the SDK.
 */
export function abortedAs(signal: AbortSignal | undefined, how: 'thrown' | 'ended'): 'cancelled' | 'timeout' {
  if (signal?.aborted !== true) return signal !== undefined && how === 'thrown' ? 'timeout' : 'cancelled';
  const { reason } = signal as { reason?: unknown };
  return isObject(reason) && 'name' in reason && reason.name === 'TimeoutError' ? 'timeout' : 'cancelled';
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
  return 'aborted' in value && 'addEventListener' in value && typeof value.addEventListener === 'function';
}
