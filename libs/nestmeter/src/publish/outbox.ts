import type { SlotState } from '../accumulate/accumulator.js';
import { encodeState } from '../accumulate/encoded-state.js';
import { slotId, type SlotRef, type StateWrite, type WriteResult } from '../store/store.js';
import { writeEndMs } from '../time-slot.js';

interface Entry {
  readonly id: string;
  readonly write: StateWrite & { readonly encoded: Buffer };
  /** Store time of the first acknowledgement; null while the store does not have it. */
  acknowledgedMs: number | null;
  /** Times it was sent again under the present `born`. */
  resends: number;
}

/** A state is remembered until the store confirms it this long after it first acknowledged it. */
export const confirmAfterMs = 30 * 60_000;
/** Times a state that goes missing is sent again to one and the same store. */
const mostResends = 3;
/** Slots whose states are asked for in one interval when nothing is suspected. */
const auditSlots = 8;

/**
 * The closed states of this replica that a store might still lose: they wait, encoded, until the store confirms them at
 * least 30 minutes after it first acknowledged them, or until the slot takes no more writes. One cap bounds their bytes;
 * past it the oldest of the finest tier go, since coarser tiers contain them.
 */
export class Outbox {
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Set<Entry>();
  #bytes = 0;
  #auditQueue: Entry[] = [];
  /** States lost to the cap or given up, and states that came too late by slot length in seconds. */
  readonly counts = { dropped: 0, givenUp: 0, late: new Map<number, number>() };

  /**
   * @param confirmAfter milliseconds after the first acknowledgement before a state may be forgotten; 0 for a store that
   *   cannot lose what it has
   */
  constructor(
    private readonly maxBytes: number,
    private readonly confirmAfter = confirmAfterMs,
  ) {}

  /** Bytes of encoded states that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** States that the store has not acknowledged. */
  get pending(): number {
    return this.#pending.size;
  }

  /** States that are held. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes in a closed state. */
  add(closed: SlotState, field: string): void {
    const slot = { family: closed.family.name, tier: closed.tier, start: closed.start };
    const { version, final, asOfMs } = closed;
    const encoded = encodeState(closed.state, { version, final, asOfMs }, { deflate: true });
    const id = `${slotId(slot)}/${field}`;
    const entry: Entry = { id, write: { slot, field, version, encoded }, acknowledgedMs: null, resends: 0 };
    this.#entries.set(id, entry);
    this.#pending.add(entry);
    this.#bytes += encoded.length;
    while (this.#bytes > this.maxBytes && this.#dropOldest());
  }

  /** Unacknowledged states, those of slots that ended last first. */
  unsent(): StateWrite[] {
    const end = ({ slot }: StateWrite): number => slot.start + slot.tier.slotSeconds;
    return [...this.#pending].map((entry) => entry.write).sort((a, b) => end(b) - end(a));
  }

  /** Questions for the next few acknowledged slots in turn, so that all are asked for every few minutes. */
  audit(): StateWrite[] {
    if (this.#auditQueue.length === 0) this.auditAll();
    const questions: StateWrite[] = [];
    const slots = new Set<string>();
    while (this.#auditQueue.length > 0) {
      const entry = this.#auditQueue.at(-1)!;
      const slot = `${entry.write.slot.tier.slotSeconds}:${entry.write.slot.start}`;
      if (slots.size === auditSlots && !slots.has(slot)) break;
      slots.add(slot);
      this.#auditQueue.pop();
      if (this.#entries.get(entry.id) === entry && entry.acknowledgedMs !== null)
        questions.push({ ...entry.write, encoded: null });
    }
    return questions;
  }

  /** Starts over: all acknowledged states will be asked for, newest first. @returns how many */
  auditAll(): number {
    this.#auditQueue = [...this.#entries.values()]
      .filter((entry) => entry.acknowledgedMs !== null)
      .sort((a, b) => a.write.slot.start - b.write.slot.start);
    return this.#auditQueue.length;
  }

  /** Whether states wait to be asked for. */
  get auditing(): boolean {
    return this.#auditQueue.length > 0;
  }

  /** Another store, or the same one emptied: states may be sent again three more times. */
  forgetResends(): void {
    for (const entry of this.#entries.values()) entry.resends = 0;
  }

  /** Takes in what the store said to a state or question of ours. @param nowMs store time */
  settle(write: StateWrite, result: WriteResult, nowMs: number): void {
    const entry = this.#entries.get(`${slotId(write.slot)}/${write.field}`);
    if (entry === undefined) return;
    if (result.outcome === 'late') {
      const { slotSeconds } = write.slot.tier;
      if (entry.acknowledgedMs === null)
        this.counts.late.set(slotSeconds, (this.counts.late.get(slotSeconds) ?? 0) + 1);
      this.#forget(entry);
    } else if (result.outcome === 'missing') {
      if (++entry.resends > mostResends) {
        this.counts.givenUp++;
        this.#forget(entry);
      } else this.#pending.add(entry);
    } else {
      this.#pending.delete(entry);
      entry.acknowledgedMs ??= nowMs;
      if (nowMs - entry.acknowledgedMs >= this.confirmAfter) this.#forget(entry);
    }
  }

  /** Forgets what no store takes any more. @param nowMs store time */
  expire(nowMs: number): void {
    for (const entry of this.#entries.values()) {
      const { slot } = entry.write;
      if (nowMs < writeEndMs(slot.start, slot.tier)) continue;
      if (entry.acknowledgedMs === null) this.counts.dropped++;
      this.#forget(entry);
    }
  }

  /** States held for a slot, by field; for reading from own memory. */
  states(slot: SlotRef): Map<string, Buffer> {
    const found = new Map<string, Buffer>();
    const prefix = `${slotId(slot)}/`;
    for (const [id, entry] of this.#entries)
      if (id.startsWith(prefix)) found.set(entry.write.field, entry.write.encoded);
    return found;
  }

  /** Forgets everything. For tests. */
  clear(): void {
    this.#entries.clear();
    this.#pending.clear();
    this.#auditQueue = [];
    this.#bytes = 0;
  }

  #dropOldest(): boolean {
    let oldest: Entry | undefined;
    for (const entry of this.#entries.values()) {
      const { slot } = entry.write;
      const finer = oldest === undefined || slot.tier.slotSeconds < oldest.write.slot.tier.slotSeconds;
      const same = slot.tier.slotSeconds === oldest?.write.slot.tier.slotSeconds;
      if (finer || (same && slot.start < oldest!.write.slot.start)) oldest = entry;
    }
    if (oldest === undefined) return false;
    if (oldest.acknowledgedMs === null) this.counts.dropped++;
    this.#forget(oldest);
    return true;
  }

  #forget(entry: Entry): void {
    if (!this.#entries.delete(entry.id)) return;
    this.#pending.delete(entry);
    this.#bytes -= entry.write.encoded.length;
  }
}
