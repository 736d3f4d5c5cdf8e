import { types } from 'node:util';
import { llmFamily } from '../accumulate/llm-family.js';
import type { ExtractAnswer, LLMAnswer } from './answer/answer.js';
import { readAnswer, StreamReader } from './answer/read-answer.js';
import { classifyLLMError } from './llm-error.js';
import type { LLMFacts, LLMOutcome } from './llm-facts.js';
import { componentOf, settleCall } from './llm-settle.js';
import { observeResult, type ResultObserver, type StreamEnd } from './observe-result.js';
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

/** A stream without a chunk for this long is given up. */
const silentStreamMs = 10 * 60_000;
/**
 * Any other call without an answer for this long is given up: longer than three attempts of an SDK with its default
 * time limit, so it is a promise that nobody ever asked.
 */
const silentCallMs = 60 * 60_000;

/** The LLM calls of one monitor: those under way, and where they are counted. */
export class LLMCalls {
  readonly #active = new Set<LLMCall>();

  constructor(private readonly recorder: Recorder) {}

  /**
   * Calls `method` as an LLM call: same `this`, arguments, result object and errors. A call that `beforeCall` refuses is
   * not made: its error comes as the method's own would, as a rejection where the method is `async`.
   *
   * @param isAsync whether the method is an `async` function, perhaps under other decorators
   */
  track<This, Args extends unknown[], Result>(
    start: LLMCallStart,
    method: (this: This, ...args: Args) => Result,
    self: This,
    args: Args,
    isAsync = types.isAsyncFunction(method),
  ): Result {
    try {
      this.recorder.options.beforeCall?.(start);
    } catch (error) {
      this.record(start, { outcome: 'refused', durationMs: 0, streamed: false, answer: {}, nested: false });
      if (isAsync) return Promise.reject(error) as Result;
      throw error;
    }
    const call = this.recorder.guard('llm', () => new LLMCall(this.recorder, this.#active, start));
    if (call === undefined) return method.apply(self, args);
    let result: Result;
    try {
      result = runInScope(call, () => method.apply(self, args));
    } catch (error) {
      call.error(error);
      throw error;
    }
    return observeResult(result, call, types.isAsyncFunction(method));
  }

  /** Counts a call that was made elsewhere and ended just now. */
  record({ provider, model, operation, tags }: LLMCallStart, facts: LLMFacts): void {
    const { recorder } = this;
    const scope = currentScope();
    const parent = scope?.recorder === recorder ? scope : null;
    if (parent !== null && facts.outcome !== 'refused') {
      parent.childTimed(componentOf(provider), facts.durationMs);
      parent.waitTimed(facts.durationMs);
    }
    const allTags = tagsInside(parent, tags);
    settleCall(recorder, { provider, model, operation, tags: allTags, parent, facts, endMs: recorder.now() });
  }

  /** Calls under way and the age of the oldest in milliseconds, by provider and model. */
  active(): { provider: string; model: string; calls: number; oldestMs: number }[] {
    const now = this.recorder.now();
    const groups = new Map<string, { provider: string; model: string; calls: number; oldestMs: number }>();
    // In order of their beginning: the first of a group is its oldest.
    for (const call of this.#active) {
      const { provider, model } = call.start;
      const key = `${provider}\0${model}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { provider, model, calls: 1, oldestMs: now - call.startMs });
      else group.calls++;
    }
    return [...groups.values()];
  }

  /** Gives up streams that have been silent for ten minutes, and other calls that have been for an hour. */
  sweep(): void {
    const now = this.recorder.now();
    for (const call of this.#active)
      if (now - call.lastSignMs >= (call.streamed ? silentStreamMs : silentCallMs)) call.abandon();
  }
}

function tagsInside(
  parent: Scope | null,
  own: Readonly<Record<string, string>> | null,
): Readonly<Record<string, string>> | null {
  const around = parent?.tags ?? null;
  return own === null || around === null ? (own ?? around) : { ...around, ...own };
}

/** An LLM call under way. */
class LLMCall implements Scope, ResultObserver {
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
