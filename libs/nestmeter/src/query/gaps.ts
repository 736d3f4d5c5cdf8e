import { gapReasons, joinSpans, type Span, unpublishedSpan } from '../store/gap.js';
import type { ReadReply, SlotRef } from '../store/store.js';
import { settleSeconds } from '../time-slot.js';
import type { PlannedSlot } from './plan.js';
import type { CachedSlot } from './slot-cache.js';
import type { Window } from './window.js';

/** A time for which numbers are known to be missing. */
export interface Gap extends Span {
  readonly reason: string;
}

/** Most gaps in an answer; past it those nearest to each other are joined. */
const mostGaps = 50;

/** Why numbers may be missing. */
export const missingReasons = {
  undecoded: 'states of another release',
  emptied: gapReasons.store_emptied,
  unfinished: 'a replica ended or was cut off before it had published all',
  silent: 'a replica fell silent',
  unreachable: 'store unreachable: only what this replica counted',
} as const;

/** Rule 11: collects the times of a window for which numbers are known to be missing, from all that tells of them. */
export class GapCollector {
  readonly #gaps: Gap[] = [];

  /** @param nowMs store time */
  constructor(
    private readonly window: Window,
    private readonly nowMs: number,
  ) {}

  /** What a slot says of itself: states that cannot be read, were never finished, or were lost. */
  slot(ref: SlotRef, slot: CachedSlot): void {
    const end = ref.start + ref.tier.slotSeconds;
    const whole = { from: ref.start, to: end };
    if (slot.undecoded) this.#add(whole, missingReasons.undecoded);
    if (slot.emptied) this.#add(whole, missingReasons.emptied);
    for (const span of slot.sealedSpans) this.#add(span, missingReasons.unfinished);
    // Until then finals of living replicas may be on their way.
    if (end + settleSeconds <= this.nowMs / 1000)
      for (const asOf of slot.unfinished) this.#add(unpublishedSpan(asOf, end), missingReasons.unfinished);
  }

  /** A slot that the store once had and has no more. */
  lost({ start, tier }: SlotRef): void {
    this.#add({ from: start, to: start + tier.slotSeconds }, missingReasons.emptied);
  }

  /** What a store knows beside its slots: who fell silent, and what others noted. */
  reply({ silent, gaps }: Pick<ReadReply, 'silent' | 'gaps'>, planned: readonly PlannedSlot[]): void {
    for (const { atMs } of silent) this.#cut(unpublishedSpan(atMs / 1000, this.nowMs / 1000), missingReasons.silent);
    for (const { slotSeconds, reason, from, to } of gaps) {
      if (slotSeconds === null) this.#cut({ from, to }, gapReasons[reason]);
      else {
        // Only what was read from slots of that length lacks something.
        const slots = planned.filter(({ tier }) => tier.slotSeconds === slotSeconds);
        const read = { from: slots[0]?.start ?? 0, to: (slots.at(-1)?.start ?? 0) + slotSeconds };
        if (slots.length > 0)
          this.#cut({ from: Math.max(from, read.from), to: Math.min(to, read.to) }, gapReasons[reason]);
      }
    }
  }

  /** The store does not answer. @param lastContactMs when it last did */
  unreachable(lastContactMs: number | null): void {
    const { from, to } = this.window;
    const since = lastContactMs === null ? from : Math.min(to, Math.max(from, lastContactMs / 1000));
    this.#gaps.push({ from: since, to, reason: missingReasons.unreachable });
  }

  /** All gaps in order of time, joined and bounded. */
  list(): Gap[] {
    return joinSpans(this.#gaps, mostGaps, ({ reason }) => reason);
  }

  #cut({ from, to }: Span, reason: string): void {
    this.#add({ from: Math.max(from, this.window.from), to: Math.min(to, this.window.to) }, reason);
  }

  #add({ from, to }: Span, reason: string): void {
    if (from < to) this.#gaps.push({ from, to, reason });
  }
}
