import type { endpointFamily } from '../accumulate/families.js';
import type { SeriesState } from '../accumulate/series-state.js';
import type { LLMShare } from './scope.js';

type Columns = Pick<
  (typeof endpointFamily)['counter'],
  'llm_calls' | 'input_tokens' | 'output_tokens' | 'cost_nano_usd' | 'unpriced_calls' | 'calls_without_usage'
>;

/** Adds an LLM call to the endpoint or operation around it. @param counter where the family keeps LLM shares */
export function addShare(state: SeriesState, counter: Columns, share: LLMShare): void {
  state.count(counter.llm_calls);
  if (share.inputTokens !== undefined) state.count(counter.input_tokens, share.inputTokens);
  if (share.outputTokens !== undefined) state.count(counter.output_tokens, share.outputTokens);
  if (share.costNanoUsd !== undefined) state.count(counter.cost_nano_usd, share.costNanoUsd);
  if (share.unpriced) state.count(counter.unpriced_calls);
  if (share.withoutUsage) state.count(counter.calls_without_usage);
}
