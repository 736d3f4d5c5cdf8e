import type { Recorder } from './recorder.js';

/** What is known of a completed call that did not tell its tokens. */
export interface SilentCall {
  readonly provider: string;
  readonly model: string;
  readonly streamed: boolean;
  /** The reader that knew the answer's shape; `unknown` when none did. */
  readonly shape: string;
}

/**
 * Warns of completed calls whose tokens are unknown, with what to do about it: once for each cause. They are counted as
 * `calls_without_usage`.
 */
export class MissingUsage {
  readonly #warned = new Set<string>();

  constructor(private readonly recorder: Recorder) {}

  /** Warns unless that was done for the same cause. */
  noticed({ provider, model, streamed, shape }: SilentCall): void {
    const fix = fixOf(streamed, shape);
    if (this.#warned.has(fix)) return;
    this.#warned.add(fix);
    const call = streamed ? 'A stream' : 'A call';
    this.recorder.warn(
      `${call} of ${provider.slice(0, 100)} (${model.slice(0, 100)}) ended without telling its tokens, so its cost is unknown. ${fix} Further ones are counted as calls_without_usage.`,
    );
  }
}

function fixOf(streamed: boolean, shape: string): string {
  if (shape === 'unknown')
    return 'Its answer has no known shape: let the tracked method return what the SDK answers, or give @TrackLLMCall the option extract.';
  if (streamed && shape === 'openai-chat') return 'Ask for them with stream_options: { include_usage: true }.';
  return 'Read the answer or the stream to its end, or give @TrackLLMCall the option extract.';
}
