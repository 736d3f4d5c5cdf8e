import { TimedStream } from './timed-stream.js';

const chatUsage = { completion_tokens: 100, completion_tokens_details: { reasoning_tokens: 60 }, prompt_tokens: 1 };
const chat = (delta: object, usage: object | null = null): object => ({
  object: 'chat.completion.chunk',
  choices: [{ delta }],
  usage,
});
const responses = (type: string, more: object): object => ({ type: `response.${type}`, sequence_number: 1, ...more });
const doneResponse = responses('completed', {
  response: {
    object: 'response',
    status: 'completed',
    usage: { input_tokens: 1, output_tokens: 100, output_tokens_details: { reasoning_tokens: 60 } },
  },
});
const gemini = (part: object): object => ({
  candidates: [{ content: { parts: [part] } }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 40, thoughtsTokenCount: 60 },
});
const claude = (delta: object): object => ({ type: 'content_block_delta', index: 0, delta });
const doneMessage = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { input_tokens: 1, output_tokens: 100, output_tokens_details: { thinking_tokens: 60 } },
};
const langchain = (content: unknown): object => ({ content, additional_kwargs: {}, response_metadata: {} });
const langchainUsage = {
  content: '',
  usage_metadata: { input_tokens: 1, output_tokens: 100, output_token_details: { reasoning: 60 } },
};
const mistral = (content: unknown): object => ({
  data: { choices: [{ delta: { content }, finishReason: null }], usage: chatUsage },
});
const part = (type: string): object => ({ type, id: '1', text: 'Hi' });
const finish = {
  type: 'finish',
  finishReason: 'stop',
  totalUsage: { inputTokens: 1, outputTokens: 100, totalTokens: 101, reasoningTokens: 60 },
};

/** Shape, items that stream reasoning before the text, items of the same answer that hide it. */
const streams: readonly [shape: string, shown: readonly object[], hidden: readonly object[]][] = [
  [
    'openai-chat',
    [chat({ reasoning_content: 'Hm' }), chat({ content: 'Hi' }, chatUsage)],
    [chat({ content: 'Hi' }, chatUsage)],
  ],
  [
    'openai-responses',
    [responses('reasoning_summary_text.delta', { delta: 'Hm' }), doneResponse],
    [responses('output_text.delta', { delta: 'Hi' }), doneResponse],
  ],
  ['google-genai', [gemini({ text: 'Hm', thought: true }), gemini({ text: 'Hi' })], [gemini({ text: 'Hi' })]],
  [
    'anthropic-messages',
    [claude({ type: 'thinking_delta', thinking: 'Hm' }), doneMessage],
    [claude({ type: 'signature_delta', signature: 'x' }), doneMessage],
  ],
  [
    'langchain',
    [langchain([{ type: 'thinking', thinking: 'Hm' }]), langchain('Hi'), langchainUsage],
    [langchain('Hi'), langchainUsage],
  ],
  ['mistral', [mistral([{ type: 'thinking' }]), mistral('Hi')], [mistral('Hi')]],
  ['vercel-ai', [part('reasoning-delta'), part('text-delta'), finish], [part('text-delta'), finish]],
];

function paceOf(items: readonly object[]) {
  const stream = new TimedStream(undefined);
  for (const [index, item] of items.entries()) stream.item(item, 100 * index);
  return { shape: stream.shape, ...stream.pace };
}

describe('the pace of a stream', () => {
  it.each(streams)('of %s counts reasoning as written only where it was streamed', (shape, shown, hidden) => {
    expect(paceOf(shown)).toMatchObject({ shape, firstTokenMs: 0, writtenTokens: 100 });
    expect(paceOf(hidden)).toMatchObject({ shape, firstTokenMs: 0, writtenTokens: 40 });
  });

  it('is unknown before the first item, and its gaps with one', () => {
    expect(paceOf([])).toMatchObject({ firstTokenMs: undefined, chunkGapMs: undefined, writtenTokens: undefined });
    expect(paceOf([chat({ content: 'Hi' })])).toMatchObject({ firstTokenMs: 0, chunkGapMs: undefined });
  });

  it('is never below no tokens, whatever a provider counts', () => {
    const usage = { ...chatUsage, completion_tokens_details: { reasoning_tokens: 1000 } };
    expect(paceOf([chat({ content: 'Hi' }, usage)]).writtenTokens).toBe(0);
  });
});
