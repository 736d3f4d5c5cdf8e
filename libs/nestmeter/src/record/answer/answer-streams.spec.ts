import type { LLMAnswer } from './answer.js';
import { answerReaders, StreamReader } from './read-answer.js';

/** The items of a stream of each shape that the corpus has no SDK for, and what they come to. */
const streams: readonly [reader: string, shape: string, items: readonly object[], read: LLMAnswer][] = [
  [
    'google-interactions',
    'events',
    [
      { event_type: 'interaction.created', interaction: { id: 'i', status: 'in_progress' } },
      { event_type: 'step.delta', index: 0, delta: { type: 'text', text: 'Hi' } },
      {
        event_type: 'interaction.completed',
        interaction: { status: 'completed', usage: { total_input_tokens: 7, total_output_tokens: 2 } },
      },
    ],
    { inputTokens: 7, outputTokens: 2, finishReason: 'completed' },
  ],
  [
    'mistral',
    'events of a conversation',
    [
      { event: 'conversation.response.started', data: { type: 'conversation.response.started' } },
      { event: 'message.output.delta', data: { type: 'message.output.delta', content: 'Hi' } },
      {
        event: 'conversation.response.done',
        data: { type: 'conversation.response.done', usage: { promptTokens: 7, completionTokens: 2 } },
      },
    ],
    { inputTokens: 7, outputTokens: 2 },
  ],
  [
    'cohere',
    'events of version 1',
    [
      { eventType: 'stream-start', generationId: 'g' },
      { eventType: 'text-generation', text: 'Hi' },
      {
        eventType: 'stream-end',
        finishReason: 'COMPLETE',
        response: { finishReason: 'COMPLETE', meta: { billedUnits: { inputTokens: 7, outputTokens: 2 } } },
      },
    ],
    { inputTokens: 7, outputTokens: 2, finishReason: 'COMPLETE' },
  ],
  [
    'langchain',
    'chunks, each of which counts what is new',
    [
      { content: '', usage_metadata: { input_tokens: 7, output_tokens: 0, input_token_details: { cache_read: 3 } } },
      { content: 'Hi', additional_kwargs: {}, response_metadata: {} },
      {
        content: '',
        usage_metadata: { input_tokens: 0, output_tokens: 2 },
        response_metadata: { stop_reason: 'end_turn' },
        additional_kwargs: {},
      },
    ],
    { inputTokens: 7, outputTokens: 2, cachedInputTokens: 3, finishReason: 'end_turn' },
  ],
  [
    'vercel-ai',
    'parts of two steps, cut before the total',
    [
      { type: 'start-step' },
      { type: 'text-delta', id: '1', text: 'Hi' },
      { type: 'finish-step', finishReason: 'tool-calls', usage: { inputTokens: 3, outputTokens: 1 } },
      { type: 'finish-step', finishReason: 'stop', usage: { inputTokens: 4, outputTokens: 1 } },
      { type: 'finish', finishReason: 'stop' },
    ],
    { inputTokens: 7, outputTokens: 2, finishReason: 'stop' },
  ],
];

describe.each(streams)('%s: a stream of %s', (reader, _, items, read) => {
  it('is known by its first item to one reader alone and read to its end', () => {
    expect(answerReaders.filter((each) => each.recognisesItem(items[0]!)).map(({ name }) => name)).toEqual([reader]);
    const stream = new StreamReader();
    for (const item of items) stream.item(item);
    expect(stream.answer).toEqual({ ...read, contentSeen: true, terminal: true });
  });
});
