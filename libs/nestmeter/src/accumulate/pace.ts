import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.js';

/** Together with the state that overruns it and a garbage collection of about 5 ms it stays below 10 ms. */
const sliceMs = 2;

/** Gives way to the event loop after each 2 ms of work. */
export class Pace {
  #sliceEndsMs: number;

  constructor(private readonly clock: Clock) {
    this.#sliceEndsMs = clock.monotonicMs() + sliceMs;
  }

  get isDue(): boolean {
    return this.clock.monotonicMs() > this.#sliceEndsMs;
  }

  async giveWay(): Promise<void> {
    await setImmediate();
    this.#sliceEndsMs = this.clock.monotonicMs() + sliceMs;
  }
}
