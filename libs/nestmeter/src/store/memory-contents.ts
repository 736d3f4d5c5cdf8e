import type { FamilyDefinition } from '../accumulate/family-definition.js';
import { expiresAt } from '../time-slot.js';
import { emptiedField } from './folded-state.js';
import { addGaps, type GapRecord, silentGaps, type StoredUpTo } from './gap.js';
import { type Beat, beatLifeSeconds, type Born, definitionField, mostDefinitions, slotId, type SlotRef } from './store.js'; // prettier-ignore
import { type ControlDocument, type Lease, longestStepMs, type ToldDefinition } from './upkeep.js';

/** A slot as the memory store has it. */
export interface StoredSlot {
  readonly slot: SlotRef;
  readonly fields: Map<string, Buffer>;
  /** Final states that wait to be folded: field → Unix milliseconds at which they were written. */
  readonly waiting: Map<string, number>;
  revision: string;
}

/** A beat as the memory store has it. */
export interface StoredBeat {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** When it was last seen, by itself or by others. */
  readonly seenMs: number;
  readonly beat: Beat;
  readonly call: string | undefined;
  readonly storedUpTo: StoredUpTo;
  /** What was found when the store had gone back, until the sender of the next beats has acknowledged it. */
  readonly back: Back | null;
}

/** A beat that was lower than its sender had acknowledged. */
export interface Back {
  readonly acknowledged: number;
  readonly number: number | null;
  readonly atMs: number | null;
}

/** What the memory store has, bounded in bytes of fields. */
export class MemoryContents {
  readonly slots = new Map<string, StoredSlot>();
  /** All slots that were written to, also those that have expired, for a while. */
  readonly index = new Map<string, SlotRef>();
  readonly beats = new Map<string, StoredBeat>();
  /** Replicas of which only others knew, by id: when they were last seen (Unix milliseconds), and what is here of them. */
  readonly missed = new Map<string, { readonly atMs: number; readonly storedUpTo: StoredUpTo }>();
  readonly documents = new Map<string, ControlDocument>();
  /** See {@link definitionField}. */
  readonly definitions = new Map<string, ToldDefinition>();
  gaps: readonly GapRecord[] = [];
  lease: Lease | null = null;
  born: Born | null = null;
  #bytes = 0;
  #revision = 0;
  #evicted = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes of all fields. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Slots that had to go to keep within the bytes. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The slot, made if it is missing. */
  at(slot: SlotRef): StoredSlot {
    const id = slotId(slot);
    let stored = this.slots.get(id);
    if (stored !== undefined) return stored;
    this.slots.set(id, (stored = { slot, fields: new Map(), waiting: new Map(), revision: '' }));
    // Rule 11: a slot that was there and is gone lost what nobody may be able to send again.
    if (this.index.has(id)) this.set(stored, emptiedField, Buffer.from('1'));
    this.index.set(id, slot);
    return stored;
  }

  /** Whether a slot was there and ought to be there still. */
  isLost({ family, start, tier }: SlotRef, timeMs: number): boolean {
    const id = slotId({ family, start, tier });
    return this.index.has(id) && !this.slots.has(id) && timeMs < expiresAt(start, tier) * 1000;
  }

  /** Sets a field, or removes it with null. */
  set(stored: StoredSlot, field: string, value: Buffer | null): void {
    this.#bytes += (value?.length ?? 0) - (stored.fields.get(field)?.length ?? 0);
    if (value === null) stored.fields.delete(field);
    else stored.fields.set(field, value);
  }

  /** Takes in what a family is, as far as there is room. */
  define(definition: FamilyDefinition, toldMs: number): void {
    const field = definitionField(definition);
    if (this.definitions.has(field) || this.definitions.size < mostDefinitions)
      this.definitions.set(field, { ...definition, toldMs });
  }

  /** Gives a slot a revision that no slot had before. */
  touch(stored: StoredSlot): void {
    stored.revision = String(++this.#revision);
  }

  /** Removes what has expired, and the oldest slots past the bytes. @param timeMs Unix milliseconds */
  expire(timeMs: number): void {
    for (const [id, { start, tier }] of this.index) {
      const expiredMs = timeMs - expiresAt(start, tier) * 1000;
      if (expiredMs >= 0) this.#drop(id);
      if (expiredMs >= longestStepMs) this.index.delete(id);
    }
    this.retire(timeMs - beatLifeSeconds * 1000);
    while (this.#bytes > this.maxBytes && this.#evict(timeMs / 1000));
  }

  /** Removes beats that nobody renewed since then, with gap records for those that did not leave. */
  retire(beforeMs: number): void {
    for (const [id, { seenMs, beat, storedUpTo }] of this.beats) {
      if (seenMs >= beforeMs) continue;
      if (!beat.left) this.gaps = addGaps(this.gaps, silentGaps(seenMs, storedUpTo));
      this.beats.delete(id);
    }
    for (const [id, { atMs, storedUpTo }] of this.missed) {
      if (atMs >= beforeMs) continue;
      this.gaps = addGaps(this.gaps, silentGaps(atMs, storedUpTo));
      this.missed.delete(id);
    }
  }

  /** Removes everything. */
  clear(): void {
    for (const map of [this.slots, this.index, this.beats, this.documents, this.missed, this.definitions]) map.clear();
    this.gaps = [];
    this.lease = null;
    this.born = null;
    this.#bytes = 0;
  }

  /**
   * Drops the slot that ended first, the finest of those that ended together: what is left is then the newest of every
   * tier. Open slots stay, whatever they take: their size is bounded by the series of a family.
   *
   * @param now Unix seconds
   * @returns false when every slot is open
   */
  #evict(now: number): boolean {
    let first: SlotRef | undefined;
    for (const { slot } of this.slots.values())
      if (endOf(slot) <= now && (first === undefined || goesBefore(slot, first))) first = slot;
    if (first === undefined) return false;
    this.#drop(slotId(first));
    this.index.delete(slotId(first));
    this.#evicted++;
    if (this.#isCovered(first)) {
      // Windows that read this tier lack it, however early the store was born.
      const { slotSeconds } = first.tier;
      this.gaps = addGaps(this.gaps, [{ from: first.start, to: endOf(first), slotSeconds, reason: 'evicted' }]);
    } else this.born = { id: this.born!.id, since: Math.max(this.born!.since, endOf(first)) };
    return true;
  }

  /** Whether a slot of a coarser tier has what was counted in a slot. */
  #isCovered({ family, start, tier }: SlotRef): boolean {
    for (const { slot } of this.slots.values()) {
      const isCoarser = slot.family === family && slot.tier.slotSeconds > tier.slotSeconds;
      if (isCoarser && slot.start <= start && start < endOf(slot)) return true;
    }
    return false;
  }

  #drop(id: string): void {
    for (const encoded of this.slots.get(id)?.fields.values() ?? []) this.#bytes -= encoded.length;
    this.slots.delete(id);
  }
}

/** Unix seconds. */
function endOf({ start, tier }: SlotRef): number {
  return start + tier.slotSeconds;
}

function goesBefore(slot: SlotRef, other: SlotRef): boolean {
  return (endOf(slot) - endOf(other) || slot.tier.slotSeconds - other.tier.slotSeconds) < 0;
}
