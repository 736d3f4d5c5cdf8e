import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { ProviderSimulator } from '../simulator/provider-simulator.js';
import {
  anthropicAnswer,
  anthropicPieces,
  type AnswerPieces,
  openaiAnswer,
  openaiPieces,
  type ProviderAnswer,
} from './provider-answer.js';
import { providerFailure } from './provider-failure.js';

let simulator: ProviderSimulator;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  simulator = await ProviderSimulator.start({ seed: 1, errorShare: 0 });
  openai = new OpenAI({ apiKey: 'none', baseURL: `${simulator.url}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: 'none', baseURL: simulator.url, maxRetries: 0 });
});

afterAll(() => simulator.close());

const user = (content: string) => [{ role: 'user' as const, content }];
const askOpenAI = (message: string) => ({ model: 'gpt-4.1', messages: user(message) });
const askAnthropic = (message: string) => ({ model: 'claude-haiku-4-5', messages: user(message), max_tokens: 100 });

async function whole(pieces: AnswerPieces): Promise<{ joined: string; answer: ProviderAnswer }> {
  let joined = '';
  for (;;) {
    const next = await pieces.next();
    if (next.done) return { joined, answer: next.value };
    joined += next.value;
  }
}

const order = '[[in=120,out=60,cached=40,write=20,reasoning=10]]';
const usage = {
  inputTokens: 120,
  cachedInputTokens: 40,
  cacheWriteTokens: 20,
  outputTokens: 60,
  reasoningTokens: 10,
};

describe('a provider answer', () => {
  it('of OpenAI reads the same whole and streamed', async () => {
    const plain = openaiAnswer(await openai.chat.completions.create(askOpenAI(order)));
    const stream = await openai.chat.completions.create({
      ...askOpenAI(order),
      stream: true,
      stream_options: { include_usage: true },
    });
    const { joined, answer } = await whole(openaiPieces(stream));
    expect(plain).toEqual({ model: 'gpt-4.1', text: joined, usage });
    expect(answer).toEqual(plain);
  });

  it('of Anthropic reads the same whole and streamed', async () => {
    const plain = anthropicAnswer(await anthropic.messages.create(askAnthropic(order)));
    const stream = await anthropic.messages.create({ ...askAnthropic(order), stream: true });
    const { joined, answer } = await whole(anthropicPieces(stream));
    expect(plain).toEqual({ model: 'claude-haiku-4-5', text: joined, usage });
    expect(answer).toEqual(plain);
  });

  it('has no usage when the stream reported none', async () => {
    const { answer } = await whole(
      openaiPieces(await openai.chat.completions.create({ ...askOpenAI(order), stream: true }).then(withoutUsage)),
    );
    expect(answer.usage).toBeNull();
  });

  it.each([
    ['[[fail=rate_limit]]', { status: 429, code: 'provider_rate_limited' }],
    ['[[fail=overloaded]]', { status: 502, code: 'provider_failed' }],
    ['[[fail=server_error]]', { status: 502, code: 'provider_failed' }],
  ])('that fails with %s is told apart for both SDKs', async (message, failure) => {
    const failed = await Promise.allSettled([
      openai.chat.completions.create(askOpenAI(message)),
      anthropic.messages.create(askAnthropic(message)),
    ]);
    const failures = failed.map((result) => providerFailure((result as PromiseRejectedResult).reason));
    expect(failures).toMatchObject([failure, failure]);
  });

  it.each([new OpenAI.APIConnectionTimeoutError(), new Anthropic.APIConnectionTimeoutError()])(
    'that does not come in time is a timeout (%s)',
    (error) => {
      expect(providerFailure(error)).toMatchObject({ status: 504, code: 'provider_timeout' });
    },
  );

  it('that breaks off in the middle of a stream is a failed one', async () => {
    const stream = await anthropic.messages.create({ ...askAnthropic('[[fail=stream_error]]'), stream: true });
    const error: unknown = await whole(anthropicPieces(stream)).catch((thrown: unknown) => thrown);
    expect(providerFailure(error)).toMatchObject({ status: 502, code: 'provider_failed' });
  });
});

async function* withoutUsage(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  for await (const chunk of stream) yield { ...chunk, usage: null };
}
