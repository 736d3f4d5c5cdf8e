import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { ProviderSimulator } from './provider-simulator.js';

let simulator: ProviderSimulator;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  simulator = await ProviderSimulator.start({ seed: 1, errorShare: 0 });
  openai = new OpenAI({ apiKey: 'none', baseURL: `${simulator.url}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: 'none', baseURL: simulator.url, maxRetries: 0 });
});

afterAll(() => simulator.close());

const openaiBody = (content: string): OpenAI.ChatCompletionCreateParamsNonStreaming => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content }],
});
const anthropicBody = (content: string): Anthropic.MessageCreateParamsNonStreaming => ({
  model: 'claude-haiku-4-5',
  max_tokens: 100,
  messages: [{ role: 'user', content }],
});
const openaiStream = (content: string) =>
  openai.chat.completions.create({ ...openaiBody(content), stream: true, stream_options: { include_usage: true } });
const anthropicStream = (content: string) => anthropic.messages.create({ ...anthropicBody(content), stream: true });

describe('through the openai SDK', () => {
  it('answers with the usage that the message orders', async () => {
    const answer = await openai.chat.completions.create(openaiBody('[[in=120,out=30,cached=40,reasoning=10]] Hello'));
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4o-mini',
      choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: expect.stringContaining('Thanks') } }],
      usage: {
        prompt_tokens: 120,
        completion_tokens: 30,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 40 },
        completion_tokens_details: { reasoning_tokens: 10 },
      },
    });
  });

  it('streams the same text with the usage in the last chunk only', async () => {
    const order = '[[in=120,out=30,cached=40]]';
    const whole = await openai.chat.completions.create(openaiBody(order));
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await openaiStream(order)) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.filter((chunk) => chunk.usage)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 120, completion_tokens: 30, prompt_tokens_details: { cached_tokens: 40 } },
    });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('sends the chunks one by one', async () => {
    const arrivals: number[] = [];
    for await (const chunk of await openaiStream('What about a long answer?')) {
      if (chunk.choices[0]?.delta.content) arrivals.push(performance.now());
    }
    expect(arrivals.length).toBeGreaterThan(3);
    expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(10);
  });

  it('says what is left of the rate limit', async () => {
    const { response } = await openai.chat.completions.create(openaiBody('[[in=1,out=1]]')).withResponse();
    expect(Number(response.headers.get('x-ratelimit-remaining-requests'))).toBeLessThan(5000);
    expect(response.headers.get('x-ratelimit-reset-tokens')).toMatch(/^\d+s$/);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it.each([
    ['rate_limit', 429, 'rate_limit_exceeded', OpenAI.RateLimitError],
    ['server_error', 500, null, OpenAI.InternalServerError],
    ['overloaded', 503, null, OpenAI.InternalServerError],
  ])('answers fail=%s with status %i', async (fail, status, code, errorClass) => {
    const error = await openai.chat.completions.create(openaiBody(`[[fail=${fail}]]`)).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ status, code });
  });

  it('breaks off in the middle of a stream', async () => {
    let text = '';
    const reading = async (): Promise<void> => {
      for await (const chunk of await openaiStream('[[out=40,fail=stream_error]]')) {
        text += chunk.choices[0]?.delta.content ?? '';
      }
    };
    await expect(reading()).rejects.toMatchObject({ status: undefined, type: 'server_error' });
    expect(text).not.toBe('');
  });
});

describe('through the anthropic SDK', () => {
  it('answers with the usage that the message orders, where input leaves out both cache counts', async () => {
    const answer = await anthropic.messages.create(anthropicBody('[[in=120,out=30,cached=40,write=20,reasoning=10]]'));
    expect(answer).toMatchObject({
      type: 'message',
      model: 'claude-haiku-4-5',
      stop_reason: 'end_turn',
      content: [{ type: 'text', text: expect.stringContaining('Thanks') }],
      usage: {
        input_tokens: 60,
        cache_read_input_tokens: 40,
        cache_creation_input_tokens: 20,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 0 },
        output_tokens: 30,
        output_tokens_details: { thinking_tokens: 10 },
      },
    });
  });

  it('streams events that the SDK puts together to the same message', async () => {
    const order = '[[in=120,out=30,cached=40]]';
    const whole = await anthropic.messages.create(anthropicBody(order));
    const streamed = await anthropic.messages.stream(anthropicBody(order)).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage).toMatchObject({ input_tokens: 80, cache_read_input_tokens: 40, output_tokens: 30 });
    expect(streamed.stop_reason).toBe('end_turn');
  });

  it('says what is left of the rate limit', async () => {
    const { response } = await anthropic.messages.create(anthropicBody('[[in=1,out=1]]')).withResponse();
    expect(Number(response.headers.get('anthropic-ratelimit-requests-remaining'))).toBeLessThan(5000);
    expect(Date.parse(response.headers.get('anthropic-ratelimit-tokens-reset')!)).toBeGreaterThan(Date.now() - 1000);
    expect(response.headers.get('request-id')).toMatch(/^req_/);
  });

  it.each([
    ['rate_limit', 429, 'rate_limit_error'],
    ['server_error', 500, 'api_error'],
    ['overloaded', 529, 'overloaded_error'],
  ])('answers fail=%s with status %i', async (fail, status, type) => {
    const answer = anthropic.messages.create(anthropicBody(`[[fail=${fail}]]`));
    await expect(answer).rejects.toMatchObject({ status, type });
  });

  it('breaks off in the middle of a stream', async () => {
    let pieces = 0;
    const reading = async (): Promise<void> => {
      for await (const event of await anthropicStream('[[out=40,fail=stream_error]]')) {
        if (event.type === 'content_block_delta') pieces += 1;
      }
    };
    await expect(reading()).rejects.toMatchObject({ status: undefined, type: 'overloaded_error' });
    expect(pieces).toBe(4);
  });
});

describe('on its own', () => {
  it('gives the same numbers in the same order for the same seed', async () => {
    const draw = async (seed: number): Promise<unknown[]> => {
      const own = await ProviderSimulator.start({ seed, errorShare: 0 });
      const client = new OpenAI({ apiKey: 'none', baseURL: `${own.url}/v1`, maxRetries: 0 });
      const first = await client.chat.completions.create(openaiBody('Hello'));
      const second = await client.chat.completions.create(openaiBody('Hello'));
      await own.close();
      return [first.usage, second.usage];
    };
    const [once, again, other] = await Promise.all([draw(7), draw(7), draw(8)]);
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it('fails as often as it is told to', async () => {
    const failing = await ProviderSimulator.start({ seed: 1, errorShare: 1 });
    const client = new OpenAI({ apiKey: 'none', baseURL: `${failing.url}/v1`, maxRetries: 0 });
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => client.chat.completions.create({ ...openaiBody('Hello') }, { timeout: 2000 })),
    );
    await failing.close();
    expect(answers.filter(({ status }) => status === 'fulfilled')).toEqual([]);
  });

  it('answers exactly what a message orders whatever the share of errors', async () => {
    const failing = await ProviderSimulator.start({ seed: 1, errorShare: 1 });
    const client = new OpenAI({ apiKey: 'none', baseURL: `${failing.url}/v1`, maxRetries: 0 });
    const answer = await client.chat.completions.create(openaiBody('[[in=5,out=7]]'));
    await failing.close();
    expect(answer.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 7 });
  });

  it('says what is wrong with an order that it cannot follow', async () => {
    const answer = openai.chat.completions.create(openaiBody('[[in=10,cached=20]]'));
    await expect(answer).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('cached + write must be at most in'),
    });
  });

  it('cuts the answers under way when it closes', async () => {
    const closing = await ProviderSimulator.start({ seed: 1, errorShare: 0 });
    const client = new OpenAI({ apiKey: 'none', baseURL: `${closing.url}/v1`, maxRetries: 0 });
    const answer = client.chat.completions.create(openaiBody('[[ms=60000]]')).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await closing.close();
    expect(await answer).toBeInstanceOf(OpenAI.APIConnectionError);
  });
});
