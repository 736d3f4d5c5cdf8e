import type { SlotState } from '../accumulate/slot-state.js';
import { encodeState } from '../accumulate/encoded-state.js';
import type { GapReason } from '../store/gap.js';
import { slotId, type SlotRef, type StateWrite, type WriteResult } from '../store/store.js';
import { writeEndMs } from '../time-slot.js';

interface Entry {
  readonly write: StateWrite & { readonly encoded: Buffer };
  /** Store time of the first acknowledgement since the store was last found without it; null while it lacks it. */
  acknowledgedMs: number | null;
  /** Times it was sent again under the present `born`. */
  resends: number;
  /** Highest version of this slot and field that ever went out. */
  sent: number;
}

/** A state is remembered until the store confirms it this long after it first acknowledged it. */
export const confirmAfterMs = 30 * 60_000;
/** Times a state that goes missing is sent again to one and the same store. */
const mostResends = 3;
/** Slots whose states are asked for in one call when nothing is suspected. */
const auditSlots = 8;
/** The same when the store may have lost everything. */
const fullAuditSlots = 512;

/**
 * Rule 7. The closed states of this replica that a store might still lose: they wait, encoded, until the store confirms them at
 * least 30 minutes after it first acknowledged them (after the slot's end, if a renewed id closed them before it), or until
 * the slot takes no more writes. One cap bounds their bytes; past it those go first that the store has, and of the rest the
 * oldest of the finest tier, since coarser tiers contain them.
 */
export class Outbox {
  /** By slot, then by field. */
  readonly #slots = new Map<string, Map<string, Entry>>();
  readonly #pending = new Set<Entry>();
  /** Those that the store acknowledged and may have lost: it has not been asked yet. */
  readonly #doubted = new Set<Entry>();
  #bytes = 0;
  #auditQueue: Entry[] = [];
  #auditAtOnce = auditSlots;
  /** States lost to the cap or given up, and states that came too late by slot length in seconds. */
  readonly counts = { dropped: 0, givenUp: 0, late: new Map<number, number>() };

  /**
   * @param confirmAfter milliseconds after the first acknowledgement before a state may be forgotten; 0 for a store that
   *   cannot lose what it has
   * @param lost told of each slot of which a state will not be sent again
   * @param forgotten told of each slot of which a state that the store has could not be sent again if it were lost
   */
  constructor(
    private readonly maxBytes: number,
    private readonly confirmAfter = confirmAfterMs,
    private readonly lost: (slot: SlotRef, reason: GapReason) => void = () => {},
    private readonly forgotten: (slot: SlotRef) => void = () => {},
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
    let size = 0;
    for (const fields of this.#slots.values()) size += fields.size;
    return size;
  }

  /** Takes in a closed state. @param sent highest version of it that went out while it was open */
  add(closed: SlotState, field: string, sent = 0): void {
    const slot = { family: closed.family.name, tier: closed.tier, start: closed.start };
    const { version, final, asOfMs } = closed;
    const encoded = encodeState(closed.state, { version, final, asOfMs }, { deflate: true });
    const entry: Entry = { write: { slot, field, version, encoded }, acknowledgedMs: null, resends: 0, sent };
    const id = slotId(slot);
    let fields = this.#slots.get(id);
    if (fields === undefined) this.#slots.set(id, (fields = new Map()));
    fields.set(field, entry);
    this.#pending.add(entry);
    this.#bytes += encoded.length;
    while (this.#bytes > this.maxBytes && this.#dropOldest());
  }

  /** Unacknowledged states, those of slots that ended last first. */
  unsent(): StateWrite[] {
    const end = ({ slot }: StateWrite): number => slot.start + slot.tier.slotSeconds;
    return [...this.#pending].map((entry) => entry.write).sort((a, b) => end(b) - end(a));
  }

  /** Highest version of a state that ever went out; null when it is not held. */
  lastSent(write: Pick<StateWrite, 'slot' | 'field'>): number | null {
    return this.#find(write)?.sent ?? null;
  }

  /** Takes note of what goes out. */
  noteSent(write: StateWrite): void {
    const entry = this.#find(write);
    if (entry !== undefined) entry.sent = Math.max(entry.sent, write.version);
  }

  /** Start (Unix ms) of the earliest slot that lacks a state once a call is stored, by slot length in seconds. */
  lackingSince(writes: readonly StateWrite[]): Map<number, number> {
    const included = new Set(writes.filter(({ encoded }) => encoded !== null).map((write) => this.#closed(write)));
    const since = new Map<number, number>();
    for (const entry of [...this.#pending, ...this.#doubted]) {
      const { start, tier } = entry.write.slot;
      if (included.has(entry)) continue;
      since.set(tier.slotSeconds, Math.min(start * 1000, since.get(tier.slotSeconds) ?? Infinity));
    }
    return since;
  }

  /** Questions for the next few acknowledged slots in turn, so that all are asked for every few minutes. */
  audit(): StateWrite[] {
    if (this.#auditQueue.length === 0) this.#startAudit(auditSlots);
    const questions: StateWrite[] = [];
    const slots = new Set<string>();
    while (this.#auditQueue.length > 0) {
      const entry = this.#auditQueue.at(-1)!;
      const slot = slotId(entry.write.slot);
      if (slots.size === this.#auditAtOnce && !slots.has(slot)) break;
      slots.add(slot);
      this.#auditQueue.pop();
      if (this.#find(entry.write) === entry && entry.acknowledgedMs !== null)
        questions.push({ ...entry.write, encoded: null });
    }
    return questions;
  }

  /** Starts over: all acknowledged states will be asked for, newest first, many at once. @returns how many */
  auditAll(): number {
    this.#startAudit(fullAuditSlots);
    return this.#auditQueue.length;
  }

  /** The store went back: until it has answered for each acknowledged state, it may lack it. */
  doubt(): void {
    for (const entry of this.#all()) if (entry.acknowledgedMs !== null) this.#doubted.add(entry);
  }

  /** Whether the store may lack what it had acknowledged. */
  get isInDoubt(): boolean {
    return this.#doubted.size > 0;
  }

  /** Whether states wait to be asked for. */
  get auditing(): boolean {
    return this.#auditQueue.length > 0;
  }

  /** Another store, or the same one emptied: states may be sent again three more times. */
  forgetResends(): void {
    for (const entry of this.#all()) entry.resends = 0;
  }

  /** Takes in what the store said to a state or question of ours. @param nowMs store time */
  settle(write: StateWrite, result: WriteResult, nowMs: number): void {
    const entry = this.#closed(write);
    if (entry === undefined) return;
    const isDoubted = this.#doubted.delete(entry);
    if (result.outcome === 'late') {
      const { slotSeconds } = write.slot.tier;
      // The store may have it from a call whose answer was lost.
      if ((entry.acknowledgedMs === null || isDoubted) && (result.found ?? 0) < write.version) {
        this.counts.late.set(slotSeconds, (this.counts.late.get(slotSeconds) ?? 0) + 1);
        this.lost(write.slot, isDoubted ? 'store_emptied' : 'late');
      }
      this.#forget(entry);
    } else if (result.outcome === 'missing') {
      entry.acknowledgedMs = null;
      // One that was lost is seldom alone.
      if (this.#auditAtOnce < fullAuditSlots) this.auditAll();
      if (++entry.resends > mostResends) {
        this.counts.givenUp++;
        this.lost(write.slot, 'given_up');
        this.#forget(entry);
      } else this.#pending.add(entry);
    } else {
      // A closed state has one version only: another one is that of a copy of this process, and stays instead of this.
      const isOthers = result.outcome === 'have' && result.found !== write.version;
      if (isOthers && entry.acknowledgedMs === null) this.lost(write.slot, 'same_id');
      this.#pending.delete(entry);
      entry.acknowledgedMs ??= nowMs;
      // Rule 7: a renewed id has final states in slots that are open for hours still, which a wipe must not take.
      const { start, tier } = write.slot;
      const fromMs =
        this.confirmAfter === 0
          ? entry.acknowledgedMs
          : Math.max(entry.acknowledgedMs, (start + tier.slotSeconds) * 1000);
      if (nowMs - fromMs >= this.confirmAfter) this.#forget(entry);
    }
  }

  /**
   * Forgets what no store takes any more.
   *
   * @param nowMs store time
   * @param answeredMs the same of its last answer: what it had acknowledged may since have been lost with it
   */
  expire(nowMs: number, answeredMs: number): void {
    for (const entry of this.#all()) {
      const { start, tier } = entry.write.slot;
      const untilMs = entry.acknowledgedMs === null ? nowMs : answeredMs;
      if (untilMs >= writeEndMs(start, tier) && !this.#doubted.has(entry)) this.#drop(entry);
    }
  }

  /** States held for a slot, by field; for reading from own memory. */
  states(slot: SlotRef): Map<string, Buffer> {
    const entries = this.#slots.get(slotId(slot)) ?? [];
    return new Map([...entries].map(([field, { write }]) => [field, write.encoded]));
  }

  /** Forgets everything. For tests. */
  clear(): void {
    this.#slots.clear();
    this.#pending.clear();
    this.#doubted.clear();
    this.#auditQueue = [];
    this.#bytes = 0;
  }

  #dropOldest(): boolean {
    let first: Entry | undefined;
    for (const entry of this.#all()) if (first === undefined || goesBefore(entry, first)) first = entry;
    if (first === undefined) return false;
    if (first.acknowledgedMs !== null) this.forgotten(first.write.slot);
    this.#drop(first);
    return true;
  }

  #startAudit(atOnce: number): void {
    this.#auditAtOnce = atOnce;
    this.#auditQueue = [...this.#all()]
      .filter((entry) => entry.acknowledgedMs !== null)
      .sort((a, b) => a.write.slot.start - b.write.slot.start);
  }

  *#all(): Generator<Entry> {
    for (const fields of this.#slots.values()) yield* fields.values();
  }

  #find({ slot, field }: Pick<StateWrite, 'slot' | 'field'>): Entry | undefined {
    return this.#slots.get(slotId(slot))?.get(field);
  }

  /** The entry whose very state it is: it may have closed while its open state was on the way. */
  #closed(write: StateWrite): Entry | undefined {
    const entry = this.#find(write);
    return entry?.write.version === write.version ? entry : undefined;
  }

  #drop(entry: Entry): void {
    if (entry.acknowledgedMs === null) {
      this.counts.dropped++;
      this.lost(entry.write.slot, 'dropped');
    }
    this.#forget(entry);
  }

  #forget(entry: Entry): void {
    const { slot, field, encoded } = entry.write;
    const id = slotId(slot);
    const fields = this.#slots.get(id);
    if (fields?.get(field) !== entry) return;
    fields.delete(field);
    if (fields.size === 0) this.#slots.delete(id);
    this.#pending.delete(entry);
    this.#doubted.delete(entry);
    this.#bytes -= encoded.length;
  }
}

/** Rule 7: what the store has is held as an insurance only; without the rest something is lost for certain. */
function goesBefore(one: Entry, other: Entry): boolean {
  const isSpare = one.acknowledgedMs !== null;
  if (isSpare !== (other.acknowledgedMs !== null)) return isSpare;
  const [{ slot }, { slot: otherSlot }] = [one.write, other.write];
  return (slot.tier.slotSeconds - otherSlot.tier.slotSeconds || slot.start - otherSlot.start) < 0;
}
