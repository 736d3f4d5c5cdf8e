import { type ErrorCode, NestmeterError } from '../../errors.js';

/** What a {@link DeliveryError} is made of. */
export interface DeliveryProblem {
  readonly code?: Extract<ErrorCode, `NM_CHANNEL_${string}`>;
  /** In a few words, without anything of the target but its status or the code of a system error: it is stored and shown. */
  readonly reason: string;
  /** Whether trying again cannot help. */
  readonly isFinal?: boolean;
  /** Milliseconds for which the receiver asks to be left alone. */
  readonly askedMs?: number | null;
}

/** A message did not arrive, or nobody knows whether it did. */
export class DeliveryError extends NestmeterError {
  readonly reason: string;
  readonly isFinal: boolean;
  readonly askedMs: number | null;

  constructor({ code = 'NM_CHANNEL_FAILED', reason, isFinal = false, askedMs = null }: DeliveryProblem) {
    super({ code, message: `The channel must take the message, got: ${reason}. Look at its target and options.` });
    this.reason = reason;
    this.isFinal = isFinal;
    this.askedMs = askedMs;
  }
}
