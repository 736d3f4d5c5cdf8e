import type { LiveConfig } from './config/live-config.js';
import type { EffectiveOptions } from './options.js';
import type { ProcessSampler } from './record/process.js';
import type { Recorder } from './record/recorder.js';
import type { SelfDescription } from './self-description.js';

/** What is looked at. */
export interface SamplingOptions {
  readonly recorder: Recorder;
  readonly sampler: ProcessSampler;
  readonly description: SelfDescription;
  readonly config: LiveConfig<EffectiveOptions>;
}

/** Looks at the process and at calls in flight every few seconds; keeps no process alive. */
export class Sampling {
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: SamplingOptions) {
    // A new interval begins at once: the one under way may be a minute.
    options.config.onChange(() => {
      if (this.#timer !== null) this.#schedule();
    });
  }

  /** Takes a sample now, then on the interval. */
  start(): void {
    void this.sample();
    this.#schedule();
  }

  /** Looks once; resolves when the summary that beats carry is made. Never rejects. */
  async sample(): Promise<void> {
    const { recorder, sampler, description } = this.options;
    recorder.guard('process', () => {
      sampler.sample();
      recorder.llm.sweep();
    });
    await description.refresh().catch((error: unknown) => recorder.refusals.failed('summary', error));
  }

  /** Ends it. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.options.sampler.stop();
  }

  #schedule(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.sample(), this.options.config.effective.sampleIntervalMs);
    this.#timer.unref();
  }
}
