import { readHeader } from '../accumulate/encoded-state.js';
import type { AnyFamily } from '../accumulate/family.js';
import { mergeEncoded } from '../accumulate/merge-encoded.js';
import type { Pace } from '../accumulate/pace.js';
import { decodeFolded, decodeSeal, emptiedField, foldedField, sealField } from '../store/folded-state.js';
import { replicaOf, type SlotContents } from '../store/store.js';
import type { CachedSlot } from './slot-cache.js';

/**
 * Merges what replicas counted in one slot, folded or not, giving way between states. What does not decode wholly, or is
 * of another signature, does not count and makes the slot incomplete (rule 8).
 */
export async function decodeSlot(family: AnyFamily, contents: SlotContents, pace: Pace): Promise<CachedSlot> {
  const { revision, fields, alsoFolded } = contents;
  const states = new Map<string, Buffer>();
  const unfinished: number[] = [];
  let contributors = 0;
  for (const [field, value] of fields) {
    if (field === foldedField) {
      const folded = decodeFolded(value);
      contributors += folded.contributors;
      states.set(field, folded.encoded);
    } else if (field.startsWith('r:')) {
      states.set(field, value);
      const header = readHeader(value);
      if (header !== null && !header.final) unfinished.push(header.asOfMs / 1000);
    }
  }
  const { state, broken } = await mergeEncoded(family, states, pace);
  const replicas = new Set([...states.keys()].filter((field) => !broken.has(field)).map(replicaOf));
  replicas.delete(null);
  if (broken.has(foldedField)) contributors = 0;
  else for (const id of alsoFolded) replicas.delete(id);
  const seal = fields.get(sealField);
  return {
    revision,
    state,
    replicas: contributors + replicas.size,
    undecoded: broken.size > 0,
    emptied: fields.has(emptiedField),
    unfinished,
    sealedSpans: seal === undefined ? [] : decodeSeal(seal).spans,
    bytes: state.bytes + 16 * unfinished.length,
  };
}
