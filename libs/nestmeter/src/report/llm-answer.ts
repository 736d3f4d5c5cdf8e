import type { operationFamily } from '../accumulate/families.js';
import type { llmFamily, tagFamily } from '../accumulate/llm-family.js';
import { formatNanoUsd } from '../money.js';
import { costUsd, count, percent, percentOf, perOne, tokens, value } from './answer-field.js';

/*
 * Tokens and cost of LLM calls, of those that tell them. A sum is null when there were calls and none of them told; the
 * sum over no calls at all is 0.
 */

type CountsOf<Family extends { readonly counter: object }> = Readonly<Record<keyof Family['counter'], number>>;

/** Counters of usage, which LLM calls and their tags have alike. */
export type UsageCounts = CountsOf<ReturnType<typeof tagFamily>>;

/** Counters of LLM calls. */
export type LLMCounts = CountsOf<typeof llmFamily>;

/** Counters of the LLM calls inside an endpoint request or an operation. */
export type ShareCounts = Pick<
  CountsOf<typeof operationFamily>,
  'llm_calls' | 'input_tokens' | 'output_tokens' | 'cost_nano_usd' | 'unpriced_calls' | 'calls_without_usage'
>;

const sumTokensShape = {
  input_tokens: tokens('Input, cache reads and writes included'),
  output_tokens: tokens('Output, reasoning included'),
  total_tokens: tokens('Input and output'),
};

const withoutUsage = count('Completed calls that did not tell their tokens');

/** Schema of {@link tokenAnswer}. */
export const tokenShape = {
  ...sumTokensShape,
  cached_tokens: tokens('Read from a cache; part of the input'),
  cache_write_tokens: tokens('Written to a cache; part of the input'),
  reasoning_tokens: tokens('Reasoning; part of the output'),
  calls_without_usage: withoutUsage,
};

/** Schema of {@link costAnswer}. */
export const costShape = {
  total_cost_usd: costUsd('Cost of calls whose price is known'),
  unpriced_calls: count('Calls with tokens whose price is unknown'),
};

/** An amount, exact; null stays unknown. @param nanoUsd rounded to whole nano-USD */
export function costText(nanoUsd: number | null): string | null {
  return nanoUsd === null ? null : formatNanoUsd(Math.round(nanoUsd));
}

/** Tokens of LLM calls. */
export function tokenAnswer(counts: UsageCounts) {
  const told = (sum: number, tellers: number): number | null => (tellers > 0 || counts.calls === 0 ? sum : null);
  const usage = counts.calls_with_usage;
  // No answer comes of no input: where only output was told, the input is unknown.
  const isInputTold = counts.input_tokens > 0 || counts.output_tokens === 0;
  return {
    input_tokens: told(counts.input_tokens, isInputTold ? usage : 0),
    output_tokens: told(counts.output_tokens, usage),
    total_tokens: told(counts.input_tokens + counts.output_tokens, usage),
    cached_tokens: told(counts.cached_input_tokens, counts.calls_with_cached),
    cache_write_tokens: told(counts.cache_write_tokens, counts.calls_with_cache_write),
    reasoning_tokens: told(counts.reasoning_tokens, counts.calls_with_reasoning),
    calls_without_usage: counts.calls_without_usage,
  };
}

/** Cost of LLM calls in nano-USD; null when there were calls and none is priced. */
export function costOf(counts: UsageCounts): number | null {
  return counts.priced_calls > 0 || counts.calls === 0 ? counts.cost_nano_usd : null;
}

/** Cost of LLM calls. */
export function costAnswer(counts: UsageCounts) {
  return { total_cost_usd: costText(costOf(counts)), unpriced_calls: counts.unpriced_calls };
}

/** Share of calls that succeeded, of those that succeeded or failed; cancelled, stopped and abandoned ones are neither. */
export function callSuccessPercent({ completed, failed, incomplete }: UsageCounts): number | null {
  return percentOf(completed, completed + failed + incomplete);
}

/** Schema of {@link shareAnswer}. */
export const shareShape = {
  llm_calls: count('LLM calls made inside'),
  ...sumTokensShape,
  calls_without_usage: withoutUsage,
  ...costShape,
};

/** Tokens and cost of the LLM calls inside an endpoint or operation. */
export function shareAnswer(counts: ShareCounts) {
  const { llm_calls, input_tokens, output_tokens, cost_nano_usd, unpriced_calls, calls_without_usage } = counts;
  const total = input_tokens + output_tokens;
  // Nobody counts the tellers here. Calls that told have tokens; a price of 0 is told only where nothing is unpriced.
  const untold = llm_calls > 0 && total === 0;
  const unpriced = cost_nano_usd === 0 && (untold || unpriced_calls > 0);
  return {
    llm_calls,
    input_tokens: untold ? null : input_tokens,
    output_tokens: untold ? null : output_tokens,
    total_tokens: untold ? null : total,
    calls_without_usage,
    total_cost_usd: costText(unpriced ? null : cost_nano_usd),
    unpriced_calls,
  };
}

/** Schema of {@link usageAnswer}. */
export const usageShape = {
  total_calls: count('Calls with any outcome but refused'),
  successful_calls: count('Calls that completed'),
  ...tokenShape,
  average_tokens_per_call: tokens('Mean of calls that told their tokens'),
  ...costShape,
  average_cost_usd_per_call: costUsd('Mean of priced calls'),
  cost_usd_per_successful_call: costUsd('Cost per completed call; null while the cost of some calls is unknown'),
  cost_usd_per_token: costUsd('Cost per token of input and output; null while some calls with tokens have no price'),
  efficiency: value('Output tokens per input token'),
  rate_limit_hits: count('Calls that failed because of a rate limit'),
  rate_limit_impact_percent: percent('Calls that failed because of a rate limit'),
};

/** What calls used and what that cost. */
export function usageAnswer(counts: UsageCounts) {
  const tokenFields = tokenAnswer(counts);
  const cost = costOf(counts);
  const isWhole = counts.unpriced_calls === 0 && counts.calls_without_usage === 0;
  return {
    total_calls: counts.calls,
    successful_calls: counts.completed,
    ...tokenFields,
    average_tokens_per_call: perOne(tokenFields.total_tokens, counts.calls_with_usage),
    ...costAnswer(counts),
    average_cost_usd_per_call: costText(perOne(cost, counts.priced_calls)),
    cost_usd_per_successful_call: costText(isWhole ? perOne(cost, counts.completed) : null),
    cost_usd_per_token: costText(counts.unpriced_calls > 0 ? null : perOne(cost, tokenFields.total_tokens ?? 0)),
    efficiency: perOne(tokenFields.output_tokens, tokenFields.input_tokens ?? 0),
    rate_limit_hits: counts.rate_limit_hits,
    rate_limit_impact_percent: percentOf(counts.rate_limit_hits, counts.calls),
  };
}
