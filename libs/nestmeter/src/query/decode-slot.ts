import { encodeState, readHeader } from '../accumulate/encoded-state.js';
import type { AnyFamily } from '../accumulate/family.js';
import type { FamilyState } from '../accumulate/family-state.js';
import { mergeEncoded } from '../accumulate/merge-encoded.js';
import type { Pace } from '../accumulate/pace.js';
import { decodeFolded, decodeSeal, emptiedField, foldedField, sealField } from '../store/folded-state.js';
import type { Span } from '../store/gap.js';
import { replicaOf, type SlotContents } from '../store/store.js';

/** What was counted in one slot of one family, and what is known to be missing. */
export interface CountedSlot {
  /** What the store called its contents; another one means that they changed. */
  readonly revision: string;
  /** Replicas that contributed. */
  readonly replicas: number;
  /** Whether some of its contents could not be decoded. */
  readonly undecoded: boolean;
  /** Whether the store lost it once, so that only what replicas still had is in it. */
  readonly emptied: boolean;
  /** Unix seconds up to which each state counts that is not final. */
  readonly unfinished: readonly number[];
  /** Times for which counts were missing when the slot was sealed. */
  readonly sealedSpans: readonly Span[];
  /** Adds what was counted to a state of its family. */
  addTo(target: FamilyState): void;
}

/** A slot as it was just decoded. */
export interface DecodedSlot extends CountedSlot {
  /** What was counted, merged over replicas. */
  readonly state: FamilyState;
  /** The same as one state; perhaps a part of a larger buffer. */
  encode(): Buffer;
}

/**
 * Merges what replicas counted in one slot, folded or not, giving way between states. What does not decode wholly, or is
 * of another signature, does not count and makes the slot incomplete (rule 8).
 */
export async function decodeSlot(family: AnyFamily, contents: SlotContents, pace: Pace): Promise<DecodedSlot> {
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
  const counted = [...states.keys()].filter((field) => !broken.has(field));
  const replicas = new Set(counted.map(replicaOf));
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
    addTo: (target) => target.merge(state),
    encode: () => (counted.length === 1 ? states.get(counted[0]!)! : encodeSum(state)),
  };
}

/** Not deflated, since that takes longer than all of the rest. */
function encodeSum(state: FamilyState): Buffer {
  return encodeState(state, { version: 0, final: true, asOfMs: 0 }, { deflate: false });
}
