import { llmFamily, type llmOutcomes } from '../accumulate/llm-family.js';
import type { SeriesState } from '../accumulate/series-state.js';
import type { LLMAnswer } from './answer/answer.js';
import type { LLMCost } from './price/cost.js';

const { counter, distribution, tally } = llmFamily;

/** One of {@link llmOutcomes}. */
export type LLMOutcome = (typeof llmOutcomes)[number];

/** All that is counted of one LLM call. Undefined is unknown. */
export interface LLMFacts {
  readonly outcome: LLMOutcome;
  /** Wall time, retries included, streams until their end. */
  readonly durationMs: number;
  readonly streamed: boolean;
  /** Streams only: until the first chunk with content. */
  readonly timeToFirstTokenMs?: number | undefined;
  /** Streams only: mean time between chunks after the first. */
  readonly chunkGapMs?: number | undefined;
  /** Streams only: output tokens that came from the first token on. Default all. */
  readonly writtenTokens?: number | undefined;
  readonly answer: LLMAnswer;
  /** As reported by who made the call; it wins over every price table. */
  readonly cost?: LLMCost | undefined;
  /** Error category of calls that failed. */
  readonly errorCategory?: string | undefined;
  readonly rateLimited?: boolean | undefined;
  readonly retries?: number | undefined;
  /** Attempts that were answered with status 429, as far as they were seen. */
  readonly rateLimitedAttempts?: number | undefined;
  readonly cacheHit?: boolean | undefined;
  /** Whether tracked calls inside it have already counted its tokens and cost. */
  readonly nested: boolean;
}

/** Finish reasons are kept this far; those of known providers are shorter. */
const longestReason = 64;

/** Counts a call: all arithmetic on one state, no look-ups. @param cost undefined when nobody knows it */
export function countCall(state: SeriesState, facts: LLMFacts, cost: LLMCost | undefined): void {
  countUsage(state, facts, cost);
  const { outcome, answer } = facts;
  if (outcome === 'refused') return;
  if (facts.streamed) state.count(counter.streamed);
  if (facts.retries !== undefined) {
    state.count(counter.calls_with_attempts);
    state.count(counter.retries, facts.retries);
  }
  if (facts.rateLimitedAttempts) state.count(counter.rate_limited_attempts, facts.rateLimitedAttempts);
  if (facts.cacheHit) state.count(counter.cache_hits);
  if (answer.finishReason !== undefined) state.tallyUp(tally.finish_reasons, shortReason(answer.finishReason));
  if (outcome === 'completed') state.record(distribution.success_duration, facts.durationMs);
  else if (outcome === 'failed' || outcome === 'incomplete') {
    state.record(distribution.failure_duration, facts.durationMs);
    state.tallyUp(tally.errors, facts.errorCategory ?? (outcome === 'incomplete' ? 'incomplete' : 'unknown'));
  }
  if (facts.timeToFirstTokenMs !== undefined) {
    state.record(distribution.time_to_first_token, facts.timeToFirstTokenMs);
    const writingMs = facts.durationMs - facts.timeToFirstTokenMs;
    const written = facts.writtenTokens ?? answer.outputTokens;
    if (outcome === 'completed' && written && writingMs > 0)
      state.record(distribution.output_rate, (written / writingMs) * 1000);
  }
  if (facts.chunkGapMs !== undefined) state.record(distribution.chunk_gap, facts.chunkGapMs);
  if (facts.nested) return;
  if (answer.inputTokens !== undefined) state.record(distribution.input_tokens_per_call, answer.inputTokens);
  if (answer.outputTokens !== undefined) state.record(distribution.output_tokens_per_call, answer.outputTokens);
}

/** Counts the part that families of tags share: their columns are the first of the LLM family's. */
export function countUsage(state: SeriesState, facts: LLMFacts, cost: LLMCost | undefined): void {
  const { outcome, answer } = facts;
  state.count(counter[outcome]);
  if (outcome === 'refused') return;
  state.count(counter.calls);
  if (facts.rateLimited) state.count(counter.rate_limit_hits);
  if (facts.nested) return;
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = answer;
  const told = inputTokens !== undefined || outputTokens !== undefined;
  if (told) state.count(counter.calls_with_usage);
  else if (outcome === 'completed') state.count(counter.calls_without_usage);
  if (inputTokens !== undefined) state.count(counter.input_tokens, inputTokens);
  if (outputTokens !== undefined) state.count(counter.output_tokens, outputTokens);
  if (cachedInputTokens !== undefined) {
    state.count(counter.calls_with_cached);
    state.count(counter.cached_input_tokens, cachedInputTokens);
  }
  if (cacheWriteTokens !== undefined) {
    state.count(counter.calls_with_cache_write);
    state.count(counter.cache_write_tokens, cacheWriteTokens);
  }
  if (reasoningTokens !== undefined) {
    state.count(counter.calls_with_reasoning);
    state.count(counter.reasoning_tokens, reasoningTokens);
  }
  if (cost === undefined) {
    if (told) state.count(counter.unpriced_calls);
    return;
  }
  state.count(counter.priced_calls);
  state.count(counter.cost_nano_usd, cost.totalNanoUsd);
  state.count(counter.input_cost_nano_usd, cost.inputNanoUsd ?? 0);
  state.count(counter.output_cost_nano_usd, cost.outputNanoUsd ?? 0);
  state.count(counter.cache_read_cost_nano_usd, cost.cacheReadNanoUsd ?? 0);
  state.count(counter.cache_write_cost_nano_usd, cost.cacheWriteNanoUsd ?? 0);
}

/** Through a Buffer, since a slice would keep the whole of a huge string alive. */
function shortReason(reason: string): string {
  return reason.length <= longestReason ? reason : Buffer.from(reason.slice(0, longestReason)).toString();
}
