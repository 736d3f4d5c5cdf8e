import type { AnyFamily } from '../accumulate/family.js';
import { FamilyState } from '../accumulate/family-state.js';
import type { CachedSlot, SlotCache } from './slot-cache.js';
import type { DecodedSlot } from './decode-slot.js';

/**
 * Neighbouring slots of a tier whose sum is remembered until one of them changes: a repeated read merges a twelfth, and a
 * changed slot costs twelve.
 */
export const slotsPerRun = 12;

/**
 * The sum of a run of slots, of which a read wants all or some. A slot that was just decoded is added at once and not
 * kept, so that a read never holds more than one decoded slot; those that did not change since they were cached are added
 * only when the sum is not remembered.
 */
export class SlotRun {
  #revision = '';
  #state: FamilyState | null = null;
  #unchanged: CachedSlot[] = [];

  /** @param id names the run in the cache */
  constructor(
    private readonly id: string,
    private readonly family: AnyFamily,
  ) {}

  /** Takes in a slot. @param start its start in Unix seconds */
  add(start: number, slot: DecodedSlot | CachedSlot): void {
    this.#revision += `${start}=${slot.revision} `;
    if ('state' in slot) slot.addTo(this.#added());
    else if (this.#state !== null) slot.addTo(this.#state);
    else this.#unchanged.push(slot);
  }

  /** The sum, which the caller must not change. @param cache where it is remembered; null when it is not worth it */
  sum(cache: SlotCache | null): FamilyState {
    const known = this.#state === null ? cache?.sum(this.id, this.family) : undefined;
    if (known?.revision === this.#revision) return known.state;
    const state = this.#added();
    const { signature } = this.family;
    cache?.set(this.id, { revision: this.#revision, signature, state, bytes: state.bytes });
    return state;
  }

  #added(): FamilyState {
    const state = (this.#state ??= new FamilyState(this.family));
    for (const slot of this.#unchanged) slot.addTo(state);
    this.#unchanged = [];
    return state;
  }
}
