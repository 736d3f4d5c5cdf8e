import type { AnyFamily } from '../accumulate/family.js';
import type { FamilyState } from '../accumulate/family-state.js';
import type { Span } from '../store/gap.js';

/** One slot of one family, merged over replicas, or the sum of a run of slots; see window-sum.ts. */
export interface CachedSlot {
  /** What the store called its contents; another one means that they changed. */
  readonly revision: string;
  /** Never changed by readers. */
  readonly state: FamilyState;
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
  readonly bytes: number;
}

/** Decoded slots, bounded in bytes; those not read for the longest time go first. */
export class SlotCache {
  readonly #slots = new Map<string, CachedSlot>();
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** What is held of a slot, unless it was read as another family of the same name. */
  get(id: string, { signature }: Pick<AnyFamily, 'signature'>): CachedSlot | undefined {
    const slot = this.#slots.get(id);
    if (slot?.state.family.signature !== signature) return undefined;
    this.#slots.delete(id);
    this.#slots.set(id, slot);
    return slot;
  }

  set(id: string, slot: CachedSlot): void {
    this.delete(id);
    this.#slots.set(id, slot);
    this.#bytes += slot.bytes;
    for (const oldest of this.#slots.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#bytes -= slot.bytes;
    this.#slots.delete(id);
  }
}
