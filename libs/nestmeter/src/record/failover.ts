import { recordEvent } from './by-hand.js';
import type { LLMOutcome } from './llm-facts.js';
import { componentOf } from './llm-settle.js';
import type { Recorder } from './recorder.js';
import type { Scope } from './scope.js';

/*
 * Fail-over: inside one operation the call of a provider failed, and the next call goes to another provider. Each failure
 * is taken over once; a call that completes, or a further one to the provider that failed, takes nothing over.
 */

/** Notes how a call ended, for those that follow in the same operation. */
export function noteOutcome(parent: Scope | null, provider: string, outcome: LLMOutcome): void {
  const failed = outcome === 'failed' || outcome === 'incomplete';
  if (!failed && outcome !== 'completed') return;
  for (let scope = parent; scope !== null; scope = around(scope)) scope.failedProvider = failed ? provider : null;
}

/**
 * Whether a call that begins takes over from another provider that failed. If it does, that is an event of type
 * `failover_initiated`, of the provider that failed.
 */
export function takeOver(recorder: Recorder, parent: Scope | null, provider: string): boolean {
  let failed: string | null = null;
  for (let scope = parent; scope !== null && failed === null; scope = around(scope)) failed = scope.failedProvider;
  if (failed === null || failed === provider) return false;
  for (let scope = parent; scope !== null; scope = around(scope)) scope.failedProvider = null;
  const operation = parent?.operation ?? 'unknown';
  const event = { type: 'failover_initiated', component: componentOf(failed), operation };
  recorder.guard('failover', () => recordEvent(recorder, event));
  return true;
}

/** What a scope is inside of in the same operation: all tracked calls, and the request only when no operation stands between. */
function around({ parent, operation }: Scope): Scope | null {
  if (parent === null) return null;
  return operation === null || parent.operation !== null || parent.isLLMCall ? parent : null;
}
