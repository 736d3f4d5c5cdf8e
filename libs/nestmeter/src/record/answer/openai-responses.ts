import { classifyAnswerFailure } from '../llm-error.js';
import { keepText, seeContent, type AnswerReader, type LLMAnswer } from './answer.js';
import { readResponsesUsage } from './openai-usage.js';
import { ownObject, ownText, ownTokens, ownValue, textOrUndefined } from './own-value.js';

/**
 * Reads the responses of OpenAI (`object: 'response'`) and the events of their streams.
 *
 * The finish reason is why the response is incomplete, else its status. A failed response has status 200 and no exception.
 * Only the events that end a stream carry the usage.
 */
export const openaiResponses: AnswerReader = {
  name: 'openai-responses',

  recognises(answer) {
    if (ownValue(answer, 'object') === 'response') return true;
    const usage = ownObject(answer, 'usage');
    return (
      usage !== undefined &&
      ownTokens(usage, 'input_tokens') !== undefined &&
      ownObject(usage, 'input_tokens_details') !== undefined &&
      Array.isArray(ownValue(answer, 'output'))
    );
  },

  read(answer) {
    const known: LLMAnswer = {};
    readResponse(answer, known);
    return known;
  },

  recognisesItem(item) {
    const type = ownText(item, 'type');
    if (type === undefined || typeof ownValue(item, 'sequence_number') !== 'number') return false;
    return type.startsWith('response.') || type === 'error';
  },

  readItem(item, known) {
    const type = ownText(item, 'type');
    if (type === undefined) return;
    if (type.endsWith('.delta')) {
      // A delta of binary audio is text too: base64.
      if (ownText(item, 'delta') !== undefined) seeContent(known, type.startsWith('response.reasoning'));
      return;
    }
    const response = ownObject(item, 'response');
    if (response !== undefined) readResponse(response, known);
    if (type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed') {
      known.terminal = true;
    } else if (type === 'error') {
      known.failure = classifyAnswerFailure(ownObject(item, 'error') ?? item);
    }
  },
};

/** Statuses of a response that somebody still works on. */
const openStatuses: readonly (string | undefined)[] = ['in_progress', 'queued', undefined];

function readResponse(response: object, known: LLMAnswer): void {
  keepText(known, 'model', response, 'model');
  keepText(known, 'serviceTier', response, 'service_tier');
  const usage = ownObject(response, 'usage');
  if (usage !== undefined) readResponsesUsage(usage, known);
  const status = ownText(response, 'status');
  if (openStatuses.includes(status)) return;
  const details = ownObject(response, 'incomplete_details');
  known.finishReason = textOrUndefined(details && ownValue(details, 'reason')) ?? status!;
  if (status !== 'failed') return;
  const error = ownObject(response, 'error');
  known.failure = error ? classifyAnswerFailure(error) : { category: 'server_error', code: null };
}
