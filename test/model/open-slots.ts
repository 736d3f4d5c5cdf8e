import type { StoreClock } from '../../libs/nestmeter/src/clock.js';
import type { Rules } from './rules.js';
import { type ModelSlot, slotAt, tiers, unnamedMs } from './slots.js';
import type { State } from './store-contents.js';

/** What a replica counts in the open slot of one tier. */
interface OpenSlot {
  slot: ModelSlot;
  ids: number[];
  version: number;
}

/** A slot that was closed, with the field it belongs to. */
export interface ClosedState {
  readonly slot: ModelSlot;
  readonly state: State;
}

/**
 * The open slot of each tier (rules 1 to 3), as the accumulator of the package has it: the current slot never goes back,
 * and a step back of a finest slot or more renews.
 */
export class OpenSlots {
  readonly open: OpenSlot[];
  generation = 0;
  /** Store time from which on the present field counts. */
  sinceMs: number;
  #closed: ClosedState[] = [];
  /** What was counted before the store told its time, by the host's clock; null once slots have names. */
  #unnamed: { readonly measurement: number; readonly hostMs: number }[] | null = null;
  readonly #unnamedUntilMs: number;

  constructor(
    private readonly clock: StoreClock,
    private readonly rules: Rules,
    /** Changed when another process turns out to have the same one. */
    public id: string,
    /** Told of the slots of each measurement. */
    private readonly placed: (measurement: number, slots: readonly ModelSlot[], storeMs: number) => void,
  ) {
    this.sinceMs = clock.nowMs();
    this.open = tiers.map((_, level) => ({ slot: slotAt(level, clock.nowMs()), ids: [], version: 0 }));
    if (rules.timeBeforeStates && !clock.isKnown) this.#unnamed = [];
    this.#unnamedUntilMs = clock.monotonicAt(clock.nowMs()) + unnamedMs;
  }

  get field(): string {
    return `${this.id}.${this.generation}`;
  }

  /** Puts a measurement into the slots of now, or of the time that turns out to be now. */
  record(measurement: number): void {
    if (this.#unnamed === null) this.#put(measurement, this.clock.nowMs());
    else this.#unnamed.push({ measurement, hostMs: this.clock.nowMs() });
  }

  /** Closes what the store's time has passed. */
  roll(): void {
    this.#name(false);
    if (this.#unnamed === null) this.#rollTo(this.clock.nowMs());
  }

  #rollTo(nowMs: number): void {
    const finest = this.open[0]!.slot;
    // Before the first answer of the store the host's clock may have been ahead.
    this.sinceMs = Math.min(this.sinceMs, nowMs);
    if (nowMs < finest.startMs) {
      if (nowMs < finest.startMs - (finest.endMs - finest.startMs)) this.renew(this.rules.renewOnStepBack);
      return;
    }
    this.open.forEach((open, level) => {
      if (nowMs < open.slot.endMs) return;
      this.#close(open, nowMs);
      open.slot = slotAt(level, nowMs);
    });
  }

  /** Makes everything final and goes on from zero. @param underNewId as rule 1 says; without it the field is written on */
  renew(underNewId = true): void {
    this.#name(true);
    const nowMs = this.clock.nowMs();
    this.open.forEach((open, level) => {
      this.#close(open, nowMs);
      open.slot = slotAt(level, nowMs);
    });
    this.sinceMs = nowMs;
    if (underNewId) this.generation++;
  }

  /** The state of an open slot as of now; null when nothing was counted in it. */
  state(level: number): State | null {
    const { ids, version } = this.open[level]!;
    if (version === 0) return null;
    return { field: this.field, version, final: false, asOfMs: this.clock.nowMs(), ids: [...ids] };
  }

  /** Closed slots since the last call; the caller owns them. */
  takeClosed(): ClosedState[] {
    return this.#closed.splice(0);
  }

  /** What was closed in a slot and not taken yet. */
  waiting(slot: ModelSlot): State[] {
    return this.#closed.filter((closed) => closed.slot === slot).map(({ state }) => state);
  }

  /** Another one with the same contents, as in a copy of this process. */
  copy(clock: StoreClock): OpenSlots {
    const copy = new OpenSlots(clock, this.rules, this.id, this.placed);
    copy.#unnamed = this.#unnamed === null ? null : [...this.#unnamed];
    copy.generation = this.generation;
    copy.sinceMs = this.sinceMs;
    this.open.forEach((open, level) => (copy.open[level] = { ...open, ids: [...open.ids] }));
    copy.#closed = [...this.#closed];
    return copy;
  }

  /** Rule 2: once the store has told its time, what was counted before moves by whole finest slots. */
  #name(now: boolean): void {
    const unnamed = this.#unnamed;
    const isOver = now || this.clock.monotonicAt(this.clock.nowMs()) >= this.#unnamedUntilMs;
    if (unnamed === null || (!this.clock.isKnown && !isOver)) return;
    this.#unnamed = null;
    const finestMs = tiers[0]!.slotSeconds * 1000;
    const shiftMs = Math.round(this.clock.firstShiftMs / finestMs) * finestMs;
    const firstMs = (unnamed[0]?.hostMs ?? this.clock.nowMs() - shiftMs) + shiftMs;
    this.open.forEach((open, level) => (open.slot = slotAt(level, firstMs)));
    this.sinceMs = Math.min(this.sinceMs + shiftMs, this.clock.nowMs());
    for (const { measurement, hostMs } of unnamed) {
      this.#rollTo(hostMs + shiftMs);
      this.#put(measurement, hostMs + shiftMs);
    }
  }

  #put(measurement: number, storeMs: number): void {
    for (const open of this.open) {
      open.ids.push(measurement);
      open.version++;
    }
    this.placed(
      measurement,
      this.open.map(({ slot }) => slot),
      storeMs,
    );
  }

  #close(open: OpenSlot, nowMs: number): void {
    if (open.version > 0) {
      const version = open.version + (this.rules.closingIsAChange ? 1 : 0);
      const asOfMs = Math.min(nowMs, open.slot.endMs);
      this.#closed.push({ slot: open.slot, state: { field: this.field, version, final: true, asOfMs, ids: open.ids } });
    }
    open.ids = [];
    open.version = 0;
  }
}
