import { z } from 'zod';

/*
 * The kinds of fields that answers are made of. All but counts and times may be null, which means unknown. A text says
 * what the field is, without its unit.
 */

/** How often something happened. */
export const count = (text: string) => z.int().min(0).describe(text);

/** A share. */
export const percent = (text: string) => z.number().nullable().describe(`${text}, in percent (0–100)`);

/** A length of time. */
export const durationMs = (text: string) => z.number().nullable().describe(`${text}, in milliseconds`);

/** A number of tokens. */
export const tokens = (text: string) => z.number().nullable().describe(`${text}, in tokens`);

/** A size. */
export const bytes = (text: string) => z.number().nullable().describe(`${text}, in bytes`);

/** A size of memory. */
export const mebibytes = (text: string) => z.number().nullable().describe(`${text}, in MiB`);

/** A plain number that may be unknown. */
export const value = (text: string) => z.number().nullable().describe(text);

/** An exact amount of money. */
export const costUsd = (text: string) =>
  z
    .string()
    .regex(/^\d+\.\d{9}$/)
    .nullable()
    .describe(`${text}, in USD as a decimal with nine digits`);

/** A point in time. */
export const time = (text: string) => z.number().describe(`${text}, in Unix seconds`);

/** Entries by name; names come from outside. */
export const mapOf = <Entry extends z.ZodType>(entry: Entry, text: string) =>
  z.record(z.string(), entry).describe(text);

/** `part` of `whole` in percent; null when there is no whole. */
export function percentOf(part: number, whole: number): number | null {
  return whole === 0 ? null : (part / whole) * 100;
}

/** `sum` per `many`; null when there is nothing to divide by. */
export function perOne(sum: number | null, many: number): number | null {
  return sum === null || many === 0 ? null : sum / many;
}

/** Bytes as MiB; unknown stays unknown. */
export function inMebibytes(size: number | null): number | null {
  return size === null ? null : size / 2 ** 20;
}
