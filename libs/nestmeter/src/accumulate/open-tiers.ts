import { slotStart, type Tier } from '../time-slot.js';
import type { AnyFamily } from './family.js';
import { FamilyState } from './family-state.js';
import type { SeriesHome } from './series.js';
import type { SlotState } from './slot-state.js';

type Part = SeriesHome['part'];

interface OpenSlot {
  readonly tier: Tier;
  start: number;
  /** What has closed in it, by family name; nothing in the finest tier. */
  readonly parts: Map<string, Part>;
}

/** What was counted of a family in a slot that has ended. */
export interface EndedPart extends Pick<SlotState, 'family' | 'start' | 'asOfMs' | 'generation'> {
  readonly part: Part;
}

/** Closed slots that wait to be taken; beyond it the oldest go. Reached only when nobody publishes. */
const longestQueue = 4000;

/**
 * The open slot of each tier. What ends in one is queued as final and merged once into the open slot of the next coarser
 * tier. While slots wait for their names (rule 2), finest ones that ended wait too, and no coarser one closes.
 */
export class OpenTiers {
  readonly #open: readonly OpenSlot[];
  #closed: SlotState[] = [];
  #unnamed: EndedPart[] | null = null;
  /** Which life of the replica counts now. */
  generation = 0;
  /** Closed slots lost with the queue. */
  dropped = 0;

  constructor(tiers: readonly Tier[], nowMs: number) {
    this.#open = tiers.map((tier) => ({ tier, start: slotStart(nowMs, tier.slotSeconds), parts: new Map() }));
  }

  /** Unix seconds at which the open slot of a tier started. */
  start(level: number): number {
    return this.#open[level]!.start;
  }

  /** Unix seconds at which the open finest slot ends. */
  get finestEnd(): number {
    const { start, tier } = this.#open[0]!;
    return start + tier.slotSeconds;
  }

  /** What has closed in the open slots of a family, of the second tier up to one. */
  *closedParts(family: AnyFamily, level: number): Generator<Part> {
    for (let finer = 1; finer <= level; finer++) {
      const part = this.#open[finer]!.parts.get(family.name);
      if (part !== undefined) yield part;
    }
  }

  /** Closed slots since the last call, oldest first; the caller owns them. */
  takeClosed(): SlotState[] {
    const taken = this.#closed;
    this.#closed = [];
    return taken;
  }

  /** From now on slots wait for their names. */
  awaitNames(): void {
    this.#unnamed = [];
  }

  /** Whether slots wait for their names. */
  get isUnnamed(): boolean {
    return this.#unnamed !== null;
  }

  /**
   * Gives slots their names. All move by whole finest slots, so that each coarse slot has what its finest slots have.
   *
   * @param shiftMs by which the clock that they were named by was behind
   */
  name(shiftMs: number): void {
    const [finest, ...coarser] = this.#open as [OpenSlot, ...OpenSlot[]];
    const { slotSeconds } = finest.tier;
    const shift = Math.round(shiftMs / 1000 / slotSeconds) * slotSeconds;
    const ended = this.#unnamed ?? [];
    this.#unnamed = null;
    finest.start += shift;
    const first = ended.length === 0 ? finest.start : ended[0]!.start + shift;
    for (const slot of coarser) slot.start = slotStart(first * 1000, slot.tier.slotSeconds);
    for (const { start, asOfMs, ...rest } of ended) {
      this.closeCoarser((start + shift) * 1000);
      this.end({ ...rest, start: start + shift, asOfMs: asOfMs + shift * 1000 });
    }
    this.closeCoarser(finest.start * 1000);
  }

  /** Takes in what was counted in the finest slot, which ends with it. */
  end(ended: EndedPart): void {
    if (this.#unnamed === null) this.#finish(ended, 0);
    else this.#unnamed.push(ended);
  }

  /** Closes the coarser slots that end before the slot of `nowMs`. */
  closeCoarser(nowMs: number): void {
    if (this.#unnamed !== null) return;
    this.#open.forEach((slot, level) => {
      const start = slotStart(nowMs, slot.tier.slotSeconds);
      if (level === 0 || start <= slot.start) return;
      this.#close(level, nowMs);
      slot.start = start;
    });
  }

  /** Closes all coarser slots, whether or not they have ended. */
  closeAllCoarser(nowMs: number): void {
    for (let level = 1; level < this.#open.length; level++) this.#close(level, nowMs);
  }

  /** Opens the slots of `nowMs`: that of the finest tier, or of all. */
  open(nowMs: number, which: 'finest' | 'all'): void {
    for (const slot of which === 'all' ? this.#open : this.#open.slice(0, 1))
      slot.start = slotStart(nowMs, slot.tier.slotSeconds);
  }

  /** Forgets everything. For tests. */
  clear(): void {
    for (const slot of this.#open) slot.parts.clear();
    this.#closed = [];
    if (this.#unnamed !== null) this.#unnamed = [];
  }

  #close(level: number, nowMs: number): void {
    const { start, tier, parts } = this.#open[level]!;
    const asOfMs = Math.min(nowMs, (start + tier.slotSeconds) * 1000);
    for (const part of parts.values())
      this.#finish({ family: part.state.family, part, start, asOfMs, generation: this.generation }, level);
    parts.clear();
  }

  #finish({ part, ...ended }: EndedPart, level: number): void {
    const { family } = ended;
    const { tier } = this.#open[level]!;
    this.#queue({ ...ended, tier, final: true, state: part.state, version: part.version + 1 });
    const coarser = this.#open[level + 1];
    if (coarser === undefined) return;
    let into = coarser.parts.get(family.name);
    if (into === undefined) coarser.parts.set(family.name, (into = { state: new FamilyState(family), version: 0 }));
    into.state.merge(part.state);
    into.version += part.version + 1;
  }

  #queue(closed: SlotState): void {
    this.#closed.push(closed);
    if (this.#closed.length <= longestQueue) return;
    this.#closed.splice(0, longestQueue / 10);
    this.dropped += longestQueue / 10;
  }
}
