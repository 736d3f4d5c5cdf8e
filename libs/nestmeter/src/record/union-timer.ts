/** The time in which at least one of several overlapping things was running, in milliseconds. Exact, without a list. */
export class UnionTimer {
  #running = 0;
  #since = 0;
  #total = 0;

  /** One begins. @param nowMs monotonic */
  begin(nowMs: number): void {
    if (this.#running++ === 0) this.#since = nowMs;
  }

  /** One ends. */
  end(nowMs: number): void {
    if (--this.#running === 0) this.#total += nowMs - this.#since;
  }

  /** The time so far; those still running count up to now. */
  at(nowMs: number): number {
    return this.#running > 0 ? this.#total + nowMs - this.#since : this.#total;
  }

  /** Adds time that was measured elsewhere and is taken not to overlap. */
  add(ms: number): void {
    this.#total += ms;
  }
}
