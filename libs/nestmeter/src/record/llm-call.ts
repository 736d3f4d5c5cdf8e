import { llmFamily } from '../accumulate/llm-family.js';
import type { ExtractAnswer, LLMAnswer } from './answer/answer.js';
import { abortedAs, isAborted } from './abort-signal.js';
import type { CallHold } from './call-gate.js';
import { CallAttempts } from './attempt/call-attempts.js';
import { attemptsOfAnswer } from './attempt/told-attempts.js';
import { readAnswer } from './answer/read-answer.js';
import { classifyLLMError, messageOfError } from './llm-error.js';
import { noteOutcome, takeOver } from './failover.js';
import type { LLMFacts, LLMOutcome } from './llm-facts.js';
import { componentOf, settleCall, toldTokens } from './llm-settle.js';
import type { ResultObserver, StreamEnd } from './observe-result.js';
import type { Recorder } from './recorder.js';
import { currentScope, type LLMShare, runInScope, type Scope } from './scope.js';
import type { LLMSpan } from './span/llm-span.js';
import { type Tags, tagsInside } from './tags.js';
import { TimedStream } from './timed-stream.js';

/** What is known of an LLM call before it is made. */
export interface LLMCallStart {
  readonly provider: string;
  readonly model: string;
  readonly operation: string;
  readonly tags: Tags | null;
  readonly extract?: ExtractAnswer | undefined;
}

/** An LLM call under way. */
export class LLMCall implements Scope, ResultObserver {
  readonly parent: Scope | null;
  readonly operation: string | null;
  readonly isLLMCall = true;
  failedProvider: string | null = null;
  streamed = false;
  startMs: number;
  lastSignMs: number;
  /** Time from the call until it turned out to be a cold stream; its readers come later. */
  #earlierMs = 0;
  #stream: TimedStream | null = null;
  #hasInner = false;
  /** Whether a reader knew the answer that was no stream. */
  #isKnown = false;
  #ownTags: Tags | null;
  #attempts: CallAttempts | undefined;
  readonly #takesOver: boolean;
  readonly #span: LLMSpan | null;
  #state: 'running' | 'waiting' | 'abandoned' | 'over' = 'running';

  constructor(
    readonly recorder: Recorder,
    private readonly active: Set<LLMCall>,
    readonly start: LLMCallStart,
    /** Let go of at the end: a connection that was opened inside keeps the call itself alive for as long as it is open. */
    private signal: AbortSignal | undefined,
    /** What the gate keeps for this call; let go of where the call may never begin. */
    public hold: CallHold | null = null,
  ) {
    const scope = currentScope();
    this.parent = scope?.recorder === recorder ? scope : null;
    this.#ownTags = start.tags;
    this.#takesOver = takeOver(recorder, this.parent, start.provider);
    this.operation = this.parent?.operation ?? null;
    this.#span = recorder.options.spans?.llmCall(start) ?? null;
    this.startMs = this.lastSignMs = recorder.now();
    this.#begin(this.startMs);
  }

  get tags(): Tags | null {
    return tagsInside(this.parent, this.#ownTags);
  }

  /** Made at the first request; what begins after the end is none of this call. */
  get attempts(): CallAttempts | undefined {
    if (this.#state === 'over' || this.#state === 'abandoned') return undefined;
    return (this.#attempts ??= new CallAttempts(this.recorder, this.start));
  }

  tag(tags: Tags): void {
    this.#ownTags = { ...this.#ownTags, ...tags };
  }

  run<R>(code: () => R): R {
    return this.#span === null ? runInScope(this, code) : this.#span.run(() => runInScope(this, code));
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

  around(value: object): void {
    const attempts = attemptsOfAnswer(value);
    if (attempts !== null) this.attempts?.told(attempts);
  }

  value(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.around(value);
    const read = this.recorder.guard('llm.answer', () => readAnswer(value, this.#extract)) ?? null;
    this.#isKnown = read !== null;
    const answer = read ?? {};
    if (answer.failure === undefined) this.#finish('completed', answer);
    else this.#finish('failed', answer, answer.failure.category);
  }

  error(error: unknown): void {
    const category = this.recorder.guard('llm.error', () => classifyLLMError(error).category) ?? 'unknown';
    this.recorder.guard('attempts', () => this.attempts?.failed(error));
    this.recorder.guard('llm.error', () => this.#noteError(category, error));
    const answer = this.#stream?.answer ?? {};
    if (category === 'cancelled') this.#giveUp(answer, 'thrown');
    else this.#finish('failed', answer, category);
  }

  #noteError(category: string, error: unknown): void {
    const { lastErrors, accumulator } = this.recorder;
    if (lastErrors === null || category === 'cancelled' || this.#state === 'over') return;
    const message = messageOfError(error);
    if (message !== null) lastErrors.note(this.start.provider, category, message, accumulator.clock.nowMs());
  }

  unread(source: 'cold' | 'hot'): void {
    this.streamed = true;
    this.lastSignMs = this.recorder.now();
    if (source === 'hot' || this.#state !== 'running') return;
    this.#state = 'waiting';
    this.#earlierMs = this.lastSignMs - this.startMs;
    this.#leave(this.lastSignMs);
    // Nobody may ever read it: what is kept for it would be kept for ever.
    const { hold, recorder } = this;
    this.hold = null;
    if (hold !== null) recorder.guard('gate', () => recorder.options.gate?.released(hold));
  }

  streaming(): void {
    this.lastSignMs = this.recorder.now();
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    this.startMs = this.lastSignMs;
    this.#begin(this.startMs);
  }

  item(item: unknown): void {
    this.lastSignMs = this.recorder.now();
    (this.#stream ??= new TimedStream(this.#extract)).item(item, this.lastSignMs);
  }

  end(how: StreamEnd): void {
    const stream = this.#stream;
    const answer: LLMAnswer = stream?.answer ?? {};
    if (answer.failure !== undefined) this.#finish('failed', answer, answer.failure.category);
    // Who leaves once the provider has said that the answer is over, leaves nothing out.
    else if (stream?.answer.terminal === true) this.#finish('completed', answer);
    else if (how === 'cancelled') this.#giveUp(answer, 'ended');
    else if (how === 'stopped') this.#finish('stopped', answer);
    // A stream of unknown shape has no terminal event to wait for; one without a single item is no answer.
    else if (stream !== null && !stream.recognised) this.#finish('completed', answer);
    else this.#endEarly(answer);
  }

  /** A stream that stopped short; some SDKs end it so when the caller aborts it. */
  #endEarly(answer: LLMAnswer): void {
    if (isAborted(this.signal)) this.#giveUp(answer, 'ended');
    else this.#finish('incomplete', answer);
  }

  #giveUp(answer: LLMAnswer, how: 'thrown' | 'ended'): void {
    if (abortedAs(this.signal, how) === 'timeout') this.#finish('failed', answer, 'timeout');
    else this.#finish('cancelled', answer);
  }

  abandon(): void {
    this.#finish('abandoned', this.#stream?.answer ?? {});
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
    this.signal = undefined;
    if (!this.#hasInner) this.#noteEnd(outcome, answer);
    const attempts = this.#attempts?.end(answer.model);
    const takesOver = this.#takesOver;
    const { firstTokenMs, chunkGapMs, writtenTokens } = this.#stream?.pace ?? {};
    const facts: LLMFacts = {
      outcome,
      durationMs: this.#earlierMs + endMs - startMs,
      streamed: this.streamed,
      timeToFirstTokenMs: firstTokenMs === undefined ? undefined : this.#earlierMs + firstTokenMs - startMs,
      chunkGapMs,
      writtenTokens,
      answer,
      errorCategory,
      rateLimited: errorCategory === 'rate_limit',
      retries: attempts?.retries,
      rateLimitedAttempts: attempts?.rateLimited,
      nested: this.#hasInner,
    };
    const { hold } = this;
    settleCall(recorder, { provider, model, operation, tags, parent, facts, takesOver, endMs, span: this.#span, hold });
  }

  /** What follows from how it ended for others: fail-over, and a warning where tokens are missing. */
  #noteEnd(outcome: LLMOutcome, answer: LLMAnswer): void {
    const { parent, recorder, streamed, start } = this;
    const { provider, model } = start;
    noteOutcome(parent, provider, outcome);
    if (outcome !== 'completed' || toldTokens(answer)) return;
    const shape = this.#stream?.shape ?? (this.#isKnown ? 'known' : 'unknown');
    recorder.llm.missingUsage.noticed({ provider, model, streamed, shape });
  }
}
