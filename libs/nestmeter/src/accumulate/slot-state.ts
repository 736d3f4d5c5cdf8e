import type { Tier } from '../time-slot.js';
import type { AnyFamily } from './family.js';
import type { FamilyState } from './family-state.js';

/** What one replica has counted for one family in one slot. */
export interface SlotState {
  readonly family: AnyFamily;
  readonly tier: Tier;
  /** Unix seconds. */
  readonly start: number;
  readonly state: FamilyState;
  /** Grows by at least 1 with each change; closing is a change. */
  readonly version: number;
  /** Whether the slot is closed for this generation: nothing will be added any more. */
  readonly final: boolean;
  /** Which life of the replica counted it; see Accumulator.renew. */
  readonly generation: number;
  /** Unix milliseconds of the store up to which it counts. */
  readonly asOfMs: number;
}
