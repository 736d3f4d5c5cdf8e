import { readHeader } from '../accumulate/encoded-state.js';
import type { Clock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import { expiresAt, writeEndMs } from '../time-slot.js';
import {
  type Beat,
  beatLifeSeconds,
  type Born,
  liveIntervals,
  type Publication,
  type ReadReply,
  type ReadRequest,
  type Receipt,
  slotId,
  type SlotRef,
  type StateWrite,
  type Store,
  type StoreStatus,
  type WriteResult,
} from './store.js';

interface StoredSlot {
  readonly slot: SlotRef;
  readonly fields: Map<string, Buffer>;
  revision: string;
}

/** What a {@link MemoryStore} is made of. */
export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Bytes of states that are kept; past it the slots that ended first go. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** The store of a single process: the same contract as Redis, in a map. Its clock is the host's. */
export class MemoryStore implements Store {
  readonly embedded = true;
  readonly #slots = new Map<string, StoredSlot>();
  readonly #beats = new Map<string, { atMs: number; beat: Beat }>();
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #startedAt: number;
  #bytes = 0;
  #revision = 0;
  #evicted = 0;
  #born: Born | null = null;
  #stopped = false;

  constructor({ clock, maxBytes = 64 << 20 }: MemoryStoreOptions) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#startedAt = Math.floor(clock.wallMs() / 1000);
  }

  start(): void {
    this.#stopped = false;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  async publish({ beat, writes, bornCandidate }: Publication): Promise<Receipt> {
    this.#refuseWhenStopped();
    const timeMs = this.#clock.wallMs();
    this.#born ??= { id: bornCandidate, since: Math.floor(timeMs / 1000) };
    const results = writes.map((write) => this.#write(write, timeMs));
    const previousBeat = this.#beats.get(beat.id)?.beat.number ?? null;
    if (previousBeat === null || previousBeat <= beat.number) this.#beats.set(beat.id, { atMs: timeMs, beat });
    this.#expire(timeMs);
    return { timeMs, results, previousBeat, born: this.#born, live: this.#live(timeMs) };
  }

  async read({ slots, beats }: ReadRequest): Promise<ReadReply> {
    this.#refuseWhenStopped();
    const timeMs = this.#clock.wallMs();
    this.#expire(timeMs);
    return {
      timeMs,
      born: this.#born,
      slots: slots.map(({ slot, knownRevision }) => {
        const stored = this.#slots.get(slotId(slot));
        if (stored === undefined) return null;
        const { revision, fields } = stored;
        return revision === knownRevision ? 'unchanged' : { revision, fields: new Map(fields) };
      }),
      live: this.#live(timeMs),
      beats: beats ? [...this.#beats.values()] : [],
    };
  }

  status(): StoreStatus {
    return {
      kind: 'memory',
      state: this.#stopped ? 'stopped' : 'ready',
      since: this.#startedAt,
      lastError: null,
      details: { bytes: this.#bytes, max_bytes: this.#maxBytes, slots: this.#slots.size, evicted_slots: this.#evicted },
    };
  }

  async settle(): Promise<void> {}

  async clear(): Promise<void> {
    this.#slots.clear();
    this.#beats.clear();
    this.#bytes = 0;
    this.#born = null;
  }

  #write({ slot, field, version, encoded }: StateWrite, timeMs: number): WriteResult {
    const id = slotId(slot);
    let stored = this.#slots.get(id);
    const held = stored?.fields.get(field);
    const found = held === undefined ? null : (readHeader(held)?.version ?? 0);
    if (timeMs >= writeEndMs(slot.start, slot.tier)) return { outcome: 'late', found };
    if (found !== null && found >= version) return { outcome: 'have', found };
    if (encoded === null) return { outcome: 'missing', found };
    if (stored === undefined) this.#slots.set(id, (stored = { slot, fields: new Map(), revision: '' }));
    stored.fields.set(field, encoded);
    stored.revision = String(++this.#revision);
    this.#bytes += encoded.length - (held?.length ?? 0);
    return { outcome: 'stored', found };
  }

  #refuseWhenStopped(): void {
    if (!this.#stopped) return;
    const message = 'The store must be in use, got a call after its end. Keep the monitor open as long as it is used.';
    throw new NestmeterError({ code: 'NM_STORE_UNREACHABLE', message });
  }

  #live(timeMs: number): string[] {
    return [...this.#beats.values()]
      .filter(({ atMs, beat }) => !beat.left && timeMs - atMs <= liveIntervals * beat.intervalMs)
      .map(({ beat }) => beat.id);
  }

  #expire(timeMs: number): void {
    for (const [id, { slot }] of this.#slots) if (timeMs >= expiresAt(slot.start, slot.tier) * 1000) this.#drop(id);
    for (const [id, { atMs }] of this.#beats) if (timeMs - atMs > beatLifeSeconds * 1000) this.#beats.delete(id);
    while (this.#bytes > this.#maxBytes && this.#evict(timeMs / 1000));
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
    for (const { slot } of this.#slots.values())
      if (endOf(slot) <= now && (first === undefined || goesBefore(slot, first))) first = slot;
    if (first === undefined) return false;
    this.#drop(slotId(first));
    this.#evicted++;
    if (!this.#isCovered(first)) this.#born = { id: this.#born!.id, since: Math.max(this.#born!.since, endOf(first)) };
    return true;
  }

  /** Whether a slot of a coarser tier has what was counted in a slot. */
  #isCovered({ family, start, tier }: SlotRef): boolean {
    for (const { slot } of this.#slots.values()) {
      const isCoarser = slot.family === family && slot.tier.slotSeconds > tier.slotSeconds;
      if (isCoarser && slot.start <= start && start < endOf(slot)) return true;
    }
    return false;
  }

  #drop(id: string): void {
    for (const encoded of this.#slots.get(id)!.fields.values()) this.#bytes -= encoded.length;
    this.#slots.delete(id);
  }
}

/** Unix seconds. */
function endOf({ start, tier }: SlotRef): number {
  return start + tier.slotSeconds;
}

function goesBefore(slot: SlotRef, other: SlotRef): boolean {
  return (endOf(slot) - endOf(other) || slot.tier.slotSeconds - other.tier.slotSeconds) < 0;
}
