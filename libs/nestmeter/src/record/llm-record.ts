import { llmOutcomes } from '../accumulate/llm-family.js';
import type { LLMAnswer } from './answer/answer.js';
import type { LLMCalls } from './llm-calls.js';
import { llmErrorCategories } from './llm-error.js';
import type { LLMOutcome } from './llm-facts.js';
import { nameOf } from './llm-settle.js';
import { reportedCost } from './price/cost.js';
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
 * Counts a call given by hand. A bad duration refuses the call; any other bad value becomes unknown, as null is. Both are
 * counted by reason, and nothing is thrown.
 */
export function recordLLMCall(recorder: Recorder, calls: LLMCalls, record: LLMCallRecord): void {
  recorder.guard('recordLLMCall', () => {
    const { refusals } = recorder;
    const { durationMs, timeToFirstTokenMs: ttft, retries, costUsd } = record;
    if (!isDuration(durationMs)) return refusals.refuse('llm.durationMs', 'a duration in milliseconds');
    const answer: LLMAnswer = {};
    for (const field of counts) {
      const value = record[field];
      if (isCount(value)) answer[field] = value;
      else if (value != null) refusals.refuse(`llm.${field}`, 'a whole number of tokens');
    }
    const firstTokenKnown = isDuration(ttft) && ttft <= durationMs;
    if (ttft != null && !firstTokenKnown)
      refusals.refuse('llm.timeToFirstTokenMs', 'a duration, not longer than the call');
    if (retries != null && !isCount(retries)) refusals.refuse('llm.retries', 'a whole number of attempts');
    const reported = costUsd == null ? null : reportedCost(costUsd);
    if (reported?.priced === false) refusals.refuse('llm.costUsd', 'an amount of USD');
    const errorCategory = categoryOf(recorder, record.errorCategory);
    calls.record(
      {
        provider: nameOf(record.provider),
        model: nameOf(record.model),
        operation: nameOf(record.operation ?? 'chat'),
        tags: recorder.tagsOf(record.tags),
      },
      {
        outcome: outcomeOf(recorder, record),
        durationMs,
        streamed: record.streamed ?? firstTokenKnown,
        timeToFirstTokenMs: firstTokenKnown ? ttft : undefined,
        answer,
        cost: reported?.priced === true ? reported : undefined,
        errorCategory,
        rateLimited: record.rateLimited ?? errorCategory === 'rate_limit',
        retries: isCount(retries) ? retries : undefined,
        cacheHit: record.cacheHit,
        nested: false,
      },
    );
  });
}

function outcomeOf(recorder: Recorder, { outcome, success, errorCategory }: LLMCallRecord): LLMOutcome {
  if (outcome != null) {
    if (llmOutcomes.includes(outcome)) return outcome;
    recorder.refusals.refuse('llm.outcome', `one of ${llmOutcomes.join(', ')}`);
  }
  return (success ?? errorCategory == null) ? 'completed' : 'failed';
}

function categoryOf({ refusals }: Recorder, category: string | undefined): string | undefined {
  if (category == null) return undefined;
  if ((llmErrorCategories as readonly string[]).includes(category)) return category;
  refusals.refuse('llm.errorCategory', `one of ${llmErrorCategories.join(', ')}`);
  return 'unknown';
}
