import { z } from 'zod';
import { llmFamily } from '../accumulate/llm-family.js';
import { SeriesState } from '../accumulate/series-state.js';
import { costUsd, percent, percentOf, tokens, value } from './answer-field.js';
import { costAnswer, tokenAnswer } from './llm-answer.js';
import { countsOf, totalCounts } from './named-states.js';
import type { ReportContext } from './report.js';

const daySeconds = 86_400;

/** Schema of {@link readDay}. */
export const dayShape = {
  tokens: tokens('Input and output of LLM calls'),
  cost_usd: costUsd('Cost of priced LLM calls'),
  token_limit: value('Tokens allowed per day; null when there is no limit'),
  token_usage_percent: percent('Tokens, of those allowed; may exceed 100'),
};

/** What the UTC day has used so far. @param timestamp Unix seconds of the store */
export async function readDay(
  context: ReportContext,
  timestamp: number,
): Promise<z.infer<z.ZodObject<typeof dayShape>>> {
  const from = Math.floor(timestamp / daySeconds) * daySeconds;
  // At midnight there is no window yet, and nothing was used in it.
  const request = { query: { from }, fallback: '1h', families: [llmFamily] };
  const counts =
    timestamp === from
      ? countsOf(llmFamily.counter, new SeriesState(llmFamily))
      : totalCounts(await context.read(request), llmFamily);
  const { total_tokens: used } = tokenAnswer(counts);
  const limit = context.settings.dailyTokenLimit;
  return {
    tokens: used,
    cost_usd: costAnswer(counts).total_cost_usd,
    token_limit: limit,
    token_usage_percent: used === null || limit === null ? null : percentOf(used, limit),
  };
}
