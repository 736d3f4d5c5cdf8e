import { addGaps, type GapReason, type GapRecord } from '../store/gap.js';
import type { SlotRef } from '../store/store.js';
import type { Upkeep } from '../store/upkeep.js';

/**
 * Rule 11: losses that this replica knows of and the store does not yet. They wait here, joined and bounded, until the
 * store takes them.
 */
export class Losses {
  #gaps: readonly GapRecord[] = [];
  #since: number | null = null;

  /** A state that this replica will not send again. */
  add({ start, tier }: SlotRef, reason: GapReason): void {
    const { slotSeconds } = tier;
    this.#gaps = addGaps(this.#gaps, [{ from: start, to: start + slotSeconds, slotSeconds, reason }]);
  }

  /** A time for which the store lacks states of all tiers. */
  addTime(gap: Omit<GapRecord, 'slotSeconds'>): void {
    if (gap.from < gap.to) this.#gaps = addGaps(this.#gaps, [{ ...gap, slotSeconds: null }]);
  }

  /** The store had contents since then, and does not know it any more. @param since Unix seconds */
  remind(since: number): void {
    this.#since = Math.min(this.#since ?? since, since);
  }

  /** Tells the store; what it does not take stays for the next time. */
  async note(upkeep: Upkeep): Promise<void> {
    if (this.#gaps.length === 0 && this.#since === null) return;
    const [gaps, since] = [this.#gaps, this.#since];
    await upkeep.note({ gaps, since });
    // Others may have come meanwhile.
    this.#gaps = this.#gaps.filter((gap) => !gaps.includes(gap));
    if (this.#since === since) this.#since = null;
  }

  /** Forgets what waits. For tests. */
  clear(): void {
    this.#gaps = [];
    this.#since = null;
  }
}
