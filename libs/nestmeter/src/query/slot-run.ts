import type { AnyFamily } from '../accumulate/family.js';
import { FamilyState } from '../accumulate/family-state.js';
import type { Pace } from '../accumulate/pace.js';
import type { DecodedSlot } from './decode-slot.js';
import { CachedSlot, type SlotCache } from './slot-cache.js';

/**
 * Neighbouring slots of a tier whose sum is remembered until one of them changes: a repeated read merges a twelfth, and a
 * changed slot costs twelve.
 */
export const slotsPerRun = 12;

/**
 * The sum of a run of slots, of which a read wants all or some. A slot that was just decoded is added at once and not
 * kept, so that a read never holds more than one decoded slot; those that did not change since they were cached are added
 * at last, and only when the sum is not remembered.
 */
export class SlotRun {
  #revision = '';
  #slots = 0;
  #decoded: FamilyState | null = null;
  readonly #cached: CachedSlot[] = [];

  /** @param id names the run in the cache */
  constructor(
    private readonly id: string,
    readonly family: AnyFamily,
  ) {}

  /** Takes in a slot. @param start its start in Unix seconds */
  add(start: number, slot: DecodedSlot | CachedSlot): void {
    this.#revision += `${start}=${slot.revision} `;
    this.#slots++;
    if (slot instanceof CachedSlot) this.#cached.push(slot);
    else slot.addTo((this.#decoded ??= new FamilyState(this.family)));
  }

  /** The sum, which the caller must not change. @param cache where it is remembered; null when it is not worth it */
  async sum(cache: SlotCache | null, pace: Pace): Promise<FamilyState> {
    const known = this.#decoded === null ? cache?.sum(this.id, this.family) : undefined;
    if (known?.revision === this.#revision) return known.state;
    const state = this.#decoded ?? new FamilyState(this.family);
    for (const slot of this.#cached) {
      slot.addTo(state);
      if (pace.isDue) await pace.giveWay();
    }
    // A single slot is remembered by itself.
    if (this.#slots > 1) cache?.set(this.id, sumOf(this.#revision, state));
    return state;
  }
}

function sumOf(revision: string, state: FamilyState) {
  return { revision, signature: state.family.signature, state, bytes: state.bytes + revision.length };
}
