import type { ExtractAnswer, StreamedAnswer } from './answer/answer.js';
import { StreamReader } from './answer/read-answer.js';

/** What the items of a stream said of its pace. Undefined is unknown. */
export interface StreamPace {
  /** When the first item with content came, on the clock of the items; undefined when none has. */
  readonly firstTokenMs: number | undefined;
  /** Mean time between the items from the first one with content on; undefined with less than two. */
  readonly chunkGapMs: number | undefined;
  /** Output tokens that came with the first item with content or after it: all but reasoning that was over by then. */
  readonly writtenTokens: number | undefined;
}

/** A streamed answer while it comes: what its items say, and when those with content came. */
export class TimedStream {
  readonly #reader: StreamReader;
  #firstTokenMs: number | null = null;
  #lastTokenMs = 0;
  #tokenItems = 0;

  /** @param extract as for {@link StreamReader} */
  constructor(extract: ExtractAnswer | undefined) {
    this.#reader = new StreamReader(extract);
  }

  /** What the stream said so far; see {@link StreamReader.answer}. */
  get answer(): StreamedAnswer {
    return this.#reader.answer;
  }

  /** Whether a reader knows the shape of this stream. */
  get recognised(): boolean {
    return this.#reader.recognised;
  }

  /** Name of the reader that knows its shape; `unknown` while none does. */
  get shape(): string {
    return this.#reader.shape;
  }

  /** Takes the next item. Never throws. @param nowMs monotonic */
  item(item: unknown, nowMs: number): void {
    const reader = this.#reader;
    reader.item(item);
    if (!reader.answer.contentSeen && reader.recognised) {
      // What came before the first item of a known shape was no content after all (Azure's filter results).
      this.#firstTokenMs = null;
      this.#tokenItems = 0;
      return;
    }
    // Chunks of unknown shape count as content: there is nothing better to tell the first token by.
    this.#firstTokenMs ??= nowMs;
    this.#lastTokenMs = nowMs;
    this.#tokenItems++;
  }

  /** Its pace so far. */
  get pace(): StreamPace {
    const { outputTokens, reasoningTokens = 0, reasoningFirst } = this.#reader.answer;
    const firstTokenMs = this.#firstTokenMs;
    const gaps = this.#tokenItems - 1;
    return {
      firstTokenMs: firstTokenMs ?? undefined,
      chunkGapMs: firstTokenMs !== null && gaps > 0 ? (this.#lastTokenMs - firstTokenMs) / gaps : undefined,
      writtenTokens: outputTokens && Math.max(0, outputTokens - (reasoningFirst === true ? 0 : reasoningTokens)),
    };
  }
}
