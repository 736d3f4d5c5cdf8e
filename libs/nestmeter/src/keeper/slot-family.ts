import type { AnyFamily } from '../accumulate/family.js';
import type { SlotRef } from '../store/store.js';
import type { SlotName } from '../store/upkeep.js';
import type { Tier } from '../time-slot.js';

/** A slot of which this replica knows tier and family, so that it can merge what is in it. */
export interface KnownSlot {
  readonly slot: SlotRef;
  readonly family: AnyFamily;
}

/**
 * Finds tier and family of slots. Null for a slot of another release or configuration: its states stay as they are, and
 * replicas that know it read them.
 */
export function knownSlots(
  tiers: readonly Tier[],
  families: () => readonly AnyFamily[],
): (name: SlotName) => KnownSlot | null {
  return ({ family: name, slotSeconds, start }) => {
    const tier = tiers.find((one) => one.slotSeconds === slotSeconds);
    const family = families().find((one) => one.name === name);
    return tier === undefined || family === undefined ? null : { slot: { family: name, tier, start }, family };
  };
}
