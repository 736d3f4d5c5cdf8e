import { z } from 'zod';

/** What GET /config answers: the options as they are in force, in snake_case, with secrets hidden. */
export const configAnswer = z.object({
  /** Rises with each change that is posted; 0 before the first. */
  version: z.number().int().nonnegative(),
  effective: z.record(z.string(), z.unknown()),
  /** Where each option comes from, by its name at the top level. */
  sources: z.record(z.string(), z.enum(['default', 'code', 'environment', 'posted'])),
});

/** See {@link configAnswer}. */
export type ConfigAnswer = z.infer<typeof configAnswer>;
