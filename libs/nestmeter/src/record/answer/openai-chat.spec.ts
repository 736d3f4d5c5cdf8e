import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import { readAnswer, StreamReader } from './read-answer.js';

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  service_tier: 'default',
  choices: [
    {
      index: 0,
      finish_reason: 'stop',
      logprobs: null,
      message: { role: 'assistant', content: 'Hello', refusal: null },
    },
  ],
  usage: {
    prompt_tokens: 1200,
    completion_tokens: 300,
    total_tokens: 1500,
    prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0, cache_write_tokens: 128 },
    completion_tokens_details: { reasoning_tokens: 192 },
  },
} satisfies ChatCompletion;

function chunk(part: Partial<ChatCompletionChunk>): ChatCompletionChunk {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [],
    usage: null,
    ...part,
  };
}

function delta(
  content: ChatCompletionChunk.Choice.Delta,
  finish_reason: ChatCompletionChunk.Choice['finish_reason'] = null,
): ChatCompletionChunk {
  return chunk({ choices: [{ index: 0, delta: content, finish_reason }] });
}

function readStream(items: readonly unknown[]): StreamReader {
  const reader = new StreamReader();
  for (const item of items) reader.item(item);
  return reader;
}

describe('a chat completion of OpenAI', () => {
  it('is read into the normal form, whose counts are those of OpenAI', () => {
    expect(readAnswer(completion)).toEqual({
      model: 'gpt-4o-mini-2024-07-18',
      inputTokens: 1200,
      outputTokens: 300,
      cachedInputTokens: 1024,
      cacheWriteTokens: 128,
      reasoningTokens: 192,
      finishReason: 'stop',
      serviceTier: 'default',
    });
  });

  it('leaves out what a compatible host did not say', () => {
    const answer = { choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } };
    expect(readAnswer(answer)).toEqual({ inputTokens: 7, outputTokens: 2 });
    expect(readAnswer({ object: 'chat.completion', model: '', choices: [] })).toEqual({});
  });

  it('is a success when a content filter ended it', () => {
    const filtered = { ...completion, choices: [{ ...completion.choices[0], finish_reason: 'content_filter' }] };
    expect(readAnswer(filtered)).toMatchObject({ finishReason: 'content_filter' });
    expect(readAnswer(filtered)).not.toHaveProperty('failure');
  });

  it('is a failure when a gateway put an error into it', () => {
    expect(readAnswer({ ...completion, error: { code: 429, message: 'slow down' } })).toMatchObject({
      failure: { category: 'rate_limit', code: null },
    });
    const choice = { ...completion.choices[0], finish_reason: 'error', error: { code: 502, message: 'bad gateway' } };
    expect(readAnswer({ ...completion, choices: [choice] })).toMatchObject({
      failure: { category: 'server_error' },
    });
    expect(readAnswer({ ...completion, choices: [{ finish_reason: 'error' }] })).toMatchObject({
      failure: { category: 'server_error', code: null },
    });
  });
});

describe('a chat stream of OpenAI', () => {
  const usage = completion.usage;

  it('has its usage in the last chunk, after the finish reason', () => {
    const { answer, recognised } = readStream([
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo' }),
      delta({}, 'stop'),
      chunk({ usage, service_tier: 'flex' }),
    ]);
    expect(recognised).toBe(true);
    expect(answer).toEqual({
      contentSeen: true,
      terminal: true,
      model: 'gpt-4o-mini-2024-07-18',
      inputTokens: 1200,
      outputTokens: 300,
      cachedInputTokens: 1024,
      cacheWriteTokens: 128,
      reasoningTokens: 192,
      finishReason: 'stop',
      serviceTier: 'flex',
    });
  });

  it.each([
    ['text', delta({ content: 'a' })],
    ['a refusal', delta({ refusal: 'no' })],
    ['tool arguments', delta({ tool_calls: [{ index: 0, function: { arguments: '{' } }] })],
    ['reasoning of a compatible host', delta({ reasoning_content: 'hm' } as ChatCompletionChunk.Choice.Delta)],
  ])('has its first token with the first chunk of %s', (_, first) => {
    const reader = readStream([delta({ role: 'assistant', content: '' })]);
    expect(reader.answer.contentSeen).toBe(false);
    reader.item(first);
    expect(reader.answer.contentSeen).toBe(true);
  });

  it('has no usage when the caller did not ask for it', () => {
    const { answer } = readStream([delta({ content: 'a' }), delta({}, 'stop')]);
    expect(answer.terminal).toBe(true);
    expect(answer).not.toHaveProperty('inputTokens');
  });

  it('is not terminal when the server closed it early', () => {
    const { answer } = readStream([delta({ content: 'a' }), delta({ content: 'b' })]);
    expect(answer.terminal).toBe(false);
  });

  it('fails by an error inside a chunk', () => {
    const { answer } = readStream([delta({ content: 'a' }), { ...chunk({}), error: { code: 'server_error' } }]);
    expect(answer.failure).toEqual({ category: 'server_error', code: 'server_error' });
  });
});
