import { types } from 'node:util';
import { cleanLabel, other } from '../accumulate/labels.js';
import type { CallGate, CallHold } from './call-gate.js';
import { noteOutcome, takeOver } from './failover.js';
import { currentRequest } from './http-request.js';
import type { LLMFacts } from './llm-facts.js';
import { abortSignalIn } from './abort-signal.js';
import { LLMCall, type LLMCallStart } from './llm-call.js';
import { componentOf, settleCall } from './llm-settle.js';
import { MissingUsage } from './missing-usage.js';
import { observeResult } from './observe-result.js';
import type { Recorder } from './recorder.js';
import { currentScope } from './scope.js';
import { tagsInside } from './tags.js';

/** A stream without a chunk for this long is given up. */
const silentStreamMs = 10 * 60_000;
/**
 * Any other call without an answer for this long is given up: longer than three attempts of an SDK with its default
 * time limit, so it is a promise that nobody ever asked.
 */
const silentCallMs = 60 * 60_000;

/** Models whose calls under way are told apart: a beat has room for 100 levels, of which each model takes two. */
const mostModels = 30;

/** The LLM calls of one monitor: those under way, and where they are counted. */
export class LLMCalls {
  readonly #active = new Set<LLMCall>();

  /** Warns of answers without tokens. */
  readonly missingUsage: MissingUsage;

  constructor(private readonly recorder: Recorder) {
    this.missingUsage = new MissingUsage(recorder);
  }

  /**
   * Calls `method` as an LLM call: same `this`, arguments, result object and errors. A call that the gate refuses is not
   * made: its error comes as the method's own would, as a rejection where the method is `async`. Only there it may wait.
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
    const { gate } = this.recorder.options;
    if (gate === undefined || !gate.isClosing) return this.#make(start, method, self, args, null);
    let hold: CallHold | null | Promise<CallHold | null>;
    try {
      hold = this.#admit(gate, start, args, isAsync);
    } catch (error) {
      this.#refused(start);
      if (isAsync) return Promise.reject(error) as Result;
      throw error;
    }
    if (!(hold instanceof Promise)) return this.#make(start, method, self, args, hold);
    const refused = (error: unknown): never => {
      this.#refused(start);
      throw error;
    };
    return hold.then((held) => this.#make(start, method, self, args, held), refused) as Result;
  }

  #admit(gate: CallGate, start: LLMCallStart, args: readonly unknown[], mayWait: boolean) {
    const scope = currentScope();
    const parent = scope?.recorder === this.recorder ? scope : null;
    const around = parent instanceof LLMCall ? parent.hold : null;
    const { provider, model, operation, tags } = start;
    return gate.admit({ provider, model, operation, tags: tagsInside(parent, tags), args, mayWait, around });
  }

  #refused(start: LLMCallStart): void {
    this.record(start, { outcome: 'refused', durationMs: 0, streamed: false, answer: {}, nested: false });
    // It is why the request fails, if it does.
    currentRequest()?.failedBy('quota');
  }

  #make<This, Args extends unknown[], Result>(
    start: LLMCallStart,
    method: (this: This, ...args: Args) => Result,
    self: This,
    args: Args,
    hold: CallHold | null,
  ): Result {
    const call = this.recorder.guard(
      'llm',
      () => new LLMCall(this.recorder, this.#active, start, abortSignalIn(args), hold),
    );
    if (call === undefined) {
      if (hold !== null) this.recorder.guard('gate', () => this.recorder.options.gate?.released(hold));
      return method.apply(self, args);
    }
    let result: Result;
    try {
      result = call.run(() => method.apply(self, args));
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
    const takesOver = facts.outcome !== 'refused' && takeOver(recorder, parent, provider);
    noteOutcome(parent, provider, facts.outcome);
    settleCall(recorder, {
      provider,
      model,
      operation,
      tags: tagsInside(parent, tags),
      parent,
      facts,
      takesOver,
      endMs: recorder.now(),
    });
  }

  /**
   * Calls under way and the age of the oldest in milliseconds, by provider and model as labels; past 30 models the rest
   * is together in `__other__`.
   */
  active(): { provider: string; model: string; calls: number; oldestMs: number }[] {
    const now = this.recorder.now();
    const groups = new Map<string, { provider: string; model: string; calls: number; oldestMs: number }>();
    // In order of their beginning: the first of a group is its oldest.
    for (const call of this.#active) {
      let [provider, model] = labelsOf(call.start);
      if (groups.size >= mostModels && !groups.has(`${provider}\0${model}`)) [provider, model] = [other, other];
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

/** Names come from outside: in a beat they are what they are as labels of the series. */
function labelsOf({ provider, model }: LLMCallStart): readonly [provider: string, model: string] {
  const labels = [cleanLabel(provider), cleanLabel(model)] as const;
  return labels[0] === null || labels[1] === null ? [other, other] : [labels[0], labels[1]];
}
