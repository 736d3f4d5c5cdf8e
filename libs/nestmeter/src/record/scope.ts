import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallAttempts } from './attempt/call-attempts.js';
import type { Recorder } from './recorder.js';

/** What an LLM call came to, for the operations and the request around it. */
export interface LLMShare {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly costNanoUsd: number | undefined;
  /** Whether tokens are known but no price is. */
  readonly unpriced: boolean;
  /** Whether the call completed without telling its tokens. */
  readonly withoutUsage: boolean;
  /** Error category if the call failed. */
  readonly failure: string | null;
}

/** Something under way: a request or a tracked call. What happens inside it finds it through the async context. */
export interface Scope {
  readonly recorder: Recorder;
  /** What it is inside of. */
  readonly parent: Scope | null;
  /** Declared tags with their values, those of scopes around included. */
  readonly tags: Readonly<Record<string, string>> | null;
  /** Adds tags to the LLM calls inside that end from now on. */
  tag(tags: Readonly<Record<string, string>>): void;
  /** The provider whose call inside failed last, until another one takes over or a call succeeds; see failover.ts. */
  failedProvider: string | null;
  /** Name under which it is an operation that others are components of; null for a request. */
  readonly operation: string | null;
  /** Whether it is an LLM call: its time covers that of LLM calls inside, which are no components of their own. */
  readonly isLLMCall: boolean;
  /** Of an LLM call that is not over: what is seen of the requests that it makes. */
  readonly attempts?: CallAttempts | undefined;
  /** A call directly inside begins: from now on its component covers time of this one. */
  childBegan(component: string, nowMs: number): void;
  /** That call ended. */
  childEnded(component: string, nowMs: number): void;
  /** An LLM call directly inside was timed elsewhere and ended just now; it is taken not to overlap with others. */
  childTimed(component: string, ms: number): void;
  /** Somewhere inside an LLM provider is waited for. */
  waitBegan(nowMs: number): void;
  /** It answered. */
  waitEnded(nowMs: number): void;
  /** Somewhere inside an LLM provider was waited for, measured elsewhere. */
  waitTimed(ms: number): void;
  /** An LLM call somewhere inside ended. */
  addLLMCall(share: LLMShare, nowMs: number): void;
}

const storage = new AsyncLocalStorage<Scope>();

/** The innermost scope of the current async context; null outside of any. */
export function currentScope(): Scope | null {
  return storage.getStore() ?? null;
}

/** Runs code inside a scope. */
export function runInScope<R>(scope: Scope, code: () => R): R {
  return storage.run(scope, code);
}

const recorders = new Set<Recorder>();
const owners = new WeakMap<object, Recorder>();
/** The only recorder, while there is exactly one. */
let only: Recorder | null = null;
let unresolved = 0;

/** Makes a recorder known to decorators; it stays until {@link forgetRecorder}. */
export function addRecorder(recorder: Recorder): void {
  recorders.add(recorder);
  only = recorders.size === 1 ? recorder : null;
}

/** Takes a recorder away; instances that it owned are free again. */
export function forgetRecorder(recorder: Recorder): void {
  recorders.delete(recorder);
  const [first = null] = recorders;
  only = recorders.size === 1 ? first : null;
}

/** Notes that an instance belongs to the application that a recorder measures. */
export function ownInstance(recorder: Recorder, instance: object): void {
  owners.set(instance, recorder);
}

/**
 * The recorder for a call on `instance`: that of the current async context, else the one whose application owns the
 * instance, else the only one in the process; null with several and no hint.
 */
export function findRecorder(instance?: unknown): Recorder | null {
  if (only !== null) return only;
  if (recorders.size === 0) return null;
  const scope = storage.getStore();
  if (scope !== undefined && recorders.has(scope.recorder)) return scope.recorder;
  const owner = typeof instance === 'object' && instance !== null ? owners.get(instance) : undefined;
  return owner !== undefined && recorders.has(owner) ? owner : null;
}

/** As {@link findRecorder}; calls that several monitors leave without one are counted, and warned about once. */
export function resolveRecorder(instance?: unknown): Recorder | null {
  const recorder = findRecorder(instance);
  if (recorder !== null || recorders.size === 0) return recorder;
  const [first] = recorders;
  if (unresolved++ === 0)
    first!.warn(
      'A tracked call was not recorded: several monitors are running and nothing says which one it belongs to. ' +
        'Call it inside a request or job of one application, or on an instance that Nest made.',
    );
  return null;
}

/** Tracked calls that no monitor could be found for although several are running. */
export function unresolvedCalls(): number {
  return unresolved;
}
