import type { LLMAnswer } from './answer.js';
import { answerReaders, readAnswer, StreamReader } from './read-answer.js';

/** One whole answer of each shape, as small as it can be. The corpus has those of the real SDKs. */
const answers: readonly [reader: string, shape: string, answer: object, read: LLMAnswer][] = [
  [
    'groq',
    'a completion',
    {
      object: 'chat.completion',
      choices: [],
      usage: { prompt_tokens: 7, completion_tokens: 2 },
      x_groq: { id: 'req', usage: { dram_cached_tokens: 5 } },
    },
    { inputTokens: 7, outputTokens: 2 },
  ],
  [
    'mistral',
    'a completion',
    { object: 'chat.completion', choices: [{ finishReason: 'stop' }], usage: { promptTokens: 7, completionTokens: 2 } },
    { inputTokens: 7, outputTokens: 2, finishReason: 'stop' },
  ],
  [
    'mistral',
    'a conversation',
    { conversationId: 'c', outputs: [], usage: { promptTokens: 7, completionTokens: 2, totalTokens: 9 } },
    { inputTokens: 7, outputTokens: 2 },
  ],
  [
    'openai-chat',
    'a completion',
    { object: 'chat.completion', choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } },
    { inputTokens: 7, outputTokens: 2 },
  ],
  [
    'openai-responses',
    'a response',
    { object: 'response', status: 'completed', usage: { input_tokens: 7, output_tokens: 2 } },
    { inputTokens: 7, outputTokens: 2, finishReason: 'completed' },
  ],
  [
    'openai-responses',
    'a response that somebody still works on',
    { object: 'response', status: 'queued', model: 'gpt-5', usage: null },
    { model: 'gpt-5' },
  ],
  [
    'openai-embeddings',
    'a list',
    { object: 'list', data: [{}], usage: { prompt_tokens: 7, total_tokens: 7 } },
    { inputTokens: 7, outputTokens: 0 },
  ],
  [
    'anthropic-messages',
    'a message',
    { type: 'message', stop_reason: null, usage: { input_tokens: 7, cache_read_input_tokens: 3, output_tokens: 2 } },
    { inputTokens: 10, cachedInputTokens: 3, outputTokens: 2 },
  ],
  [
    'google-genai',
    'content',
    { candidates: [{ content: {} }], usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 2 } },
    { inputTokens: 7, outputTokens: 2 },
  ],
  [
    'google-genai',
    'content, of which counts that are 0 are left out',
    { candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 } },
    { inputTokens: 7, outputTokens: 0, finishReason: 'STOP' },
  ],
  [
    'google-interactions',
    'an interaction',
    {
      id: 'i',
      status: 'completed',
      model: 'gemini-3-pro',
      usage: {
        total_input_tokens: 7,
        total_tool_use_tokens: 1,
        total_output_tokens: 2,
        total_thought_tokens: 5,
        total_cached_tokens: 4,
      },
    },
    {
      model: 'gemini-3-pro',
      inputTokens: 8,
      outputTokens: 7,
      reasoningTokens: 5,
      cachedInputTokens: 4,
      finishReason: 'completed',
    },
  ],
  [
    'cohere',
    'a chat of version 1',
    { text: 'Hi', finishReason: 'COMPLETE', meta: { billedUnits: { inputTokens: 7, outputTokens: 2 } } },
    { inputTokens: 7, outputTokens: 2, finishReason: 'COMPLETE' },
  ],
  [
    'cohere',
    'a chat that was not billed',
    { usage: { tokens: { inputTokens: 7, outputTokens: 2 } } },
    { inputTokens: 7, outputTokens: 2 },
  ],
  [
    'bedrock-converse',
    'an answer',
    {
      $metadata: {},
      output: {},
      stopReason: 'end_turn',
      usage: { inputTokens: 7, outputTokens: 2, cacheReadInputTokens: 3, cacheWriteInputTokens: 1 },
    },
    { inputTokens: 11, outputTokens: 2, cachedInputTokens: 3, cacheWriteTokens: 1, finishReason: 'end_turn' },
  ],
  [
    'vercel-ai',
    'a result of version 5, whose usage is that of the last step',
    {
      steps: [{ finishReason: 'stop', response: { modelId: 'gpt-5' } }],
      totalUsage: { inputTokens: 7, outputTokens: 2, totalTokens: 9, cachedInputTokens: 3, reasoningTokens: 1 },
    },
    {
      model: 'gpt-5',
      inputTokens: 7,
      outputTokens: 2,
      cachedInputTokens: 3,
      reasoningTokens: 1,
      finishReason: 'stop',
    },
  ],
  [
    'vercel-ai',
    'an answer of a provider model',
    {
      finishReason: { unified: 'stop', raw: 'end_turn' },
      usage: { inputTokens: { total: 7, cacheRead: 3, cacheWrite: 1 }, outputTokens: { total: 2, reasoning: 1 } },
    },
    {
      inputTokens: 7,
      outputTokens: 2,
      cachedInputTokens: 3,
      cacheWriteTokens: 1,
      reasoningTokens: 1,
      finishReason: 'stop',
    },
  ],
  [
    'langchain',
    'a message',
    {
      content: 'Hi',
      usage_metadata: { input_tokens: 7, output_tokens: 2, input_token_details: { cache_creation: 3 } },
    },
    { inputTokens: 7, outputTokens: 2, cacheWriteTokens: 3 },
  ],
  [
    'langchain',
    'a message without usage',
    { content: 'Hi', additional_kwargs: {}, response_metadata: { model: 'x', stop_reason: 'end_turn' } },
    { model: 'x', finishReason: 'end_turn' },
  ],
  [
    'ollama',
    'a prompt',
    { model: 'llama3', response: '', done: true, done_reason: 'stop', eval_count: 2, prompt_eval_count: 7 },
    { model: 'llama3', inputTokens: 7, outputTokens: 2, finishReason: 'stop' },
  ],
];

function namesOf(recognises: (reader: (typeof answerReaders)[number]) => boolean): string[] {
  return answerReaders.filter(recognises).map(({ name }) => name);
}

describe.each(answers)('%s: %s', (reader, _, answer, read) => {
  it('is known to one reader, or to OpenAI’s behind the one that copies it', () => {
    const names = namesOf((each) => each.recognises(answer));
    expect(names[0]).toBe(reader);
    expect(names.slice(1).filter((name) => name !== 'openai-chat')).toEqual([]);
  });

  it('is read into the normal form', () => {
    expect(readAnswer(answer)).toEqual(read);
  });

  it('has no item of a stream in common with other readers', () => {
    const names = namesOf((each) => each.recognisesItem(answer));
    expect(names.filter((name) => name !== reader)).toEqual([]);
  });

  it('is unknown where it is hostile, and never an exception', () => {
    for (const path of leavesOf(answer)) {
      for (const hostile of hostileValues) {
        const changed = structuredClone(answer);
        put(changed, path, hostile);
        const known = readAnswer(changed) ?? {};
        expect(Object.values(known).filter((value) => !isKnowable(value, known))).toEqual([]);
        const stream = new StreamReader();
        expect(() => stream.item(changed)).not.toThrow();
      }
    }
  });
});

function isKnowable(value: unknown, { failure }: LLMAnswer): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return typeof value === 'string' || value === failure;
}

const throwing = new Proxy([], {
  get: () => {
    throw new Error('hostile');
  },
  getOwnPropertyDescriptor: () => {
    throw new Error('hostile');
  },
});

const hostileValues: readonly unknown[] = [undefined, null, -1, 1.5, 2 ** 53, Infinity, '7', 7n, {}, [null], throwing];

function leavesOf(value: object, path: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...(typeof inner === 'object' && inner !== null ? leavesOf(inner as object, [...path, key]) : []),
  ]);
}

function put(target: object, path: readonly string[], value: unknown): void {
  let holder = target as Record<string, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  holder[path.at(-1)!] = value;
}
