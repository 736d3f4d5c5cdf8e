import type { LLMAnswer } from './answer.js';
import { readAnswer, StreamReader } from './read-answer.js';

function readStream(items: readonly unknown[]): LLMAnswer {
  const reader = new StreamReader();
  for (const item of items) reader.item(item);
  return reader.answer;
}

/** Anthropic's own usage, which other packages hand on. */
const anthropicUsage = {
  input_tokens: 100,
  output_tokens: 5,
  cache_creation_input_tokens: 50,
  cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
  service_tier: 'batch',
  speed: 'fast',
  inference_geo: 'us',
};
const service = { serviceTier: 'batch', speed: 'fast', region: 'us' };
const written = { cacheWriteTokens: 50, cacheWrite1hTokens: 30 };

describe('how a call was served', () => {
  it('is read from messages of Anthropic and their streams', () => {
    const message = { type: 'message', usage: anthropicUsage };
    expect(readAnswer(message)).toMatchObject({ ...service, ...written });
    expect(readStream([{ type: 'message_start', message }])).toMatchObject({ ...service, ...written });
  });

  it('is read from what the Vercel package hands on of Anthropic, lifetimes of all steps added up', () => {
    const step = {
      finishReason: 'stop',
      usage: {
        inputTokens: 150,
        outputTokens: 5,
        totalTokens: 155,
        inputTokenDetails: { cacheReadTokens: 0, cacheWriteTokens: 50 },
        outputTokenDetails: {},
      },
      providerMetadata: { anthropic: { usage: anthropicUsage } },
    };
    expect(readAnswer(step)).toMatchObject({ ...service, ...written });
    const total = {
      ...step.usage,
      inputTokens: 300,
      inputTokenDetails: { cacheReadTokens: 0, cacheWriteTokens: 100 },
    };
    const both = { cacheWriteTokens: 100, cacheWrite1hTokens: 60 };
    expect(readAnswer({ ...step, totalUsage: total, steps: [step, step] })).toMatchObject({ ...service, ...both });
    const finish = { type: 'finish', finishReason: 'stop', totalUsage: total };
    const finishStep = { type: 'finish-step', ...step };
    expect(readStream([{ type: 'start-step' }, finishStep, finishStep, finish])).toMatchObject({ ...service, ...both });
  });

  it('is read from streams of provider models of the Vercel package', () => {
    const finish = {
      type: 'finish',
      finishReason: { unified: 'stop', raw: 'end_turn' },
      usage: { inputTokens: { total: 150, cacheWrite: 50 }, outputTokens: { total: 5 } },
      providerMetadata: { anthropic: { usage: anthropicUsage } },
    };
    expect(readStream([{ type: 'stream-start' }, finish])).toMatchObject({ ...service, ...written });
  });

  it('says nothing of lifetimes where nobody said how much was written', () => {
    const old = {
      finishReason: 'stop',
      usage: { inputTokens: 100, outputTokens: 5, totalTokens: 105 },
      providerMetadata: { anthropic: { usage: anthropicUsage } },
    };
    expect(readAnswer(old)).not.toHaveProperty('cacheWrite1hTokens');
  });

  it('is read from the traffic type of Google, through the Vercel package too', () => {
    const usageMetadata = { promptTokenCount: 7, candidatesTokenCount: 2, trafficType: 'ON_DEMAND_FLEX' };
    expect(readAnswer({ candidates: [], usageMetadata })).toMatchObject({ serviceTier: 'ON_DEMAND_FLEX' });
    for (const provider of ['google', 'vertex']) {
      const result = {
        finishReason: 'stop',
        usage: { inputTokens: 7, outputTokens: 2, totalTokens: 9 },
        providerMetadata: { [provider]: { usageMetadata } },
      };
      expect(readAnswer(result)).toMatchObject({ serviceTier: 'ON_DEMAND_FLEX' });
    }
  });

  it('is read from what LangChain hands on of Anthropic', () => {
    const message = {
      usage_metadata: { input_tokens: 150, output_tokens: 5, input_token_details: { cache_creation: 50 } },
      response_metadata: { model: 'claude', usage: anthropicUsage },
    };
    expect(readAnswer(message)).toMatchObject({ ...service, ...written });
  });

  it('is read from the service tier of Bedrock, whose writes are told by lifetime', () => {
    const answer = {
      output: {},
      stopReason: 'end_turn',
      serviceTier: { type: 'flex' },
      usage: {
        inputTokens: 100,
        outputTokens: 5,
        cacheWriteInputTokens: 50,
        cacheDetails: [
          { ttl: '5m', inputTokens: 20 },
          { ttl: '1h', inputTokens: 30 },
        ],
      },
    };
    expect(readAnswer(answer)).toMatchObject({ serviceTier: 'flex', ...written });
  });

  it('is what an extract function says', () => {
    expect(readAnswer(1, () => ({ inputTokens: 1, ...service }))).toEqual({ inputTokens: 1, ...service });
  });
});

describe('tokens written to the cache of Anthropic', () => {
  it('are the sum of their lifetimes where only those are told', () => {
    const usage = { ...anthropicUsage, cache_creation_input_tokens: null };
    expect(readAnswer({ type: 'message', usage })).toMatchObject({ inputTokens: 150, ...written });
  });
});
