import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import { readAnswer, StreamReader } from './read-answer.js';

const message: Message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  container: null,
  content: [],
  diagnostics: null,
  stop_reason: 'end_turn',
  stop_sequence: null,
  stop_details: null,
  usage: {
    input_tokens: 100,
    cache_read_input_tokens: 2000,
    cache_creation_input_tokens: 500,
    cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 300 },
    output_tokens: 80,
    output_tokens_details: { thinking_tokens: 30 },
    server_tool_use: null,
    service_tier: 'priority',
    inference_geo: null,
    speed: null,
  },
};

const start = {
  type: 'message_start',
  message: {
    ...message,
    stop_reason: null,
    usage: { ...message.usage, output_tokens: 1, output_tokens_details: null },
  },
} satisfies RawMessageStreamEvent;

const text = {
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: 'Hi' },
} satisfies RawMessageStreamEvent;

const unchangedInput = { input_tokens: null, cache_read_input_tokens: null, cache_creation_input_tokens: null };

const end = {
  type: 'message_delta',
  delta: { container: null, stop_details: null, stop_reason: 'max_tokens', stop_sequence: null },
  usage: {
    ...unchangedInput,
    output_tokens: 64,
    output_tokens_details: { thinking_tokens: 20 },
    server_tool_use: null,
  },
} satisfies RawMessageStreamEvent;

function readStream(items: readonly unknown[]): StreamReader {
  const reader = new StreamReader();
  for (const item of items) reader.item(item);
  return reader;
}

describe('a message of Anthropic', () => {
  it('has cache reads and writes added to its input', () => {
    expect(readAnswer(message)).toEqual({
      model: 'claude-sonnet-4-5-20250929',
      inputTokens: 2600,
      outputTokens: 80,
      cachedInputTokens: 2000,
      cacheWriteTokens: 500,
      cacheWrite1hTokens: 300,
      reasoningTokens: 30,
      finishReason: 'end_turn',
      serviceTier: 'priority',
    });
  });

  it('leaves out what is null', () => {
    const usage = { ...message.usage, ...unchangedInput, input_tokens: 5, cache_creation: null, service_tier: null };
    expect(readAnswer({ ...message, usage: { ...usage, output_tokens_details: null } })).toEqual({
      model: 'claude-sonnet-4-5-20250929',
      inputTokens: 5,
      outputTokens: 80,
      finishReason: 'end_turn',
    });
  });

  it('is a success when the model refused', () => {
    expect(readAnswer({ ...message, stop_reason: 'refusal' })).not.toHaveProperty('failure');
  });

  it('is not taken from another object of type message', () => {
    expect(readAnswer({ type: 'message', text: 'a chat message of the application' })).toBeNull();
  });
});

describe('a message stream of Anthropic', () => {
  it('keeps of each count the last value that is not null', () => {
    const { answer, recognised } = readStream([
      start,
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      text,
      text,
      { type: 'content_block_stop', index: 0 },
      end,
      { type: 'message_stop' },
    ]);
    expect(recognised).toBe(true);
    expect(answer).toEqual({
      contentSeen: true,
      terminal: true,
      model: 'claude-sonnet-4-5-20250929',
      inputTokens: 2600,
      outputTokens: 64,
      cachedInputTokens: 2000,
      cacheWriteTokens: 500,
      cacheWrite1hTokens: 300,
      reasoningTokens: 20,
      finishReason: 'max_tokens',
      serviceTier: 'priority',
    });
  });

  it('takes cumulative input counts in place of earlier ones, each for itself', () => {
    const searched = { ...end.usage, input_tokens: 150, cache_read_input_tokens: 2100 };
    expect(readStream([start, { ...end, usage: searched }]).answer.inputTokens).toBe(150 + 2100 + 500);
    const onlyCache = { ...end.usage, cache_read_input_tokens: 2100 };
    expect(readStream([start, { ...end, usage: onlyCache }]).answer.inputTokens).toBe(100 + 2100 + 500);
  });

  it('has its first token with the first content delta, not with the start of a block', () => {
    const reader = readStream([start, { type: 'content_block_start', index: 0 }]);
    expect(reader.answer.contentSeen).toBe(false);
    reader.item(text);
    expect(reader.answer.contentSeen).toBe(true);
  });

  it('is not terminal when it was cut', () => {
    expect(readStream([start, text]).answer).toMatchObject({ terminal: false, inputTokens: 2600 });
  });

  it('fails by an error event', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect(readStream([start, text, error]).answer.failure).toEqual({
      category: 'overloaded',
      code: 'overloaded_error',
    });
    expect(readStream([error]).recognised).toBe(true);
  });
});
