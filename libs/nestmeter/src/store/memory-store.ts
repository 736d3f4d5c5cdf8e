import type { Clock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import { writeEndMs } from '../time-slot.js';
import { isFinal, markOf, replicaOfMark, sealField, storedVersion } from './folded-state.js';
import { departuresIn, liveIn, missingIn, takeBeat } from './memory-beats.js';
import { MemoryContents } from './memory-contents.js';
import { MemoryUpkeep } from './memory-upkeep.js';
import {
  type Publication,
  type ReadReply,
  type ReadRequest,
  type Receipt,
  replicaOf,
  slotId,
  type StateWrite,
  type Store,
  type StoreStatus,
  type WriteResult,
} from './store.js';

/** What a {@link MemoryStore} is made of. */
export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Bytes of states that are kept; past it the slots that ended first go. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** The store of a single process: the same contract as Redis, in a map. Its clock is the host's. */
export class MemoryStore implements Store {
  readonly embedded = true;
  readonly upkeep: MemoryUpkeep;
  readonly #contents: MemoryContents;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #startedAt: number;
  #stopped = false;

  constructor({ clock, maxBytes = 64 << 20 }: MemoryStoreOptions) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#contents = new MemoryContents(maxBytes);
    this.upkeep = new MemoryUpkeep(this.#contents, () => this.#now());
    this.#startedAt = Math.floor(clock.wallMs() / 1000);
  }

  /** All of it, for the file that keeps it over restarts. */
  get contents(): MemoryContents {
    return this.#contents;
  }

  start(): void {
    this.#stopped = false;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  async publish(publication: Publication): Promise<Receipt> {
    const { writes, bornCandidate, countedForMs = 0, definitions = [] } = publication;
    const timeMs = this.#now();
    const contents = this.#contents;
    const { born } = contents;
    // Rule 4: what is published first was counted before, and a clock that is set back may show a time before `since`.
    const since = Math.floor((timeMs - countedForMs) / 1000);
    contents.born = { id: born?.id ?? bornCandidate, since: Math.min(born?.since ?? Infinity, since) };
    const results = writes.map((write) => this.#write(write, timeMs));
    const isAnyLate = results.some(
      ({ outcome, found }, index) => outcome === 'late' && writes[index]!.encoded !== null && (found ?? 0) < writes[index]!.version,
    ); // prettier-ignore
    for (const definition of definitions) contents.define(definition, timeMs);
    const previous = takeBeat(contents, publication, { timeMs, isAnyLate });
    contents.expire(timeMs);
    return {
      timeMs,
      results,
      ...previous,
      born: contents.born,
      live: liveIn(contents, timeMs),
      ...departuresIn(contents, timeMs),
      lease: contents.lease,
      documents: new Map([...contents.documents].map(([name, { version, id }]) => [name, { version, id }])),
    };
  }

  async read({ slots, beats }: ReadRequest): Promise<ReadReply> {
    const timeMs = this.#now();
    const contents = this.#contents;
    const live = liveIn(contents, timeMs);
    const told = beats === true ? [...contents.beats.keys()] : beats === 'live' ? live : [];
    return {
      timeMs,
      born: contents.born,
      slots: slots.map(({ slot, knownRevision }) => {
        const stored = contents.slots.get(slotId(slot));
        if (stored === undefined) return contents.isLost(slot, timeMs) ? 'lost' : null;
        const { revision } = stored;
        if (revision === knownRevision) return 'unchanged';
        const fields = [...stored.fields].filter(([field]) => !field.startsWith('m:'));
        const marked = [...stored.fields.keys()].filter((field) => field.startsWith('m:')).map(replicaOfMark);
        const beside = new Set(fields.map(([field]) => replicaOf(field)));
        return { revision, fields: new Map(fields), alsoFolded: new Set(marked.filter((id) => beside.has(id))) };
      }),
      live,
      beats: told.map((id) => contents.beats.get(id)!).map(({ atMs, beat }) => ({ atMs, beat })),
      ...missingIn(contents, timeMs),
      gaps: contents.gaps,
    };
  }

  status(): StoreStatus {
    return {
      kind: 'memory',
      state: this.#stopped ? 'stopped' : 'ready',
      since: this.#startedAt,
      lastError: null,
      details: {
        bytes: this.#contents.bytes,
        max_bytes: this.#maxBytes,
        slots: this.#contents.slots.size,
        evicted_slots: this.#contents.evicted,
      },
    };
  }

  async settle(): Promise<void> {}

  async clear(): Promise<void> {
    this.#contents.clear();
    this.upkeep.clear();
  }

  #write({ slot, field, version, encoded }: StateWrite, timeMs: number): WriteResult {
    const known = this.#contents.slots.get(slotId(slot))?.fields;
    const mark = known?.get(markOf(field));
    const held = known?.get(field);
    const found = mark !== undefined ? Number(mark) : held === undefined ? null : storedVersion(held);
    if (timeMs >= writeEndMs(slot.start, slot.tier) || known?.has(sealField)) return { outcome: 'late', found };
    // Rule 5: final is for ever. Two processes under one id would else undo each other's finals.
    const isSettled = mark !== undefined || (held !== undefined && found !== 0 && isFinal(held));
    if (isSettled || (found !== null && found >= version)) return { outcome: 'have', found };
    if (encoded === null) return { outcome: 'missing', found };
    const stored = this.#contents.at(slot);
    this.#contents.set(stored, field, encoded);
    this.#contents.touch(stored);
    if (isFinal(encoded)) stored.waiting.set(field, timeMs);
    return { outcome: 'stored', found };
  }

  /** The time, at which everything that is due has expired. */
  #now(): number {
    this.#refuseWhenStopped();
    const timeMs = this.#clock.wallMs();
    this.#contents.expire(timeMs);
    return timeMs;
  }

  #refuseWhenStopped(): void {
    if (!this.#stopped) return;
    const message = 'The store must be in use, got a call after its end. Keep the monitor open as long as it is used.';
    throw new NestmeterError({ code: 'NM_STORE_UNREACHABLE', message });
  }
}
