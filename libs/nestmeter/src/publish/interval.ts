import type { Clock } from '../clock.js';

/** Shortest pause between two runs, however long one takes. */
const shortestMs = 50;

/** Runs something again and again, one run at a time; the first time within one interval. */
export class Interval {
  #timer: NodeJS.Timeout | null = null;
  #isRunning = false;

  /**
   * @param ms length of the interval in milliseconds, asked for anew each time
   * @param run must not reject
   */
  constructor(
    private readonly clock: Clock,
    private readonly ms: () => number,
    private readonly run: () => Promise<void>,
  ) {}

  start(): void {
    this.#schedule(Math.random() * this.ms());
  }

  /** What is under way goes on. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Begins the interval anew, since it became another. */
  reschedule(): void {
    if (this.#timer === null || this.#isRunning) return;
    this.stop();
    this.start();
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#tick(), delayMs);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    const started = this.clock.monotonicMs();
    this.#isRunning = true;
    await this.run();
    this.#isRunning = false;
    if (this.#timer === null) return;
    this.#schedule(Math.max(shortestMs, this.ms() - (this.clock.monotonicMs() - started)));
  }
}
