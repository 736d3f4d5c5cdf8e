import { expiresAt } from '../time-slot.js';
import { decodeFolded, foldedField, isFinal, markOf, sealField, storedVersion } from './folded-state.js';
import { addGaps, type GapRecord } from './gap.js';
import type { MemoryContents, StoredSlot } from './memory-contents.js';
import { type Born, slotId, type SlotRef } from './store.js';
import { type ControlDocument, isHigher } from './upkeep.js';

/*
 * What a memory store keeps over restarts. States of processes that are gone stay under their own fields, so that what
 * is loaded merges with what is counted meanwhile like the states of replicas do. Beats and the lease are not kept: they
 * tell who lives.
 */

/** What is kept beside slots. */
export interface KeptHead {
  readonly app: string;
  /** Unix milliseconds: what was counted later is not in it. */
  readonly savedMs: number;
  /** Whether nothing was counted later: the process ended as it should. */
  readonly complete: boolean;
  readonly born: Born | null;
  readonly gaps: readonly GapRecord[];
  readonly documents: readonly ControlDocument[];
}

/** A slot with all its fields. */
export interface KeptSlot {
  readonly slot: SlotRef;
  readonly fields: readonly (readonly [string, Buffer])[];
}

/** The head of what a store has now. */
export function headOf(contents: MemoryContents, about: Pick<KeptHead, 'app' | 'savedMs' | 'complete'>): KeptHead {
  const { born, gaps, documents } = contents;
  return { ...about, born, gaps, documents: [...documents.values()] };
}

/**
 * The slots of a store, each as it is when it is asked for: states replace each other, so slots of different moments go
 * together. Slots that go meanwhile are left out.
 */
export function* slotsOf(contents: MemoryContents): Generator<KeptSlot> {
  for (const { slot, fields } of contents.slots.values()) yield { slot, fields: [...fields] };
}

/** Takes in a head. Unless this store goes on from it, what was counted after it was saved may be missing. */
export function takeHead(contents: MemoryContents, head: KeptHead, nowMs: number): void {
  const { born } = contents;
  const goesOn = born !== null && born.id === head.born?.id;
  const [from, to] = [head.savedMs / 1000, nowMs / 1000];
  const lost: GapRecord[] = [{ from, to, slotSeconds: null, reason: 'store_went_back' }];
  contents.gaps = addGaps(contents.gaps, [...head.gaps, ...(goesOn || head.complete || from >= to ? [] : lost)]);
  if (head.born !== null)
    contents.born = { id: born?.id ?? head.born.id, since: Math.min(born?.since ?? Infinity, head.born.since) };
  for (const document of head.documents) {
    const held = contents.documents.get(document.name);
    if (held === undefined || isHigher(document, held)) contents.documents.set(document.name, document);
  }
}

/**
 * Takes in a slot: of each field the newer state. Safe to repeat. An expired one is left out.
 *
 * @returns false when both have sums that are not the same: they cannot be told apart into states, so that the one that
 *   is here stays
 */
export function takeSlot(contents: MemoryContents, { slot, fields }: KeptSlot, nowMs: number): boolean {
  if (nowMs >= expiresAt(slot.start, slot.tier) * 1000) return true;
  const known = contents.slots.get(slotId(slot));
  const kept = new Map(fields);
  if (known !== undefined && isSummed(known.fields) && sumOf(known.fields) !== sumOf(kept)) return !isSummed(kept);
  if (known?.fields.has(sealField)) return true;
  const stored = known ?? contents.at(slot);
  for (const [field, value] of fields) if (!isOlder(stored, field, value)) contents.set(stored, field, value);
  for (const [field, value] of stored.fields) settle(contents, stored, field, value, nowMs);
  contents.touch(stored);
  return true;
}

/** A state that is folded goes, one that waits to be folded is listed. */
function settle(contents: MemoryContents, stored: StoredSlot, field: string, value: Buffer, nowMs: number): void {
  if (!field.startsWith('r:')) return;
  if (stored.fields.has(markOf(field))) {
    contents.set(stored, field, null);
    stored.waiting.delete(field);
  } else if (isFinal(value) && !stored.fields.has(sealField) && !stored.waiting.has(field))
    stored.waiting.set(field, nowMs);
}

function isOlder({ fields }: StoredSlot, field: string, value: Buffer): boolean {
  const held = fields.get(field);
  if (held === undefined) return false;
  return !field.startsWith('r:') || storedVersion(held) >= storedVersion(value);
}

function isSummed(fields: ReadonlyMap<string, Buffer>): boolean {
  return fields.has(foldedField) || fields.has(sealField);
}

/** What tells sums apart. */
function sumOf(fields: ReadonlyMap<string, Buffer>): string {
  const folded = fields.get(foldedField);
  return `${folded === undefined ? '' : decodeFolded(folded).nonce} ${fields.has(sealField)}`;
}
