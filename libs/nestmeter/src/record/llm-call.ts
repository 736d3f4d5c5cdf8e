import { types } from 'node:util';
import { llmFamily } from '../accumulate/families.js';
import { type ExtractAnswer, type LLMAnswer } from './answer/answer.js';
import { readAnswer, StreamReader } from './answer/read-answer.js';
import { recordComponent } from './components.js';
import { classifyLLMError } from './llm-error.js';
import { countCall, countUsage, type LLMFacts, type LLMOutcome } from './llm-facts.js';
import { observeResult, type ResultObserver, type StreamEnd } from './observe-result.js';
import { costOfCall, type LLMCost } from './price/cost.js';
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
const abandonedMs = 10 * 60_000;

/** The LLM calls of one monitor: those under way, and where they are counted. */
export class LLMCalls {
  readonly #active = new Set<LLMCall>();

  constructor(private readonly recorder: Recorder) {}

  /** Calls `method` as an LLM call: same `this`, arguments, result object and errors. */
  track<This, Args extends unknown[], Result>(
    start: LLMCallStart,
    method: (this: This, ...args: Args) => Result,
    self: This,
    args: Args,
  ): Result {
    this.#allow(start);
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

  /** Counts a call that was made elsewhere. */
  record(start: LLMCallStart, facts: LLMFacts): void {
    const now = this.recorder.now();
    const scope = currentScope();
    settleCall(this.recorder, scope?.recorder === this.recorder ? scope : null, start, facts, now);
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

  /** Gives up streams that have been silent for ten minutes. */
  sweep(): void {
    const now = this.recorder.now();
    for (const call of this.#active) if (call.streamed && now - call.lastSignMs >= abandonedMs) call.abandon();
  }

  #allow(start: LLMCallStart): void {
    const { beforeCall } = this.recorder.options;
    if (beforeCall === undefined) return;
    try {
      beforeCall(start);
    } catch (error) {
      this.record(start, { outcome: 'refused', durationMs: 0, streamed: false, answer: {}, nested: false });
      throw error;
    }
  }
}

/** An LLM call under way. */
class LLMCall implements Scope, ResultObserver {
  readonly parent: Scope | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly operation: string | null;
  streamed = false;
  startMs: number;
  lastSignMs: number;
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
    this.tags = start.tags === null ? (this.parent?.tags ?? null) : { ...this.parent?.tags, ...start.tags };
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

  waitBegan(): void {
    this.#hasInner = true;
  }

  waitEnded(): void {}

  addLLMCall(share: LLMShare, nowMs: number): void {
    this.parent?.addLLMCall(share, nowMs);
  }

  value(value: unknown): void {
    const answer = this.recorder.guard('llm.answer', () => readAnswer(value, this.start.extract)) ?? {};
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
    const reader = (this.#reader ??= new StreamReader(this.start.extract));
    const now = (this.lastSignMs = this.recorder.now());
    reader.item(item);
    if (!reader.answer.contentSeen && reader.recognised) return;
    // Chunks of unknown shape count as content: there is nothing better to tell the first token by.
    this.#firstTokenMs ??= now;
    this.#lastTokenMs = now;
    this.#tokenItems++;
  }

  end(how: StreamEnd): void {
    const reader = this.#reader;
    const answer: LLMAnswer = reader?.answer ?? {};
    if (how !== 'ended') this.#finish(how, answer);
    else if (answer.failure !== undefined) this.#finish('failed', answer, answer.failure.category);
    else
      this.#finish(
        reader !== null && reader.recognised && !reader.answer.terminal ? 'incomplete' : 'completed',
        answer,
      );
  }

  abandon(): void {
    this.#finish('abandoned', this.#reader?.answer ?? {});
    this.#state = 'abandoned';
  }

  #begin(nowMs: number): void {
    this.active.add(this);
    this.parent?.waitBegan(nowMs);
    if (!(this.parent instanceof LLMCall)) this.parent?.childBegan(this.#component, nowMs);
  }

  #leave(nowMs: number): void {
    this.active.delete(this);
    this.parent?.waitEnded(nowMs);
    if (!(this.parent instanceof LLMCall)) this.parent?.childEnded(this.#component, nowMs);
  }

  get #component(): string {
    return componentOf(this.start);
  }

  #finish(outcome: LLMOutcome, answer: LLMAnswer, errorCategory?: string): void {
    const { recorder, start } = this;
    if (this.#state === 'abandoned') {
      this.#state = 'over';
      const series = recorder.series(llmFamily, start.provider, answer.model ?? start.model, start.operation);
      series.open(recorder.now()).count(llmFamily.counter.late_ends);
    }
    if (this.#state === 'over') return;
    const now = recorder.now();
    if (this.#state === 'running') this.#leave(now);
    this.#state = 'over';
    const gaps = this.#tokenItems - 1;
    const facts: LLMFacts = {
      outcome,
      durationMs: now - this.startMs,
      streamed: this.streamed,
      timeToFirstTokenMs: this.#firstTokenMs === null ? undefined : this.#firstTokenMs - this.startMs,
      chunkGapMs: gaps > 0 ? (this.#lastTokenMs - this.#firstTokenMs!) / gaps : undefined,
      answer,
      errorCategory,
      rateLimited: errorCategory === 'rate_limit',
      nested: this.#hasInner,
    };
    priceAndSettle(recorder, this.parent, { ...start, tags: this.tags }, facts, now);
  }
}

/** Name under which an LLM call is a component of the operation around it. */
function componentOf({ provider }: LLMCallStart): string {
  return `llm.${provider}`;
}

/** Prices a call and counts it; waits for price tables that are still loading, which only the first calls meet. */
function priceAndSettle(
  recorder: Recorder,
  parent: Scope | null,
  start: LLMCallStart,
  facts: LLMFacts,
  nowMs: number,
): void {
  const settle = (): void => {
    const cost = facts.nested ? undefined : priceOf(recorder, start, facts.answer, nowMs);
    settleCall(recorder, parent, start, cost === undefined ? facts : { ...facts, cost }, nowMs);
  };
  recorder.guard('llm', () => {
    const known = recorder.prices.settled || facts.answer.inputTokens === undefined;
    if (known) settle();
    else void recorder.prices.ready().then(() => recorder.guard('llm', settle));
  });
}

function priceOf(recorder: Recorder, start: LLMCallStart, answer: LLMAnswer, nowMs: number): LLMCost | undefined {
  const { prices, accumulator } = recorder;
  const atMs = accumulator.clock.atMs(nowMs);
  const answered = answer.model === undefined ? null : prices.lookup(start.provider, answer.model, atMs);
  const cost = costOfCall(answer, answered ?? prices.lookup(start.provider, start.model, atMs));
  return cost.priced ? cost : undefined;
}

function settleCall(
  recorder: Recorder,
  parent: Scope | null,
  start: LLMCallStart,
  facts: LLMFacts,
  nowMs: number,
): void {
  const { answer, cost, outcome } = facts;
  const model = answer.model ?? start.model;
  countCall(recorder.series(llmFamily, start.provider, model, start.operation).open(nowMs), facts);
  const tags = start.tags ?? parent?.tags;
  for (const [tag, family] of recorder.options.tagFamilies) {
    const value = tags?.[tag];
    if (value !== undefined) countUsage(recorder.series(family, value).open(nowMs), facts);
  }
  if (parent === null || outcome === 'refused') return;
  const failed = outcome === 'failed' || outcome === 'incomplete';
  if (parent.operation !== null && !(parent instanceof LLMCall))
    recordComponent(
      recorder,
      { operation: parent.operation, component: componentOf(start), ms: facts.durationMs, success: !failed },
      nowMs,
    );
  if (facts.nested) return;
  const told = answer.inputTokens !== undefined || answer.outputTokens !== undefined;
  parent.addLLMCall(
    {
      inputTokens: answer.inputTokens,
      outputTokens: answer.outputTokens,
      costNanoUsd: cost?.totalNanoUsd,
      unpriced: told && cost === undefined,
      withoutUsage: !told && outcome === 'completed',
      failure: failed ? (facts.errorCategory ?? 'unknown') : null,
    },
    nowMs,
  );
}
