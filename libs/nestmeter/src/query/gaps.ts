import { gapReasons, joinSpans, silentGaps, type Span, unpublishedSpan, wordsOf } from '../store/gap.js';
import type { ReadReply, SlotRef } from '../store/store.js';
import { settleSeconds } from '../time-slot.js';
import type { PlannedSlot } from './plan.js';
import type { CountedSlot } from './decode-slot.js';
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
  behind: 'a replica has not yet sent what it counted',
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
  slot(ref: SlotRef, slot: CountedSlot): void {
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

  /** What a store knows beside its slots: who fell silent or is behind, and what others noted. */
  reply(
    { silent, behind, gaps }: Pick<ReadReply, 'silent' | 'behind' | 'gaps'>,
    planned: readonly PlannedSlot[],
  ): void {
    const read = readSpans(planned);
    const now = this.nowMs / 1000;
    const fallen = silent.flatMap(({ atMs, storedUpTo }) => silentGaps(atMs, storedUpTo));
    for (const { from, to, slotSeconds, reason } of fallen)
      this.#cutTo(slotSeconds, { from, to: Math.min(to, now) }, wordsOf(reason), read);
    for (const { storedUpTo } of behind)
      for (const [slotSeconds, ms] of storedUpTo)
        this.#cutTo(slotSeconds, { from: ms / 1000, to: now }, missingReasons.behind, read);
    for (const { slotSeconds, reason, from, to } of gaps) this.#cutTo(slotSeconds, { from, to }, wordsOf(reason), read);
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

  /** Only what was read from slots of that length lacks something; null for all. */
  #cutTo(slotSeconds: number | null, { from, to }: Span, reason: string, read: ReadonlyMap<number, Span>): void {
    if (slotSeconds === null) return this.#cut({ from, to }, reason);
    const span = read.get(slotSeconds);
    if (span !== undefined) this.#cut({ from: Math.max(from, span.from), to: Math.min(to, span.to) }, reason);
  }

  #cut({ from, to }: Span, reason: string): void {
    this.#add({ from: Math.max(from, this.window.from), to: Math.min(to, this.window.to) }, reason);
  }

  #add({ from, to }: Span, reason: string): void {
    if (from < to) this.#gaps.push({ from, to, reason });
  }
}

/** What a window is read from: the time of each slot length. */
function readSpans(planned: readonly PlannedSlot[]): Map<number, Span> {
  const spans = new Map<number, Span>();
  for (const { tier, start } of planned) {
    const { slotSeconds } = tier;
    spans.set(slotSeconds, { from: spans.get(slotSeconds)?.from ?? start, to: start + slotSeconds });
  }
  return spans;
}
