import { z } from 'zod';

/** The ways in which the simulated provider goes wrong. */
export const FAULTS = ['rate_limit', 'server_error', 'overloaded', 'stream_error', 'hang'] as const;
export type Fault = (typeof FAULTS)[number];

/**
 * An answer that the message itself orders, so that a test knows every number beforehand: `[[in=120,out=30,cached=40]]`
 * anywhere in the user's message. `in` includes `cached` and `write`; `out` includes `reasoning`. There is no latency
 * but `ms`, and no fault but `fail`.
 */
export interface KnownAnswer {
  readonly in: number;
  readonly out: number;
  readonly cached: number;
  readonly write: number;
  readonly reasoning: number;
  readonly ms: number;
  readonly fail?: Fault | undefined;
}

const count = z.coerce.number<string>().pipe(z.int().min(0).max(10_000_000));

const knownAnswer = z
  .strictObject({
    in: count.default(100),
    out: count.default(20),
    cached: count.default(0),
    write: count.default(0),
    reasoning: count.default(0),
    ms: count.default(0),
    fail: z.enum(FAULTS).optional(),
  })
  .refine((answer) => answer.cached + answer.write <= answer.in, 'cached + write must be at most in')
  .refine((answer) => answer.reasoning <= answer.out, 'reasoning must be at most out');

const ORDER = /\[\[(\w+=[^,\]]*(?:,\w+=[^,\]]*)*)\]\]/;

/** The answer that the message orders, null when it orders none. Throws with what is wrong with the order. */
export function readKnownAnswer(message: string): KnownAnswer | null {
  const order = ORDER.exec(message)?.[1];
  if (order === undefined) return null;
  const parsed = knownAnswer.safeParse(Object.fromEntries(order.split(',').map((part) => part.trim().split('='))));
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(': '));
  throw new Error(`[[${order}]] is no known answer: ${issues.join('; ')}`);
}
