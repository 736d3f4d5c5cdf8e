import { settleSeconds } from '../time-slot.js';

/** A stretch of time. */
export interface Span {
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
}

/** Why numbers are missing; answers say it in words. */
export const gapReasons = {
  dropped: 'states that the store did not get in time',
  late: 'states that came after their slot was closed to writes',
  evicted: 'the memory store was full',
  given_up: 'states that the store lost again and again',
  store_went_back: 'the store went back to an older state of itself',
  store_emptied: 'the store lost what it had',
  fell_silent: 'a replica fell silent',
  same_id: 'two processes published under one id',
} as const;

/** See {@link gapReasons}. */
export type GapReason = keyof typeof gapReasons;

/** A reason that only a later release knows. */
export type LaterReason = string & { readonly later: true };

/** What answers say of a reason. */
export function wordsOf(reason: GapReason | LaterReason): string {
  return Object.hasOwn(gapReasons, reason) ? gapReasons[reason as GapReason] : 'a loss that another release noted';
}

/** A loss that somebody knows of, kept in the store for all readers (rule 11). */
export interface GapRecord extends Span {
  /** Length of the slots that lack something; null when slots of all tiers do. */
  readonly slotSeconds: number | null;
  readonly reason: GapReason | LaterReason;
}

/** Most gap records that a store keeps; past it those nearest to each other are joined. */
export const mostGapRecords = 100;

/** For how long a replica that fell silent may have counted what nobody got. */
export const unpublishedSeconds = 5 * 60;

/** The time in which counts may be missing after something was published up to `asOf`. @param end when it ends at most */
export function unpublishedSpan(asOf: number, end: number): Span {
  return { from: asOf, to: Math.max(asOf, Math.min(end, asOf + unpublishedSeconds)) };
}

/** Up to when all that a replica counted is in the store, in Unix milliseconds, by slot length in seconds. */
export type StoredUpTo = ReadonlyMap<number, number>;

/**
 * Rule 11. Tiers of which a live replica should have stored more by now: the finest goes with every publish, coarser ones
 * are read only once they are settled.
 *
 * @param liveMs three intervals
 */
export function behindTiers(storedUpTo: StoredUpTo, nowMs: number, liveMs: number): Map<number, number> {
  const finest = Math.min(...storedUpTo.keys());
  const mayLagMs = (slotSeconds: number): number => (slotSeconds === finest ? liveMs : settleSeconds * 1000);
  return new Map([...storedUpTo].filter(([slotSeconds, ms]) => ms < nowMs - mayLagMs(slotSeconds)));
}

/**
 * Rule 11. What may be missing of a replica that fell silent, by tier: coarser ones are published more rarely, and one
 * that had just come back may have had much to send.
 *
 * @param atMs its last beat; nothing counts as stored that was counted later, whatever its own clock said
 * @param storedUpTo empty where it is not known: then everything was stored with the last beat
 */
export function silentGaps(atMs: number, storedUpTo: StoredUpTo): GapRecord[] {
  const to = atMs / 1000 + unpublishedSeconds;
  const gap = { from: atMs / 1000, to, slotSeconds: null, reason: 'fell_silent' } as const;
  if (storedUpTo.size === 0) return [gap];
  return [...storedUpTo].map(([slotSeconds, ms]) => ({ ...gap, slotSeconds, from: Math.min(ms, atMs) / 1000 }));
}

/**
 * Joins spans that overlap or touch and are alike, then those with the smallest holes between them until at most `most`
 * are left: what is covered stays covered.
 *
 * @param likeness spans of another likeness are never joined; there must be fewer of them than `most`
 */
export function joinSpans<S extends Span>(spans: readonly S[], most: number, likeness: (span: S) => string): S[] {
  const joined: S[] = [];
  const holes: { readonly index: number; readonly size: number }[] = [];
  const sorted = spans.map((span) => ({ span, kind: likeness(span) }));
  sorted.sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.span.from - b.span.from));
  let before: string | null = null;
  for (const { span, kind } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && before === kind) {
      if (span.from <= last.to) {
        joined[joined.length - 1] = { ...last, to: Math.max(last.to, span.to) };
        continue;
      }
      holes.push({ index: joined.length, size: span.from - last.to });
    }
    before = kind;
    joined.push(span);
  }
  const excess = Math.max(0, joined.length - most);
  const closed = new Set(
    holes
      .sort((a, b) => a.size - b.size)
      .slice(0, excess)
      .map(({ index }) => index),
  );
  const bounded: S[] = [];
  joined.forEach((span, index) => {
    if (closed.has(index)) bounded[bounded.length - 1] = { ...bounded.at(-1)!, to: span.to };
    else bounded.push(span);
  });
  return bounded.sort((a, b) => a.from - b.from);
}

/** Adds gap records to those that are known. @param before Unix seconds; what ended earlier is left out */
export function addGaps(known: readonly GapRecord[], more: readonly GapRecord[], before = 0): GapRecord[] {
  const kept = [...known, ...more].filter(({ to }) => to > before);
  return joinSpans(kept, mostGapRecords, ({ slotSeconds, reason }) => `${slotSeconds} ${reason}`);
}

/** Gap records as text, for stores. */
export function encodeGaps(gaps: readonly GapRecord[]): string {
  return JSON.stringify(gaps.map(({ from, to, slotSeconds, reason }) => [from, to, slotSeconds, reason]));
}

/**
 * Reads what {@link encodeGaps} wrote, whatever the reason: what is read is written back, and a loss that a later release
 * noted must not go with that. What does not read so is left out.
 */
export function decodeGaps(text: string): GapRecord[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text === '' ? '[]' : text);
  } catch {
    return [];
  }
  if (!Array.isArray(rows)) return [];
  return (rows as unknown[]).flatMap((row): GapRecord[] => {
    if (!Array.isArray(row)) return [];
    const [from, to, slotSeconds, reason] = row as unknown[];
    const isTier = slotSeconds === null || Number.isInteger(slotSeconds);
    const isReason = typeof reason === 'string' && /^[a-z_]{1,40}$/.test(reason);
    if (!Number.isFinite(from) || !Number.isFinite(to) || !isTier || !isReason) return [];
    return [{ from, to, slotSeconds, reason } as GapRecord];
  });
}
