import type { EventLoop } from './event-loop.js';
import { Journal, Table } from './journal.js';
import type { Random } from './random.js';
import type { Rules } from './rules.js';
import type { MissedReplica } from '../../libs/nestmeter/src/store/store.js';
import { silenceOf } from './gaps.js';
import { beatLifeMs, liveMs, longestSilenceMs, type ModelSlot, slotOfId, tiers } from './slots.js';
import {
  type Back,
  type Beat,
  type ControlDocument,
  type Gap,
  type HeldBeat,
  type Lease,
  outranks,
  type Publication,
  type Receipt,
  type SlotKey,
  type Write,
  type WriteResult,
} from './store-contents.js';

/** Told of each change of a slot, before it can be seen by anyone. */
export interface StoreWatch {
  stateWritten(slot: ModelSlot, before: SlotKey | undefined, after: SlotKey, write: Write): void;
  folded(slot: ModelSlot, before: SlotKey, after: SlotKey): void;
  controlWritten(
    before: ControlDocument | null,
    after: ControlDocument,
    by: 'offer' | 'holder' | 'former holder',
  ): void;
}

/** Store time at true time 0: the start of a slot of every tier, in 2027. */
export const epochMs = 1_800_000_000_000;

/** Index entries stay this long after their keys expired. */
const longestStepMs = 60_000;

const emptyKey: SlotKey = { states: new Map(), marks: new Map(), folded: null, sealed: false };

/**
 * The store: tables, a clock that can be stepped, and scripts that run as a whole or not at all. What the publish script
 * of the package does in Lua, `publish` does here, rule by rule; fold and seal are in keeper-scripts.ts.
 */
export class ModelStore {
  readonly journal: Journal;
  readonly keys: Table<SlotKey>;
  /** Slot → revision. */
  readonly index: Table<number>;
  readonly beats: Table<HeldBeat>;
  readonly gaps: Table<Gap>;
  readonly born: Table<{ readonly id: string; readonly sinceMs: number }>;
  readonly lease: Table<Lease>;
  readonly control: Table<ControlDocument>;
  isUp = true;
  #clockMs = epochMs;

  constructor(
    readonly loop: EventLoop,
    readonly random: Random,
    readonly rules: Rules,
    readonly watch: StoreWatch,
  ) {
    this.journal = new Journal(() => loop.nowMs);
    this.keys = new Table(this.journal);
    this.index = new Table(this.journal);
    this.beats = new Table(this.journal);
    this.gaps = new Table(this.journal);
    this.born = new Table(this.journal);
    this.lease = new Table(this.journal);
    this.control = new Table(this.journal);
  }

  /** Unix milliseconds of the store's clock. */
  get timeMs(): number {
    return this.loop.nowMs + this.#clockMs;
  }

  /** The latest that its clock had shown before it was set back. */
  peakMs = -Infinity;

  stepClock(ms: number): void {
    this.peakMs = Math.max(this.peakMs, this.timeMs);
    this.#clockMs += ms;
  }

  /** FLUSHALL, or a restart without data. */
  wipe(): void {
    for (const table of [this.keys, this.index, this.beats, this.gaps, this.born, this.lease, this.control])
      table.clear();
  }

  /** The slot's key; expired ones are gone. */
  key(slot: ModelSlot): SlotKey | undefined {
    const key = this.keys.get(slot.id);
    if (key === undefined || this.timeMs < slot.expiresAtMs) return key;
    this.keys.delete(slot.id);
    return undefined;
  }

  /** Replaces a slot's key and gives it another revision: microseconds, which no two scripts share. */
  setKey(slot: ModelSlot, key: SlotKey): void {
    this.keys.set(slot.id, key);
    this.index.set(slot.id, this.timeMs + this.random.next());
  }

  addGap(gap: Gap): void {
    const id = `${gap.level}/${gap.fromMs}/${gap.toMs}`;
    if (this.gaps.get(id) === undefined) this.gaps.set(id, gap);
  }

  /** Rule 5. */
  publish(publication: Publication): Receipt {
    const { beat, writes, startedMs, bornCandidate, missed, control } = publication;
    const { timeMs } = this;
    const results = writes.map((write) => this.#write(write));
    const isAnyLate = results.some(
      ({ outcome, found }, at) =>
        outcome === 'late' && writes[at]!.state !== null && (found ?? 0) < writes[at]!.version,
    );
    const held = this.beats.get(beat.id) ?? null;
    const back = this.rules.gapOfRegress ? backOf(held, publication.acknowledgedBeat) : null;
    if (held === null || held.number <= beat.number) this.#beat(beat, held, { back, isAnyLate });
    if (this.rules.offerBeats) for (const replica of missed) this.#miss(replica);
    let born = this.born.get('born');
    if (born === undefined) this.born.set('born', (born = { id: bornCandidate, sinceMs: timeMs }));
    // The first contents were counted before they were published, and a clock that is set back may pass `since` again.
    const firstMs = Math.min(startedMs, timeMs);
    if (firstMs < born.sinceMs && this.rules.sinceFirstCount)
      this.born.set('born', (born = { id: born.id, sinceMs: firstMs }));
    let document = this.control.get('control') ?? null;
    if (control !== null && this.rules.offerControlAgain && outranks(control, document)) {
      this.watch.controlWritten(document, control, 'offer');
      this.control.set('control', (document = control));
    }
    const previous = back ?? { number: held?.beatMs == null ? null : held.number, beatMs: held?.beatMs ?? null };
    return {
      timeMs,
      results,
      previousBeat: previous.number,
      previousBeatMs: previous.beatMs,
      born,
      control: document,
      ...this.#others(),
    };
  }

  /** Rule 11: what a replica knows of the past that the store does not. */
  note(gaps: readonly Gap[], sinceMs: number | null): void {
    for (const gap of gaps) this.addGap(gap);
    const born = this.born.get('born');
    if (born !== undefined && sinceMs !== null && sinceMs < born.sinceMs)
      this.born.set('born', { id: born.id, sinceMs });
  }

  /** Removes what nobody asks for any more from the tables that do not expire. Done by the keeper. */
  prune(): void {
    const pastMs = this.timeMs - (this.rules.indexOutlivesKeys ? longestStepMs : 0);
    for (const [id] of this.index.entries()) if (slotOfId(id).expiresAtMs <= pastMs) this.index.delete(id);
    for (const [id, beat] of this.beats.entries()) {
      if (this.timeMs - beat.seenMs < beatLifeMs) continue;
      if (!beat.left && this.rules.gapOfPrunedBeat) for (const gap of silenceOf(beat)) this.addGap(gap);
      this.beats.delete(id);
    }
  }

  /** Takes in a beat; from who does not know yet that the store lost something, or was too late, not what it says is here. */
  #beat(beat: Beat, held: HeldBeat | null, { back, isAnyLate }: { back: Back | null; isAnyLate: boolean }): void {
    const { timeMs } = this;
    const told = beat.storedUpToMs.map((ms) => (ms < 0 ? timeMs + ms : ms));
    const unknown = back === null ? told : told.map(() => 0);
    const storedUpToMs = back === null && !isAnyLate ? told : (held?.storedUpToMs ?? unknown);
    this.beats.set(beat.id, { ...beat, storedUpToMs, beatMs: timeMs, seenMs: timeMs, back });
  }

  /** Somebody saw a replica live at a time of which the store does not know. */
  #miss({ id, atMs, lacksSinceMs }: MissedReplica): void {
    const seenMs = Math.min(this.timeMs - liveMs - 1, atMs);
    const unknown = {
      id,
      number: 0,
      left: false,
      storedUpToMs: tiers.map(() => lacksSinceMs),
      beatMs: null,
      back: null,
    };
    const held = this.beats.get(id) ?? { ...unknown, seenMs: -Infinity };
    if (!held.left && held.seenMs < seenMs) this.beats.set(id, { ...held, seenMs });
  }

  /** What a publisher is told of others. */
  #others(): Pick<Receipt, 'live' | 'silent' | 'departedMs' | 'fallenMs'> {
    const beats = this.beats.entries().map(([, beat]) => beat);
    const isLive = ({ left, seenMs }: HeldBeat): boolean => !left && this.timeMs - seenMs <= liveMs;
    const isTold = ({ seenMs }: HeldBeat): boolean => seenMs >= this.timeMs - longestSilenceMs;
    const latest = (some: readonly HeldBeat[]) =>
      some.length === 0 ? null : Math.max(...some.map(({ seenMs }) => seenMs));
    const fallen = beats.filter((beat) => !beat.left && !isLive(beat));
    return {
      live: beats.filter(isLive).map(({ id }) => id),
      silent: fallen.filter(isTold).map(({ id, seenMs }) => ({ id, atMs: seenMs })),
      departedMs: latest(beats.filter(({ left }) => left)),
      fallenMs: latest(fallen.filter((beat) => !isTold(beat))),
    };
  }

  #write(write: Write): WriteResult {
    const { slot, field, version, state } = write;
    const key = this.key(slot);
    const mark = key?.marks.get(field);
    const held = key?.states.get(field);
    const found = mark ?? held?.version ?? null;
    if (this.timeMs >= slot.writeEndMs || (key?.sealed && this.rules.sealFlag)) return { outcome: 'late', found };
    const isNewer = found === null || found < version || (state !== null && !this.rules.replaceOnlyByNewer);
    const isFinal = held?.final === true && this.rules.finalRefuses;
    if ((mark !== undefined && this.rules.marks) || isFinal || !isNewer) return { outcome: 'have', found };
    if (state === null) return { outcome: 'missing', found };
    if (key === undefined && this.index.get(slot.id) !== undefined && this.rules.gapOfRecreated)
      this.addGap({ fromMs: slot.startMs, toMs: slot.endMs, level: slot.level, reason: 'was evicted' });
    const after = { ...(key ?? emptyKey), states: new Map(key?.states).set(field, state) };
    this.watch.stateWritten(slot, key, after, write);
    this.setKey(slot, after);
    return { outcome: 'stored', found };
  }
}

function backOf(held: HeldBeat | null, acknowledged: number): Back | null {
  if (held?.back && held.back.acknowledged >= acknowledged) return held.back;
  const number = held?.beatMs == null ? null : held.number;
  return acknowledged <= (number ?? 0) ? null : { acknowledged, number, beatMs: held?.beatMs ?? null };
}
