import type { AnyFamily } from '../accumulate/family.js';
import type { SlotRef } from '../store/store.js';
import type { SlotName } from '../store/upkeep.js';
import type { Tier } from '../time-slot.js';
import type { KnownFamilies } from './known-families.js';

/** A slot of which this replica knows tier and family, so that it can merge what is in it. */
export interface KnownSlot {
  readonly slot: SlotRef;
  /** One for each signature, at least one. */
  readonly families: readonly AnyFamily[];
}

/**
 * Finds tier and family of slots. Null for a slot of another configuration, or of a family that nobody has defined: its
 * states stay as they are, and replicas that know it read them.
 */
export function knownSlots(tiers: readonly Tier[], known: KnownFamilies): (name: SlotName) => KnownSlot | null {
  return ({ family: name, slotSeconds, start }) => {
    const tier = tiers.find((one) => one.slotSeconds === slotSeconds);
    const families = known.named(name);
    return tier === undefined || families.length === 0 ? null : { slot: { family: name, tier, start }, families };
  };
}
