import type { AnyFamily } from './family.js';
import { recordLevel } from './gauge.js';
import type { FamilyState } from './family-state.js';
import type { SeriesState } from './series-state.js';

/** Who keeps the open slots that series record into: the accumulator. */
export interface OpenSlots {
  /** The state of a series in the slot of now. */
  open(series: Series, monotonicMs: number): SeriesState;
  /** Lets time add to the levels of a series. */
  hold(series: Series): void;
}

/** What an accumulator keeps of a family: its open slot in the finest tier, and the sum of all before. */
export interface SeriesHome {
  readonly family: AnyFamily;
  /** What was counted, and how many changes that took. */
  part: { state: FamilyState; version: number };
  /** Series with a state in `part`. */
  readonly touched: Series[];
  /** What was counted in slots that have closed, since the process began. */
  readonly lifetime: FamilyState;
}

interface Level {
  readonly value: number;
  /** Monotonic reading up to which the level has been counted. */
  sinceMs: number;
}

/**
 * A handle on one series: recording through it is arithmetic on its state in the open slot, without a look-up. Resolve
 * it once and keep it; it stays valid for the life of the accumulator.
 */
export class Series {
  /** The state in the open slot; null until something is recorded there. Owned by the accumulator. */
  state: SeriesState | null = null;
  /** Whether this series takes what the cap leaves out. */
  readonly isOther: boolean;
  #levels: (Level | null)[] = [];

  constructor(
    private readonly slots: OpenSlots,
    readonly home: SeriesHome,
    readonly key: string,
    readonly labels: readonly string[],
    isOther: boolean,
  ) {
    this.isOther = isOther;
  }

  /**
   * The state to record into now; asking for it counts as a change.
   *
   * @param monotonicMs a monotonic reading not older than the call; it decides the slot
   */
  open(monotonicMs: number): SeriesState {
    return this.slots.open(this, monotonicMs);
  }

  /**
   * Sets a gauge's level, which holds until the next one or until {@link clearLevel}.
   *
   * @param value finite
   */
  setLevel(gauge: number, value: number, monotonicMs: number): void {
    const state = this.open(monotonicMs);
    this.settle(state, monotonicMs);
    recordLevel(state.gauge(gauge), value, 0);
    // A reading from before the last settling must not count that time twice.
    const sinceMs = Math.max(monotonicMs, this.#levels[gauge]?.sinceMs ?? monotonicMs);
    this.#levels[gauge] = { value, sinceMs };
    this.slots.hold(this);
  }

  /** The level of a gauge as last set; null when it was never set or was cleared. */
  level(gauge: number): number | null {
    return this.#levels[gauge]?.value ?? null;
  }

  /** Forgets a gauge's level: from now on it is unknown. */
  clearLevel(gauge: number, monotonicMs: number): void {
    this.settle(this.open(monotonicMs), monotonicMs);
    this.#levels[gauge] = null;
  }

  /** Whether any gauge has a level that time adds to. */
  get holds(): boolean {
    return this.#levels.some(Boolean);
  }

  /** Adds to the state the time that levels held until a monotonic reading. */
  settle(state: SeriesState, untilMs: number): void {
    this.#levels.forEach((level, gauge) => {
      if (level === null || untilMs <= level.sinceMs) return;
      recordLevel(state.gauge(gauge), level.value, (untilMs - level.sinceMs) / 1000);
      level.sinceMs = untilMs;
    });
  }

  /** Lets levels count from a monotonic reading on, leaving out what is before: nobody knows what they were then. */
  resume(fromMs: number): void {
    for (const level of this.#levels) if (level != null) level.sinceMs = Math.max(level.sinceMs, fromMs);
  }
}
