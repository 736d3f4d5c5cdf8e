import { keepTokens, type LLMAnswer } from './answer.js';
import { ownObject, ownTokens, sumOfTokens } from './own-value.js';

/**
 * Reads the `usage` of OpenAI chat completions and of the many hosts that copy them.
 *
 * `prompt_tokens` includes what was read from and written to the cache. Where hosts differ:
 * - reasoning stands beside `completion_tokens` at xAI, inside it everywhere else; only then does `total_tokens` exceed the
 *   sum of both by exactly the reasoning;
 * - cached input is `prompt_cache_hit_tokens` at DeepSeek, `cached_tokens` of the usage itself at Moonshot and
 *   `num_cached_tokens` at Mistral.
 */
export function readOpenAIUsage(usage: object, known: LLMAnswer): void {
  keepTokens(known, 'inputTokens', usage, 'prompt_tokens');
  for (const key of ['num_cached_tokens', 'cached_tokens', 'prompt_cache_hit_tokens']) {
    keepTokens(known, 'cachedInputTokens', usage, key);
  }
  const input = ownObject(usage, 'prompt_tokens_details');
  if (input !== undefined) {
    keepTokens(known, 'cachedInputTokens', input, 'cached_tokens');
    keepTokens(known, 'cacheWriteTokens', input, 'cache_write_tokens');
  }
  const output = ownObject(usage, 'completion_tokens_details');
  if (output !== undefined) keepTokens(known, 'reasoningTokens', output, 'reasoning_tokens');
  keepOutput(known, {
    input: ownTokens(usage, 'prompt_tokens'),
    output: ownTokens(usage, 'completion_tokens'),
    reasoning: output && ownTokens(output, 'reasoning_tokens'),
    total: ownTokens(usage, 'total_tokens'),
  });
}

/** Reads the `usage` of OpenAI responses, which says the same under other names. */
export function readResponsesUsage(usage: object, known: LLMAnswer): void {
  keepTokens(known, 'inputTokens', usage, 'input_tokens');
  const input = ownObject(usage, 'input_tokens_details');
  if (input !== undefined) {
    keepTokens(known, 'cachedInputTokens', input, 'cached_tokens');
    keepTokens(known, 'cacheWriteTokens', input, 'cache_write_tokens');
  }
  const output = ownObject(usage, 'output_tokens_details');
  if (output !== undefined) keepTokens(known, 'reasoningTokens', output, 'reasoning_tokens');
  keepOutput(known, {
    input: ownTokens(usage, 'input_tokens'),
    output: ownTokens(usage, 'output_tokens'),
    reasoning: output && ownTokens(output, 'reasoning_tokens'),
    total: ownTokens(usage, 'total_tokens'),
  });
}

interface Counts {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly reasoning: number | undefined;
  readonly total: number | undefined;
}

function keepOutput(known: LLMAnswer, { input, output, reasoning, total }: Counts): void {
  if (output === undefined) return;
  const isReasoningBeside =
    reasoning !== undefined && reasoning > 0 && input !== undefined && total === input + output + reasoning;
  known.outputTokens = isReasoningBeside ? sumOfTokens(output, reasoning) : output;
}
