import type { AnyFamily } from '../accumulate/family.js';
import { FamilyState } from '../accumulate/family-state.js';
import type { Pace } from '../accumulate/pace.js';
import { slotId, type SlotRef } from '../store/store.js';
import type { DecodedSlot } from './decode-slot.js';
import type { Stretch } from './plan.js';
import type { CachedSlot, SlotCache } from './slot-cache.js';
import { SlotRun, slotsPerRun } from './slot-run.js';

/** Merged states by family. */
export interface Merged {
  of(family: AnyFamily): FamilyState;
}

/** What was counted in a stretch of a window. */
export interface SummedStretch extends Stretch, Merged {
  /** Seconds in whose slots anybody published, over the families that were read. */
  readonly publishedSeconds: number;
}

/** The sums of a read: of each stretch, and of the whole. */
export class WindowSum {
  /** Most replicas that contributed to any one slot. */
  replicas = 0;
  readonly #published = new Map<number, number>();
  readonly #runs = new Map<string, SlotRun>();
  readonly #whole: ReadonlyMap<string, FamilyState>;
  readonly #stretches: readonly (Stretch & { states: ReadonlyMap<string, FamilyState> })[];

  constructor(
    private readonly families: readonly AnyFamily[],
    stretches: readonly Stretch[],
  ) {
    const zero = () => new Map(families.map((family) => [family.name, new FamilyState(family)]));
    this.#whole = zero();
    this.#stretches = stretches.map((stretch) => ({ ...stretch, states: zero() }));
  }

  /** Takes in a slot; slots of a family come in order of time. Does not keep a slot that was just decoded. */
  add(ref: SlotRef, slot: DecodedSlot | CachedSlot): void {
    this.#runOf(ref).add(ref.start, slot);
    const stretch = this.#stretches.findLast(({ from }) => ref.start >= from);
    if (stretch) slot.addTo(stretch.states.get(ref.family)!);
    this.replicas = Math.max(this.replicas, slot.replicas);
    this.#published.set(ref.start, ref.tier.slotSeconds);
  }

  /** Merges the whole. @param cache where sums of runs are remembered; null when nothing of this read is worth it */
  async finish(cache: SlotCache | null, pace: Pace): Promise<void> {
    for (const run of this.#runs.values()) {
      this.#whole.get(run.family.name)!.merge(await run.sum(cache, pace));
      if (pace.isDue) await pace.giveWay();
    }
  }

  /** The sum over the window; complete after {@link finish}. */
  whole(family: AnyFamily): FamilyState {
    return this.#whole.get(family.name) ?? new FamilyState(family);
  }

  /** The sums of the stretches, in order. @param since as of {@link publishedSeconds} */
  points(since: number | null): SummedStretch[] {
    return this.#stretches.map(({ from, to, states }) => ({
      from,
      to,
      publishedSeconds: this.publishedSeconds({ from, to }, since),
      of: (family) => states.get(family.name) ?? new FamilyState(family),
    }));
  }

  /**
   * Seconds of a stretch of whole slots in whose slots anybody published.
   *
   * @param since when the store's contents began, in Unix seconds: the part of that slot before it does not count
   */
  publishedSeconds({ from, to }: Stretch, since: number | null): number {
    let seconds = 0;
    for (const [start, length] of this.#published) {
      if (start < from || start >= to) continue;
      const begin = since !== null && since > start && since < start + length ? since : start;
      seconds += Math.max(0, Math.min(start + length, to) - begin);
    }
    return seconds;
  }

  #runOf({ family: name, tier, start }: SlotRef): SlotRun {
    const length = slotsPerRun * tier.slotSeconds;
    const id = `run:${slotId({ family: name, tier, start: Math.floor(start / length) * length })}`;
    let run = this.#runs.get(id);
    if (run === undefined) {
      const family = this.families.find((one) => one.name === name)!;
      this.#runs.set(id, (run = new SlotRun(id, family)));
    }
    return run;
  }
}
