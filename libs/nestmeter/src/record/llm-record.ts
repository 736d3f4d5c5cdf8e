import { type LLMAnswer } from './answer/answer.js';
import type { LLMCalls } from './llm-call.js';
import { llmErrorCategories } from './llm-error.js';
import { llmOutcomes, type LLMOutcome } from './llm-facts.js';
import { costOfCall, reportedCost } from './price/cost.js';
import type { Recorder } from './recorder.js';
import { isCount, isDuration } from './refusals.js';

/** An LLM call that was made and measured elsewhere. Leave out what is unknown: unknown is never 0. */
export interface LLMCallRecord {
  readonly provider: string;
  readonly model: string;
  /** OpenTelemetry's operation, or any name for what the call was for. Default `chat`. */
  readonly operation?: string | undefined;
  /** Wall time in milliseconds, retries included. */
  readonly durationMs: number;
  /** Default true; `outcome` says it more exactly. */
  readonly success?: boolean | undefined;
  readonly outcome?: LLMOutcome | undefined;
  readonly errorCategory?: string | undefined;
  readonly rateLimited?: boolean | undefined;
  readonly streamed?: boolean | undefined;
  readonly timeToFirstTokenMs?: number | undefined;
  /** All input tokens, cache reads and writes included. */
  readonly inputTokens?: number | undefined;
  /** All output tokens, reasoning included. */
  readonly outputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
  /** Attempts after the first. */
  readonly retries?: number | undefined;
  /** Whether a cache of the application answered. */
  readonly cacheHit?: boolean | undefined;
  /** Wins over every price table and is marked `reported`. */
  readonly costUsd?: number | string | undefined;
  /** Values of declared tags. */
  readonly tags?: Readonly<Record<string, unknown>> | undefined;
}

const counts = [
  'inputTokens',
  'outputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'reasoningTokens',
] as const satisfies readonly (keyof LLMCallRecord & keyof LLMAnswer)[];

/**
 * Counts a call given by hand. A bad duration refuses the call; any other bad value becomes unknown. Both are counted,
 * and nothing is thrown.
 */
export function recordLLMCall(recorder: Recorder, calls: LLMCalls, record: LLMCallRecord): void {
  recorder.guard('recordLLMCall', () => {
    const { refusals } = recorder;
    const { provider, model, operation = 'chat', durationMs } = record;
    if (!isDuration(durationMs)) return refusals.refuse('llm.durationMs', 'a duration in milliseconds');
    const answer: LLMAnswer = {};
    for (const field of counts) {
      const value = record[field];
      if (value === undefined || value === null) continue;
      if (isCount(value)) answer[field] = value;
      else refusals.refuse(`llm.${field}`, 'a whole number of tokens');
    }
    const ttft = record.timeToFirstTokenMs;
    if (ttft !== undefined && !isDuration(ttft)) refusals.refuse('llm.timeToFirstTokenMs', 'a duration');
    const { retries } = record;
    if (retries !== undefined && !isCount(retries)) refusals.refuse('llm.retries', 'a whole number of attempts');
    const outcome = outcomeOf(record);
    const category = categoryOf(record.errorCategory);
    const atMs = recorder.accumulator.clock.nowMs();
    const priced =
      record.costUsd === undefined
        ? costOfCall(answer, recorder.prices.lookup(provider, model, atMs))
        : reportedCost(record.costUsd);
    if (record.costUsd !== undefined && !priced.priced) refusals.refuse('llm.costUsd', 'an amount of USD');
    calls.record(
      { provider, model, operation, tags: recorder.tagsOf(record.tags) },
      {
        outcome,
        durationMs,
        streamed: record.streamed ?? ttft !== undefined,
        timeToFirstTokenMs: isDuration(ttft) ? ttft : undefined,
        answer,
        cost: priced.priced ? priced : undefined,
        errorCategory: category,
        rateLimited: record.rateLimited ?? category === 'rate_limit',
        retries: isCount(retries) ? retries : undefined,
        cacheHit: record.cacheHit,
        nested: false,
      },
    );
  });
}

function outcomeOf({ outcome, success, errorCategory }: LLMCallRecord): LLMOutcome {
  if (outcome !== undefined && llmOutcomes.includes(outcome)) return outcome;
  return (success ?? errorCategory === undefined) ? 'completed' : 'failed';
}

function categoryOf(category: string | undefined): string | undefined {
  if (category === undefined) return undefined;
  return (llmErrorCategories as readonly string[]).includes(category) ? category : 'unknown';
}
