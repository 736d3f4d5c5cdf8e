import { addGaps, type GapReason, type GapRecord } from '../store/gap.js';
import type { SlotRef } from '../store/store.js';
import type { Upkeep } from '../store/upkeep.js';

/**
 * Rule 11: losses that this replica knows of and the store does not yet. They wait here, joined and bounded, until the
 * store takes them.
 */
export class Losses {
  #gaps: readonly GapRecord[] = [];
  /** What the store was told. It may be lost with the store. */
  #told: readonly GapRecord[] = [];
  /** What the store has and nobody could send again. */
  #forgotten: readonly GapRecord[] = [];
  #since: number | null = null;

  /** A state that this replica will not send again. */
  add(slot: SlotRef, reason: GapReason): void {
    this.#gaps = addGaps(this.#gaps, [gapOf(slot, reason)]);
  }

  /** A state that the store has, and that this replica cannot send again since it had no room for it. */
  forget(slot: SlotRef): void {
    this.#forgotten = addGaps(this.#forgotten, [gapOf(slot, 'store_emptied')]);
  }

  /** The store was emptied or went back: it is told again what it was told, and that what was forgotten is lost. */
  tellAgain(): void {
    this.#gaps = addGaps(this.#gaps, [...this.#told, ...this.#forgotten]);
    this.#forgotten = [];
  }

  /** A time for which the store lacks states of all tiers. */
  addTime(gap: Omit<GapRecord, 'slotSeconds'>): void {
    if (gap.from < gap.to) this.#gaps = addGaps(this.#gaps, [{ ...gap, slotSeconds: null }]);
  }

  /** The store had contents since then, and does not know it any more. @param since Unix seconds */
  remind(since: number): void {
    this.#since = Math.min(this.#since ?? since, since);
  }

  /** Unix milliseconds from which on something is lost that the store was not told of, in slots of a length. */
  untoldSince(tierSeconds: number): number {
    const untold = this.#gaps.filter(({ slotSeconds }) => (slotSeconds ?? tierSeconds) === tierSeconds);
    return Math.min(...untold.map(({ from }) => from * 1000));
  }

  /** Tells the store; what it does not take stays for the next time. */
  async note(upkeep: Upkeep): Promise<void> {
    if (this.#gaps.length === 0 && this.#since === null) return;
    const [gaps, since] = [this.#gaps, this.#since];
    await upkeep.note({ gaps, since });
    // Others may have come meanwhile.
    this.#gaps = this.#gaps.filter((gap) => !gaps.includes(gap));
    this.#told = addGaps(this.#told, gaps);
    if (this.#since === since) this.#since = null;
  }

  /** Forgets what waits. For tests. */
  clear(): void {
    this.#gaps = [];
    this.#told = [];
    this.#forgotten = [];
    this.#since = null;
  }
}

function gapOf({ start, tier: { slotSeconds } }: SlotRef, reason: GapReason): GapRecord {
  return { from: start, to: start + slotSeconds, slotSeconds, reason };
}
