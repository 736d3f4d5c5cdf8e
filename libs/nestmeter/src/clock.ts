/**
 * The two clocks of a process. Durations come from `monotonicMs` only, points in time from `wallMs` only (and, once a
 * store answered, from {@link StoreClock}).
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. For differences only. */
  monotonicMs(): number;
  /** Unix milliseconds of this host; may step in either direction. */
  wallMs(): number;
}

/** The clocks of the running process. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** A clock that moves only when told to, for tests and simulations. */
export class ManualClock implements Clock {
  #monotonicMs = 0;

  /** @param wall Unix milliseconds at the start. */
  constructor(private wall: number) {}

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.wall;
  }

  /** Lets `ms` milliseconds pass on both clocks. */
  advance(ms: number): void {
    this.#monotonicMs += ms;
    this.wall += ms;
  }

  /** Steps the wall clock alone, as an operator or NTP may; negative steps go back. */
  step(ms: number): void {
    this.wall += ms;
  }
}

interface Sample {
  atMs: number;
  offsetMs: number;
  roundTripMs: number;
}

const sampleLifeMs = 60_000;
/** Above any drift of two quartz clocks within a minute (100 ppm = 6 ms), so that drift is not read as a step. */
const driftMs = 10;

/**
 * Rule 2. The store's time as this process knows it: the only clock that slots use, so that all replicas agree on them.
 *
 * Every store call is a sample. Of the last minute the one with the shortest round trip counts, since its error is at
 * most half of that. A sample which contradicts it by more than both errors allow means that the store's clock was
 * stepped: what was known before is dropped. Before the first sample the host's wall clock serves.
 */
export class StoreClock {
  #samples: Sample[] = [];
  #offsetMs: number;
  #synchronised = false;
  #firstShiftMs = 0;

  constructor(private readonly clock: Clock) {
    this.#offsetMs = clock.wallMs() - clock.monotonicMs();
  }

  /** Unix milliseconds of the store, now. */
  nowMs(): number {
    return this.clock.monotonicMs() + this.#offsetMs;
  }

  /** Unix milliseconds of the store at a monotonic reading of this process. */
  atMs(monotonicMs: number): number {
    return monotonicMs + this.#offsetMs;
  }

  /** The monotonic reading at which the store's clock shows `storeMs`. */
  monotonicAt(storeMs: number): number {
    return storeMs - this.#offsetMs;
  }

  /** Whether the store has told its time yet. */
  get isKnown(): boolean {
    return this.#synchronised;
  }

  /** Milliseconds by which the first sample moved this clock forward; 0 before it. */
  get firstShiftMs(): number {
    return this.#firstShiftMs;
  }

  /** Milliseconds by which the store's clock is ahead of this host's; null before the first sample. */
  offsetMs(): number | null {
    return this.#synchronised ? this.nowMs() - this.clock.wallMs() : null;
  }

  /**
   * Takes in the store's time from one call.
   *
   * @param sentMs monotonic reading before the call
   * @param receivedMs monotonic reading after the answer
   * @param storeMs what the store's clock showed in between
   */
  sample(sentMs: number, receivedMs: number, storeMs: number): void {
    const sample: Sample = {
      atMs: receivedMs,
      offsetMs: storeMs - (sentMs + receivedMs) / 2,
      roundTripMs: Math.max(0, receivedMs - sentMs),
    };
    const contradicts = (other: Sample): boolean =>
      Math.abs(other.offsetMs - sample.offsetMs) > (other.roundTripMs + sample.roundTripMs) / 2 + driftMs;
    this.#samples = this.#samples.filter((known) => receivedMs - known.atMs < sampleLifeMs && !contradicts(known));
    this.#samples.push(sample);
    const before = this.#offsetMs;
    this.#offsetMs = this.#samples.reduce((best, next) =>
      next.roundTripMs <= best.roundTripMs ? next : best,
    ).offsetMs;
    if (!this.#synchronised) this.#firstShiftMs = this.#offsetMs - before;
    this.#synchronised = true;
  }
}
