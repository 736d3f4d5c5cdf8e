import { classifyAnswerFailure } from '../llm-error.js';
import { keepText, keepTokens, seeContent, type AnswerReader, type LLMAnswer } from './answer.js';
import { ownObject, ownText, ownTokens, ownValue, sumOfTokens } from './own-value.js';

/**
 * Reads Google's interactions and the events of their streams.
 *
 * The totals keep apart what the normal form adds: input and tool use, output and thoughts. A stream may complete several
 * interactions in turn; the counts of the last one are those of all.
 */
export const googleInteractions: AnswerReader = {
  name: 'google-interactions',

  recognises(answer) {
    const usage = ownObject(answer, 'usage');
    return usage !== undefined && ownTokens(usage, 'total_input_tokens') !== undefined;
  },

  read(answer) {
    const known: LLMAnswer = {};
    readInteraction(answer, known);
    return known;
  },

  recognisesItem(item) {
    return /^(interaction|step|content)\.\w+$/.test(ownText(item, 'event_type') ?? '');
  },

  readItem(item, known) {
    const type = ownText(item, 'event_type');
    const interaction = ownObject(item, 'interaction');
    if (interaction !== undefined) readInteraction(interaction, known);
    if (type === 'interaction.completed' || type === 'interaction.complete') known.terminal = true;
    else if (type === 'step.delta' || type === 'content.delta') seeContent(known, isThought(item));
    else if (type === 'error') known.failure = classifyAnswerFailure(ownObject(item, 'error') ?? item);
  },
};

/** Thoughts that are left out have a signature alone, which comes when they are over. */
function isThought(event: object): boolean {
  const delta = ownObject(event, 'delta');
  return delta !== undefined && ownText(delta, 'type') === 'thought_summary';
}

function readInteraction(interaction: object, known: LLMAnswer): void {
  keepText(known, 'model', interaction, 'model');
  const usage = ownObject(interaction, 'usage');
  if (usage !== undefined) {
    const input = sumOfTokens(ownTokens(usage, 'total_input_tokens'), ownTokens(usage, 'total_tool_use_tokens'));
    if (input !== undefined) known.inputTokens = input;
    const output = sumOfTokens(ownTokens(usage, 'total_output_tokens'), ownTokens(usage, 'total_thought_tokens'));
    if (output !== undefined) known.outputTokens = output;
    keepTokens(known, 'cachedInputTokens', usage, 'total_cached_tokens');
    keepTokens(known, 'reasoningTokens', usage, 'total_thought_tokens');
  }
  const status = ownValue(interaction, 'status');
  if (status !== 'in_progress') keepText(known, 'finishReason', interaction, 'status');
  if (status === 'failed') {
    const error = ownObject(interaction, 'error');
    known.failure = error ? classifyAnswerFailure(error) : { category: 'server_error', code: null };
  }
}
