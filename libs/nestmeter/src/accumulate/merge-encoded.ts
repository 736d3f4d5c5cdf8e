import { decodeInto, readHeader } from './encoded-state.js';
import type { AnyFamily } from './family.js';
import { FamilyState } from './family-state.js';
import type { Pace } from './pace.js';

/** States of one slot added up. */
export interface MergedStates {
  readonly state: FamilyState;
  /** Fields of the states that were left out: of another schema or signature, or damaged. */
  readonly broken: ReadonlySet<string>;
}

/**
 * Adds up encoded states by field, giving way to the event loop between them. What does not decode wholly does not count
 * at all.
 */
export async function mergeEncoded(
  family: AnyFamily,
  states: ReadonlyMap<string, Buffer>,
  pace: Pace,
): Promise<MergedStates> {
  const broken = new Set<string>();
  for (;;) {
    const state = new FamilyState(family);
    const failed = await addStates(state, states, broken, pace);
    if (failed === null) return { state, broken };
    // A part of it may have been added: once more without it.
    broken.add(failed);
  }
}

/**
 * Adds states until one does not decode. Those whose header says that they cannot, as half of them in a rolling deploy,
 * are left out at once.
 *
 * @returns the field of the one that did not decode
 */
async function addStates(
  into: FamilyState,
  states: ReadonlyMap<string, Buffer>,
  broken: Set<string>,
  pace: Pace,
): Promise<string | null> {
  for (const [field, encoded] of states) {
    if (readHeader(encoded)?.signature !== into.family.signature) broken.add(field);
    if (broken.has(field)) continue;
    try {
      decodeInto(into, encoded);
    } catch {
      return field;
    }
    if (pace.isDue) await pace.giveWay();
  }
  return null;
}
