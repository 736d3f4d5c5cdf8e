import { types } from 'node:util';
import { operationFamily } from '../accumulate/families.js';
import type { Series } from '../accumulate/series.js';
import { Components, recordComponent } from './components.js';
import { categoryOfError } from './error-category.js';
import { addShare } from './llm-share.js';
import { observeResult, type ResultObserver } from './observe-result.js';
import type { Recorder } from './recorder.js';
import { isDuration } from './refusals.js';
import { currentScope, type LLMShare, runInScope, type Scope } from './scope.js';
import type { CallSpan } from './span/call-span.js';
import { type Tags, tagsInside } from './tags.js';

const { counter, distribution, tally } = operationFamily;

/** What a tracked call may say when it begins. */
export interface OperationOptions {
  /** Declared tags become dimensions of the LLM calls inside; all else goes to the debug log and the span only. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** A tracked call under way: an operation of its own, and a component of the call directly around it. */
class OperationCall implements Scope, ResultObserver {
  readonly parent: Scope | null;
  readonly isLLMCall = false;
  failedProvider: string | null = null;
  readonly components = new Components();
  readonly #series: Series;
  readonly #span: CallSpan | null;
  #ownTags: Tags | null;
  #startMs: number;
  /** Time from the call until it turned out to be a cold stream; its readers come later. */
  #earlierMs = 0;
  #warnings = 0;
  /** `waiting`: a cold stream that nobody reads yet, so that the call has not begun. */
  #state: 'running' | 'waiting' | 'over' = 'running';

  constructor(
    readonly recorder: Recorder,
    readonly operation: string,
    metadata?: Readonly<Record<string, unknown>>,
  ) {
    const scope = currentScope();
    this.parent = scope?.recorder === recorder ? scope : null;
    this.#ownTags = recorder.tagsOf(metadata);
    this.#series = recorder.series(operationFamily, operation);
    this.#span = recorder.options.spans?.operation(operation, metadata) ?? null;
    this.#startMs = recorder.now();
    this.parent?.childBegan(operation, this.#startMs);
  }

  get tags(): Tags | null {
    return tagsInside(this.parent, this.#ownTags);
  }

  tag(tags: Tags): void {
    this.#ownTags = { ...this.#ownTags, ...tags };
  }

  run<R>(code: () => R): R {
    return this.#span === null ? runInScope(this, code) : this.#span.run(() => runInScope(this, code));
  }

  warn(): void {
    this.#warnings++;
  }

  finish(success: boolean, error?: unknown): void {
    if (this.#state === 'over') return;
    const now = this.recorder.now();
    if (this.#state === 'running') this.parent?.childEnded(this.operation, now);
    this.#state = 'over';
    if (this.#span !== null) this.recorder.guard('span', () => this.#span?.end(success ? null : this.#failure(error)));
    this.recorder.guard('operation', () => this.#record(now, success, error));
  }

  childBegan(component: string, nowMs: number): void {
    this.components.begin(component, nowMs);
  }

  childEnded(component: string, nowMs: number): void {
    this.components.end(component, nowMs);
  }

  childTimed(component: string, ms: number): void {
    this.components.add(component, ms);
  }

  waitBegan(nowMs: number): void {
    this.parent?.waitBegan(nowMs);
  }

  waitEnded(nowMs: number): void {
    this.parent?.waitEnded(nowMs);
  }

  waitTimed(ms: number): void {
    this.parent?.waitTimed(ms);
  }

  addLLMCall(share: LLMShare, nowMs: number): void {
    addShare(this.#series.open(nowMs), counter, share);
    this.parent?.addLLMCall(share, nowMs);
  }

  value(): void {
    this.finish(true);
  }

  error(error: unknown): void {
    this.finish(false, error);
  }

  unread(source: 'cold' | 'hot'): void {
    if (source === 'hot' || this.#state !== 'running') return;
    this.#state = 'waiting';
    const now = this.recorder.now();
    this.#earlierMs = now - this.#startMs;
    this.parent?.childEnded(this.operation, now);
  }

  streaming(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    this.#startMs = this.recorder.now();
    this.parent?.childBegan(this.operation, this.#startMs);
  }

  item(): void {}

  /** A stream that its consumer left, or that was aborted, did not fail. */
  end(): void {
    this.finish(true);
  }

  /** What failed it, for its span; null for a call that was cancelled, which is no error there. */
  #failure(error: unknown): string | null {
    const category = this.#category(error);
    return category === 'cancelled' ? null : category;
  }

  #category(error: unknown): string {
    return error === undefined ? 'application' : categoryOfError(error);
  }

  #record(now: number, success: boolean, error: unknown): void {
    const elapsed = this.#earlierMs + now - this.#startMs;
    const state = this.#series.open(now);
    state.count(counter.calls);
    if (success) state.count(counter.successes);
    else state.tallyUp(tally.errors, this.#category(error));
    if (this.#warnings > 0) state.count(counter.warnings, this.#warnings);
    state.count(counter.own_us, Math.round(Math.max(0, elapsed - this.components.coveredMs(now)) * 1000));
    state.record(success ? distribution.success_duration : distribution.failure_duration, elapsed);
    this.components.record(this.recorder, this.operation, elapsed, now);
    const around = this.parent?.operation;
    if (around != null)
      recordComponent(this.recorder, { operation: around, component: this.operation, ms: elapsed, success }, now);
  }
}

/** A tracked call begun by hand; nothing is counted until {@link end}. */
export class StartedOperation {
  readonly #call: OperationCall | null;

  private constructor(call: OperationCall | null) {
    this.#call = call;
  }

  /** Begins a call. With no recorder it does nothing, as for code outside an application that is measured. */
  static start(recorder: Recorder | null, name: string, options: OperationOptions = {}): StartedOperation {
    const call = recorder?.guard('operation', () => new OperationCall(recorder, name, options.metadata));
    return new StartedOperation(call ?? null);
  }

  /** Runs code inside this call: what is tracked there becomes its component. */
  run<R>(code: () => R): R {
    return this.#call === null ? code() : this.#call.run(code);
  }

  /**
   * Counts a component that was timed elsewhere and ended just now; it is taken not to overlap with others.
   *
   * @param ms duration in milliseconds
   */
  component(name: string, ms: number, options?: { success?: boolean }): this {
    const success = options?.success ?? true;
    const call = this.#call;
    if (call === null) return this;
    const { recorder, operation } = call;
    if (!isDuration(ms)) recorder.refusals.refuse('operation.component', 'a duration in milliseconds');
    else
      recorder.guard('operation', () => {
        call.components.add(name, ms);
        recordComponent(recorder, { operation, component: name, ms, success }, recorder.now());
      });
    return this;
  }

  /** Counts a warning. */
  warning(): this {
    this.#call?.warn();
    return this;
  }

  /** Ends the call; further ends are ignored. */
  end(options?: { success?: boolean; error?: unknown }): void {
    const error = options?.error;
    this.#call?.finish((options?.success ?? true) && error === undefined, error);
  }
}

/**
 * Calls `method` as a tracked call: same `this`, arguments, result object and errors. Streams and promises end it when
 * they end.
 */
export function trackOperation<This, Args extends unknown[], Result>(
  recorder: Recorder,
  name: string,
  method: (this: This, ...args: Args) => Result,
  self: This,
  args: Args,
  options: OperationOptions = {},
): Result {
  const call = recorder.guard('operation', () => new OperationCall(recorder, name, options.metadata));
  if (call === undefined) return method.apply(self, args);
  let result: Result;
  try {
    result = call.run(() => method.apply(self, args));
  } catch (error) {
    call.finish(false, error);
    throw error;
  }
  return observeResult(result, call, types.isAsyncFunction(method));
}
