import { llmFamily } from '../accumulate/llm-family.js';
import type { LLMAnswer } from './answer/answer.js';
import type { CallHold } from './call-gate.js';
import { recordComponent } from './components.js';
import { countCall, countUsage, type LLMFacts } from './llm-facts.js';
import { costOfCall, type LLMCost, type Unpriced } from './price/cost.js';
import type { Recorder } from './recorder.js';
import type { Scope } from './scope.js';
import type { LLMSpan } from './span/llm-span.js';

/** An LLM call that is over, ready to be priced and counted. */
export interface EndedCall {
  readonly provider: string;
  /** The model asked for; that of the answer wins. */
  readonly model: string;
  readonly operation: string;
  /** Declared tags, those of the scopes around included. */
  readonly tags: Readonly<Record<string, string>> | null;
  /** What it was inside of. */
  readonly parent: Scope | null;
  readonly facts: LLMFacts;
  /** Whether it was made because another provider failed. */
  readonly takesOver: boolean;
  /** Monotonic. */
  readonly endMs: number;
  /** Ended once the cost is known. */
  readonly span?: LLMSpan | null;
  /** What the gate keeps for it. */
  readonly hold?: CallHold | null;
}

/** Prices reach no further: longer names are hostile, and the price table would keep them. */
const longestPricedName = 256;

/** What an application gave as the name of a provider, model or operation, as text; `unknown` if it is none. */
export function nameOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : 'unknown';
}

/** Name under which an LLM call is a component of the operation around it. */
export function componentOf(provider: string): string {
  return `llm.${provider}`;
}

/**
 * Prices a call and counts it; never throws. A call whose price is not known while price tables are still loading waits
 * for them, which only the first calls of a process meet.
 */
export function settleCall(recorder: Recorder, call: EndedCall): void {
  try {
    const { facts } = call;
    const { outcome, nested, cost } = facts;
    if (cost !== undefined || nested || outcome === 'refused' || !toldTokens(facts.answer))
      return countSettled(recorder, call, cost);
    const priced = priceOf(recorder, call);
    if (priced.priced) return countSettled(recorder, call, priced);
    if (recorder.prices.settled || priced.reason !== 'unknown_model') return countSettled(recorder, call, undefined);
    call.span?.stopTheClock();
    void recorder.prices.ready().then(() =>
      recorder.guard('llm', () => {
        const late = priceOf(recorder, call);
        countSettled(recorder, call, late.priced ? late : undefined);
      }),
    );
  } catch (error) {
    call.span?.end(call.facts, undefined, call.tags);
    if (call.hold != null) recorder.guard('gate', () => recorder.options.gate?.released(call.hold!));
    recorder.refusals.failed('llm', error);
  }
}

function priceOf({ prices, accumulator }: Recorder, call: EndedCall): LLMCost | Unpriced {
  const { provider, model, facts } = call;
  const { answer } = facts;
  const atMs = accumulator.clock.atMs(call.endMs);
  const isPriced = (name: string) => provider.length <= longestPricedName && name.length <= longestPricedName;
  const asked = () => (isPriced(model) ? prices.lookup(provider, model, atMs) : null);
  if (answer.model === undefined) return costOfCall(answer, asked());
  const answered = isPriced(answer.model) ? prices.lookupAnswered(provider, answer.model, atMs) : null;
  // Only once all sources are there does the price of the model asked for stand in for the one that answered.
  return costOfCall(answer, answered !== null || !prices.settled ? answered : asked());
}

function countSettled(recorder: Recorder, call: EndedCall, cost: LLMCost | undefined): void {
  const { facts, parent, provider, endMs } = call;
  call.span?.end(facts, cost, call.tags);
  const { answer, outcome } = facts;
  const state = recorder.series(llmFamily, provider, answer.model ?? call.model, call.operation).open(endMs);
  countCall(state, facts, cost);
  if (call.takesOver) state.count(llmFamily.counter.failovers);
  if (call.tags !== null) countTags(recorder, call.tags, call, cost);
  if (recorder.options.gate !== undefined) recorder.guard('gate', () => tellGate(recorder, call, cost));
  if (parent === null || outcome === 'refused') return;
  const failed = outcome === 'failed' || outcome === 'incomplete';
  if (parent.operation !== null && !parent.isLLMCall) {
    const component = componentOf(provider);
    const { operation } = parent;
    recordComponent(recorder, { operation, component, ms: facts.durationMs, success: !failed }, endMs);
  }
  if (facts.nested) return;
  const told = toldTokens(answer);
  parent.addLLMCall(
    {
      inputTokens: answer.inputTokens,
      outputTokens: answer.outputTokens,
      costNanoUsd: cost?.totalNanoUsd,
      unpriced: told && cost === undefined,
      withoutUsage: !told && outcome === 'completed',
      failure: failed ? (facts.errorCategory ?? 'unknown') : null,
    },
    endMs,
  );
}

/** Failures in which the provider surely did nothing that it bills: it said so, or was never asked. */
const unbilled = new Set([
  'authentication',
  'permission',
  'rate_limit',
  'quota',
  'invalid_request',
  'context_length',
  'overloaded',
  'application',
]);

function tellGate(
  recorder: Recorder,
  { provider, model, operation, tags, facts, hold = null }: EndedCall,
  cost?: LLMCost,
): void {
  const { gate } = recorder.options;
  if (gate === undefined || !gate.isClosing || facts.outcome === 'refused') return;
  if (facts.nested) {
    if (hold !== null) gate.released(hold);
    return;
  }
  const { answer, outcome, errorCategory } = facts;
  const tokens = toldTokens(answer) ? (answer.inputTokens ?? 0) + (answer.outputTokens ?? 0) : undefined;
  const mayHaveSpent = outcome !== 'failed' || !unbilled.has(errorCategory ?? 'unknown');
  const told = { askedModel: model, model: answer.model ?? model, tokens, costNanoUsd: cost?.totalNanoUsd };
  gate.ended({ provider, operation, tags, mayHaveSpent, ...told }, hold);
}

function countTags(
  recorder: Recorder,
  tags: Readonly<Record<string, string>>,
  { facts, endMs }: EndedCall,
  cost: LLMCost | undefined,
): void {
  for (const [tag, family] of recorder.options.tagFamilies)
    if (Object.hasOwn(tags, tag)) countUsage(recorder.series(family, tags[tag]).open(endMs), facts, cost);
}

/** Whether an answer says what was used. */
export function toldTokens({ inputTokens, outputTokens }: LLMAnswer): boolean {
  return inputTokens !== undefined || outputTokens !== undefined;
}
