import { addCounts } from './counter.js';
import { cleanLabel, hashText, other } from './labels.js';

/** Counts by a small set of keys, such as status codes or error categories. Keys are plain data, never property names. */
export type Tally = Map<string, number>;

/** Keys that one replica admits into a tally; the rest is counted as `__other__`. */
export const tallyCap = 64;

/** Keys that a merge keeps: those with the smallest hashes, which is the one bound that is associative. */
export const mergedTallyCap = 4 * tallyCap;

/** The zero of merging. */
export function createTally(): Tally {
  return new Map();
}

/**
 * Adds `by` to a key, or to `__other__` once the tally is full. Keys may be hostile, such as the finish reason that a
 * provider sends: they become what {@link cleanLabel} makes of them.
 */
export function recordTally(tally: Tally, key: string, by = 1): void {
  const known = tally.get(key);
  if (known !== undefined) return void tally.set(key, addCounts(known, by));
  const cleaned = cleanLabel(key) ?? other;
  const admitted = tally.has(cleaned) || tally.size < tallyCap ? cleaned : other;
  tally.set(admitted, addCounts(tally.get(admitted) ?? 0, by));
}

/** Adds `source` to `target`; `source` stays as it is. Loses no key up to {@link mergedTallyCap}, and no count ever. */
export function mergeTally(target: Tally, source: Iterable<readonly [string, number]>): void {
  for (const [key, count] of source) target.set(key, addCounts(target.get(key) ?? 0, count));
  if (target.size > mergedTallyCap) boundTally(target);
}

function boundTally(tally: Tally): void {
  const named = [...tally.keys()].filter((key) => key !== other);
  const excess = named.length - mergedTallyCap;
  if (excess <= 0) return;
  const largestFirst = named.sort((a, b) => hashText(b) - hashText(a) || (a < b ? 1 : -1));
  for (const key of largestFirst.slice(0, excess)) {
    tally.set(other, addCounts(tally.get(other) ?? 0, tally.get(key)!));
    tally.delete(key);
  }
}
