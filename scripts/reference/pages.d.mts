import type { z } from 'zod';

/** See pages.mjs. */
export function referencePages(code: {
  readonly errorCodes: Readonly<Record<string, { readonly meaning: string; readonly whatToDo: string }>>;
  readonly families: readonly unknown[];
  readonly exposed: readonly unknown[];
  readonly optionsSchema: z.ZodObject;
  readonly routes: readonly unknown[];
}): Readonly<Record<string, string>>;
