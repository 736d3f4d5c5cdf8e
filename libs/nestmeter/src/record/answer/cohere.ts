import { classifyAnswerFailure } from '../llm-error.js';
import { keepText, keepTokens, type AnswerReader, type LLMAnswer } from './answer.js';
import { ownObject, ownText, ownValue } from './own-value.js';

/**
 * Reads what the Cohere SDK answers: chats of version 2 (`usage`), chats of version 1, embeddings, rerankings and
 * classifications (`meta`).
 *
 * The counts are the billed ones, as OpenTelemetry wants it; those that were not billed only where nothing else is known. No
 * answer names its model.
 */
export const cohere: AnswerReader = {
  name: 'cohere',

  recognises: (answer) => usageOf(answer) !== undefined,

  read(answer) {
    const known: LLMAnswer = {};
    const usage = usageOf(answer);
    if (usage !== undefined) readUsage(usage, known);
    if (known.inputTokens !== undefined && 'embeddings' in answer) known.outputTokens ??= 0;
    readFinish(answer, known);
    return known;
  },

  recognisesItem(item) {
    const type = ownText(item, 'type');
    if (type === 'message-start') return ownObject(item, 'delta') !== undefined || 'id' in item;
    return type === 'message-end' || type === 'content-delta' || ownText(item, 'eventType') === 'stream-start';
  },

  readItem(item, known) {
    const type = ownText(item, 'type') ?? ownText(item, 'eventType');
    if (type === undefined) return;
    if (contentEvents.has(type)) known.contentSeen = true;
    if (type !== 'message-end' && type !== 'stream-end') return;
    known.terminal = true;
    const end = ownObject(item, type === 'message-end' ? 'delta' : 'response');
    if (end === undefined) return;
    const usage = usageOf(end);
    if (usage !== undefined) readUsage(usage, known);
    readFinish(end, known);
  },
};

/** Events of version 2, then of version 1. */
const contentEvents: ReadonlySet<string> = new Set([
  'content-delta',
  'tool-plan-delta',
  'tool-call-start',
  'tool-call-delta',
  'text-generation',
  'tool-calls-chunk',
]);

function usageOf(answer: object): object | undefined {
  for (const key of ['usage', 'meta']) {
    const usage = ownObject(answer, key);
    if (usage === undefined) continue;
    if (ownObject(usage, 'billedUnits') ?? ownObject(usage, 'tokens')) return usage;
  }
  return undefined;
}

function readUsage(usage: object, known: LLMAnswer): void {
  for (const key of ['tokens', 'billedUnits']) {
    const units = ownObject(usage, key);
    if (units === undefined) continue;
    keepTokens(known, 'inputTokens', units, 'inputTokens');
    keepTokens(known, 'outputTokens', units, 'outputTokens');
  }
  keepTokens(known, 'cachedInputTokens', usage, 'cachedTokens');
  // Cached input is not billed at all where the bill says less than was cached.
  if ((known.cachedInputTokens ?? 0) > (known.inputTokens ?? Number.MAX_SAFE_INTEGER)) delete known.cachedInputTokens;
}

function readFinish(answer: object, known: LLMAnswer): void {
  keepText(known, 'finishReason', answer, 'finishReason');
  const message = ownText(answer, 'error');
  const reason = ownValue(answer, 'finishReason');
  if (message !== undefined) {
    const { category, code } = classifyAnswerFailure({ message });
    known.failure = { category: category === 'unknown' ? 'server_error' : category, code };
  } else if (reason === 'ERROR') known.failure = { category: 'server_error', code: null };
  else if (reason === 'TIMEOUT') known.failure = { category: 'timeout', code: null };
}
