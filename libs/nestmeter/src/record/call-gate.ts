import type { LLMCallStart } from './llm-call.js';

/** What a gate keeps for a call until it is over, such as money that is reserved; its own affair. */
export type CallHold = object;

/** A call that is about to be made. */
export interface GatedCall extends Pick<LLMCallStart, 'provider' | 'model' | 'operation'> {
  /** Declared tags, those of the scopes around included. */
  readonly tags: Readonly<Record<string, string>> | null;
  /** Arguments of the method that makes the call. */
  readonly args: readonly unknown[];
  /** Whether the caller gets a promise in any case, so that the call may wait for the answer. */
  readonly mayWait: boolean;
  /** What is kept for the tracked LLM call around this one, which counts nothing itself. */
  readonly around: CallHold | null;
}

/** A call that is over. */
export interface EndedGatedCall extends Pick<LLMCallStart, 'provider' | 'operation'> {
  /** The model that was asked for, and the one that answered. */
  readonly askedModel: string;
  readonly model: string;
  readonly tags: Readonly<Record<string, string>> | null;
  /** Undefined when nobody knows it. */
  readonly costNanoUsd: number | undefined;
  /** Input and output; undefined when they were not told. */
  readonly tokens: number | undefined;
  /** Whether the provider may have done, and billed, work of which it did not tell. */
  readonly mayHaveSpent: boolean;
}

/** Decides whether LLM calls are made, and is told what they came to: hard stops of budgets. */
export interface CallGate {
  /** Whether calls are looked at before they are made; otherwise only {@link ended} is called. */
  readonly isClosing: boolean;
  /**
   * Lets a call pass, or throws what its caller gets. Does no I/O, unless it answers a promise, which it does only where
   * the call may wait.
   */
  admit(call: GatedCall): CallHold | null | Promise<CallHold | null>;
  /** A call is over whose tokens and cost nobody counted before. */
  ended(call: EndedGatedCall, hold: CallHold | null): void;
  /** A call is over that counts nothing: calls inside it did, or it was not made after all. */
  released(hold: CallHold): void;
}
