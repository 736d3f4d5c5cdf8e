import { llmFamily } from '../accumulate/llm-family.js';
import type { ExtractAnswer, LLMAnswer } from './answer/answer.js';
import { readAnswer, StreamReader } from './answer/read-answer.js';
import { classifyLLMError } from './llm-error.js';
import type { LLMFacts, LLMOutcome } from './llm-facts.js';
import { componentOf, settleCall } from './llm-settle.js';
import type { ResultObserver, StreamEnd } from './observe-result.js';
import type { Recorder } from './recorder.js';
import { currentScope, type LLMShare, runInScope, type Scope } from './scope.js';

/** What is known of an LLM call before it is made. */
export interface LLMCallStart {
  readonly provider: string;
  readonly model: string;
  readonly operation: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly extract?: ExtractAnswer | undefined;
}

/** An LLM call under way. */
export class LLMCall implements Scope, ResultObserver {
  readonly parent: Scope | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly operation: string | null;
  readonly isLLMCall = true;
  streamed = false;
  startMs: number;
  lastSignMs: number;
  /** Time from the call until it turned out to be a cold stream; its readers come later. */
  #earlierMs = 0;
  #reader: StreamReader | null = null;
  #firstTokenMs: number | null = null;
  #lastTokenMs = 0;
  #tokenItems = 0;
  #hasInner = false;
  #state: 'running' | 'waiting' | 'abandoned' | 'over' = 'running';

  constructor(
    readonly recorder: Recorder,
    private readonly active: Set<LLMCall>,
    readonly start: LLMCallStart,
  ) {
    const scope = currentScope();
    this.parent = scope?.recorder === recorder ? scope : null;
    this.tags = tagsInside(this.parent, start.tags);
    this.operation = this.parent?.operation ?? null;
    this.startMs = this.lastSignMs = recorder.now();
    this.#begin(this.startMs);
  }

  run<R>(code: () => R): R {
    return runInScope(this, code);
  }

  /** What is inside an LLM call belongs to the operation around it; inner LLM calls are covered by this one. */
  childBegan(component: string, nowMs: number): void {
    this.parent?.childBegan(component, nowMs);
  }

  childEnded(component: string, nowMs: number): void {
    this.parent?.childEnded(component, nowMs);
  }

  /** The time of this call covers it. */
  childTimed(): void {}

  waitBegan(nowMs: number): void {
    this.#hasInner = true;
    this.parent?.waitBegan(nowMs);
  }

  waitEnded(nowMs: number): void {
    this.parent?.waitEnded(nowMs);
  }

  waitTimed(): void {
    this.#hasInner = true;
  }

  addLLMCall(share: LLMShare, nowMs: number): void {
    this.parent?.addLLMCall(share, nowMs);
  }

  value(value: unknown): void {
    const answer = this.recorder.guard('llm.answer', () => readAnswer(value, this.#extract)) ?? {};
    if (answer.failure === undefined) this.#finish('completed', answer);
    else this.#finish('failed', answer, answer.failure.category);
  }

  error(error: unknown): void {
    const category = this.recorder.guard('llm.error', () => classifyLLMError(error).category) ?? 'unknown';
    const answer = this.#reader?.answer ?? {};
    if (category === 'cancelled') this.#finish('cancelled', answer);
    else this.#finish('failed', answer, category);
  }

  unread(source: 'cold' | 'hot'): void {
    this.streamed = true;
    this.lastSignMs = this.recorder.now();
    if (source === 'hot' || this.#state !== 'running') return;
    this.#state = 'waiting';
    this.#earlierMs = this.lastSignMs - this.startMs;
    this.#leave(this.lastSignMs);
  }

  streaming(): void {
    this.lastSignMs = this.recorder.now();
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    this.startMs = this.lastSignMs;
    this.#begin(this.startMs);
  }

  item(item: unknown): void {
    const reader = (this.#reader ??= new StreamReader(this.#extract));
    const now = (this.lastSignMs = this.recorder.now());
    reader.item(item);
    if (!reader.answer.contentSeen && reader.recognised) {
      // What came before the first item of a known shape was no content after all (Azure's filter results).
      this.#firstTokenMs = null;
      this.#tokenItems = 0;
      return;
    }
    // Chunks of unknown shape count as content: there is nothing better to tell the first token by.
    this.#firstTokenMs ??= now;
    this.#lastTokenMs = now;
    this.#tokenItems++;
  }

  end(how: StreamEnd): void {
    const reader = this.#reader;
    const answer: LLMAnswer = reader?.answer ?? {};
    if (answer.failure !== undefined) this.#finish('failed', answer, answer.failure.category);
    // Who leaves once the provider has said that the answer is over, leaves nothing out.
    else if (reader?.answer.terminal === true) this.#finish('completed', answer);
    else if (how !== 'ended') this.#finish(how, answer);
    else this.#finish(reader?.recognised === true ? 'incomplete' : 'completed', answer);
  }

  abandon(): void {
    this.#finish('abandoned', this.#reader?.answer ?? {});
    this.#state = 'abandoned';
  }

  #begin(nowMs: number): void {
    this.active.add(this);
    this.parent?.waitBegan(nowMs);
    if (this.parent !== null && !this.parent.isLLMCall) this.parent.childBegan(componentOf(this.start.provider), nowMs);
  }

  #leave(nowMs: number): void {
    this.active.delete(this);
    this.parent?.waitEnded(nowMs);
    if (this.parent !== null && !this.parent.isLLMCall) this.parent.childEnded(componentOf(this.start.provider), nowMs);
  }

  /** The `extract` of the application, whose failures are counted. */
  get #extract(): ExtractAnswer | undefined {
    const { extract } = this.start;
    return extract && ((value) => this.recorder.guard('extract', () => extract(value)));
  }

  #finish(outcome: LLMOutcome, answer: LLMAnswer, errorCategory?: string): void {
    const { recorder, parent, tags, startMs, start } = this;
    const { provider, model, operation } = start;
    if (this.#state === 'abandoned') {
      this.#state = 'over';
      recorder.guard('llm', () => {
        const series = recorder.series(llmFamily, provider, answer.model ?? model, operation);
        series.open(recorder.now()).count(llmFamily.counter.late_ends);
      });
    }
    if (this.#state === 'over') return;
    const endMs = recorder.now();
    if (this.#state === 'running') this.#leave(endMs);
    this.#state = 'over';
    const gaps = this.#tokenItems - 1;
    const firstTokenMs = this.#firstTokenMs;
    const facts: LLMFacts = {
      outcome,
      durationMs: this.#earlierMs + endMs - startMs,
      streamed: this.streamed,
      timeToFirstTokenMs: firstTokenMs === null ? undefined : this.#earlierMs + firstTokenMs - startMs,
      chunkGapMs: gaps > 0 ? (this.#lastTokenMs - firstTokenMs!) / gaps : undefined,
      answer,
      errorCategory,
      rateLimited: errorCategory === 'rate_limit',
      nested: this.#hasInner,
    };
    settleCall(recorder, { provider, model, operation, tags, parent, facts, endMs });
  }
}

/** Tags of a call: its own win over those of what is around it. */
export function tagsInside(
  parent: Scope | null,
  own: Readonly<Record<string, string>> | null,
): Readonly<Record<string, string>> | null {
  const around = parent?.tags ?? null;
  return own === null || around === null ? (own ?? around) : { ...around, ...own };
}
