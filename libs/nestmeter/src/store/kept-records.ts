import { z } from 'zod';
import type { KeptHead, KeptSlot } from './kept-contents.js';

/* What records of a file may look like. A file is from outside, however its checksums are. */

const name = z.string().max(10_000);
const seconds = z.number().min(0).max(1e11);

const head = z.object({
  app: name,
  savedMs: z.number().min(0).max(1e14),
  complete: z.boolean(),
  born: z.object({ id: name, since: seconds }).nullable(),
  documents: z.array(z.object({ name, version: z.int().min(0), id: name, body: z.string().max(16 << 20) })).max(1000),
});

const slot = z
  .object({
    family: name,
    slotSeconds: z.int().min(1).max(86_400),
    start: z.int().min(0).max(1e11),
    retentionSeconds: z
      .int()
      .min(1)
      .max(400 * 86_400),
    fields: z.array(z.tuple([z.string().regex(/^([rm]:[^.]{1,100}\.\d{1,15}|\*|z|e)$/), z.instanceof(Buffer)])),
  })
  .refine(({ start, slotSeconds }) => start % slotSeconds === 0);

/** Reads the head of a file but for its gaps; null for what is none. */
export function readHead(record: unknown): Omit<KeptHead, 'gaps'> | null {
  return head.safeParse(record).data ?? null;
}

/** Reads a slot; null for what is none. */
export function readSlot(record: Readonly<Record<string, unknown>>): KeptSlot | null {
  const { data } = slot.safeParse(record);
  if (data === undefined) return null;
  const { family, slotSeconds, start, retentionSeconds, fields } = data;
  return { slot: { family, start, tier: { slotSeconds, retentionSeconds } }, fields };
}
