import type { Fault } from './known-answer.js';
import type { PlannedAnswer } from './planned-answer.js';

/** What is left of a simulated rate limit. */
export interface RateLimit {
  readonly requestLimit: number;
  readonly requestsLeft: number;
  readonly tokenLimit: number;
  readonly tokensLeft: number;
  readonly resetSeconds: number;
}

/** The faults that replace the whole answer by an error status. */
export type FailedStatus = Exclude<Fault, 'hang' | 'stream_error'> | 'invalid_request';

/** A streamed answer as server-sent events: what precedes the text, one for each chunk of it, what follows. */
export interface StreamedAnswer {
  readonly opening: readonly string[];
  readonly chunks: readonly string[];
  readonly closing: readonly string[];
}

/** How one provider spells its answers, errors and headers. */
export interface WireFormat {
  /** Path of the one route, POST only. */
  readonly path: string;
  readonly requestIdHeader: string;
  /** A complete answer as a JSON body. */
  answer(id: string, plan: PlannedAnswer): object;
  stream(id: string, plan: PlannedAnswer): StreamedAnswer;
  /** The event that ends a stream which fails after it began. */
  streamError(): string;
  error(kind: FailedStatus, message: string): { readonly status: number; readonly body: object };
  rateLimitHeaders(limit: RateLimit): Record<string, string>;
}
