import { randomBytes } from 'node:crypto';
import { encodeState, readHeader } from '../accumulate/encoded-state.js';
import type { AnyFamily } from '../accumulate/family.js';
import { mergeEncoded } from '../accumulate/merge-encoded.js';
import type { Pace } from '../accumulate/pace.js';
import { decodeFolded, foldedField, nonceLength, storedVersion } from '../store/folded-state.js';
import type { Fold, ReadState, SlotParts } from '../store/upkeep.js';

/** A slot's folded states and some more, merged and ready to replace them. */
export interface MergedSlot extends Pick<Fold, 'nonce' | 'parts' | 'folded'> {
  /** States that cannot be merged: damaged, or of another schema or signature. */
  readonly beside: readonly ReadState[];
}

/**
 * Merges `*` with states of a slot (rules 8 and 9). What does not decode wholly stays beside; null when `*` itself does
 * not, for it is of another release: then this one must leave the slot alone.
 *
 * @param states by field
 */
export async function mergeSlot(
  family: AnyFamily,
  { folded }: Pick<SlotParts, 'folded'>,
  states: ReadonlyMap<string, Buffer>,
  pace: Pace,
): Promise<MergedSlot | null> {
  const known = folded === null ? null : decodeFolded(folded);
  const all = known === null ? states : new Map([[foldedField, known.encoded], ...states]);
  const { state, broken } = await mergeEncoded(family, all, pace);
  if (broken.has(foldedField)) return null;
  const read = (field: string): ReadState => ({ field, version: storedVersion(states.get(field)!) });
  const asOfMs = Math.max(0, ...[...all.values()].map((encoded) => readHeader(encoded)?.asOfMs ?? 0));
  // A slice of its own: it cannot be divided.
  await pace.giveWay();
  const encoded = encodeState(state, { version: 1, final: true, asOfMs }, { deflate: true });
  await pace.giveWay();
  return {
    nonce: known?.nonce ?? null,
    parts: [...states.keys()].filter((field) => !broken.has(field)).map(read),
    beside: [...states.keys()].filter((field) => broken.has(field)).map(read),
    folded: { nonce: randomBytes(12).toString('base64url').slice(0, nonceLength), encoded },
  };
}
