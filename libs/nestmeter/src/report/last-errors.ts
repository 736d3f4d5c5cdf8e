import { z } from 'zod';
import type { Beat, ErrorSeen } from '../store/store.js';
import { mapOf, time } from './answer-field.js';
import { answerMap } from './named-states.js';

/** Schema of {@link lastErrorsOf}. */
export const lastErrorsShape = mapOf(
  z.object({ message: z.string().describe('Scrubbed, at most 200 characters'), seen: time('When it failed') }),
  'Last error message by category; only with the option `errors.messages`',
).nullable();

/** The last error message of a provider by category, of all living replicas; null where none keeps messages. */
export function lastErrorsOf(beats: readonly Pick<Beat, 'lastErrors'>[] | null, provider: string) {
  const keepers = (beats ?? []).filter(({ lastErrors }) => lastErrors != null);
  if (keepers.length === 0) return null;
  const newest = new Map<string, ErrorSeen>();
  for (const error of keepers.flatMap(({ lastErrors }) => lastErrors!)) {
    const known = newest.get(error.category);
    if (error.provider === provider && (known === undefined || known.atMs < error.atMs))
      newest.set(error.category, error);
  }
  return answerMap([...newest].map(([category, { message, atMs }]) => [category, { message, seen: atMs / 1000 }]));
}
