import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { classifyLLMError, type ClassifiedLLMError } from './llm-error.js';

type Answering = () => Response | Promise<Response>;

const json = { 'content-type': 'application/json' };

function answers(status: number, body: unknown, headers: Record<string, string> = {}): Answering {
  return () => new Response(JSON.stringify(body), { status, headers: { ...json, ...headers } });
}

function streams(...events: readonly string[]): Answering {
  return () => new Response(events.join(''), { headers: { 'content-type': 'text/event-stream' } });
}

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call was expected to fail');
}

/** What the real openai SDK throws, classified; the transport is replaced, nothing else. */
async function openaiError(fetch: Answering, stream = false): Promise<ClassifiedLLMError> {
  const client = new OpenAI({ apiKey: 'test', maxRetries: 0, fetch: async () => fetch() });
  const chat = async (): Promise<void> => {
    const body = { model: 'gpt-4o', messages: [] };
    if (!stream) return void (await client.chat.completions.create(body));
    for await (const _ of await client.chat.completions.create({ ...body, stream: true })) continue;
  };
  return classifyLLMError(await thrownBy(chat()));
}

/** The same for the real Anthropic SDK. */
async function anthropicError(fetch: Answering, stream = false): Promise<ClassifiedLLMError> {
  const client = new Anthropic({ apiKey: 'test', maxRetries: 0, fetch: async () => fetch() });
  const ask = async (): Promise<void> => {
    const body = { model: 'claude-test', max_tokens: 10, messages: [] };
    if (!stream) return void (await client.messages.create(body));
    for await (const _ of await client.messages.create({ ...body, stream: true })) continue;
  };
  return classifyLLMError(await thrownBy(ask()));
}

describe('an error of the openai SDK', () => {
  const of = (type: string | null, code: string | null, message = 'x'): object => ({ error: { type, code, message } });

  it.each([
    [400, of('invalid_request_error', null), 'invalid_request', 'BadRequestError', 'invalid_request_error', false],
    [
      400,
      of('invalid_request_error', 'context_length_exceeded'),
      'context_length',
      'BadRequestError',
      'context_length_exceeded',
      false,
    ],
    [
      400,
      of('invalid_request_error', null, "This model's maximum context length is 8192 tokens"),
      'context_length',
      'BadRequestError',
      'invalid_request_error',
      false,
    ],
    [400, of(null, 'content_filter'), 'content_filter', 'BadRequestError', 'content_filter', false],
    [
      401,
      of('invalid_request_error', 'invalid_api_key'),
      'authentication',
      'AuthenticationError',
      'invalid_api_key',
      false,
    ],
    [
      403,
      of(null, 'unsupported_country_region_territory'),
      'permission',
      'PermissionDeniedError',
      'unsupported_country_region_territory',
      false,
    ],
    [404, of('invalid_request_error', 'model_not_found'), 'invalid_request', 'NotFoundError', 'model_not_found', false],
    [408, of(null, null), 'timeout', 'APIError', null, true],
    [409, of(null, null), 'invalid_request', 'ConflictError', null, true],
    [422, of(null, null), 'invalid_request', 'UnprocessableEntityError', null, false],
    [429, of('requests', 'rate_limit_exceeded'), 'rate_limit', 'RateLimitError', 'rate_limit_exceeded', true],
    [429, of('insufficient_quota', 'insufficient_quota'), 'quota', 'RateLimitError', 'insufficient_quota', false],
    [429, of(null, 'billing_hard_limit_reached'), 'quota', 'RateLimitError', 'billing_hard_limit_reached', false],
    [500, of('server_error', null), 'server_error', 'InternalServerError', 'server_error', true],
    [
      503,
      of('server_error', null, 'The engine is currently overloaded'),
      'overloaded',
      'InternalServerError',
      'server_error',
      true,
    ],
    [503, of(null, null), 'server_error', 'InternalServerError', null, true],
    [504, of(null, null), 'timeout', 'InternalServerError', null, true],
    [418, of(null, null), 'unknown', 'APIError', null, false],
  ])('with status %d and %j is %s', async (status, body, category, className, code, retryable) => {
    expect(await openaiError(answers(status, body))).toEqual({ category, className, code, status, retryable });
  });

  it('without a body is judged by its status', async () => {
    expect(await openaiError(() => new Response('<html>', { status: 502 }))).toMatchObject({
      category: 'server_error',
      status: 502,
    });
  });

  it('inside a stream has no status and is judged by its type', async () => {
    const event = `data: ${JSON.stringify({ error: { type: 'server_error', message: 'oops' } })}\n\n`;
    expect(await openaiError(streams(event), true)).toEqual({
      category: 'server_error',
      className: 'APIError',
      code: 'server_error',
      status: null,
      retryable: true,
    });
  });

  it('inside a stream, of a type that nobody knows, is unknown', async () => {
    const event = `data: ${JSON.stringify({ error: { type: 'new_error', message: 'oops' } })}\n\n`;
    expect(await openaiError(streams(event), true)).toMatchObject({ category: 'unknown', code: 'new_error' });
  });

  it('is retryable as the server says', async () => {
    const told = { 'x-should-retry': 'false' };
    expect(await openaiError(answers(500, {}, told))).toMatchObject({ category: 'server_error', retryable: false });
    expect(await openaiError(answers(400, {}, { 'x-should-retry': 'true' }))).toMatchObject({ retryable: true });
  });

  it('is cancelled when the caller aborted', async () => {
    const client = new OpenAI({ apiKey: 'test', maxRetries: 0, fetch: async () => new Response() });
    const call = client.models.list({ signal: AbortSignal.abort() });
    expect(classifyLLMError(await thrownBy(call.asResponse()))).toMatchObject({
      category: 'cancelled',
      className: 'APIUserAbortError',
      retryable: false,
    });
  });

  it('keeps its category when a bundler renamed its class', () => {
    const renamed = class t extends Error {
      status = undefined;
      headers = undefined;
      requestID = undefined;
    };
    expect(classifyLLMError(new renamed('Request was aborted.'))).toMatchObject({ category: 'cancelled' });
    expect(classifyLLMError(new renamed('Request timed out.'))).toMatchObject({ category: 'timeout' });
    expect(classifyLLMError(new renamed('Connection error.'))).toMatchObject({ category: 'network' });
  });
});

describe('an error of the Anthropic SDK', () => {
  const of = (type: string, message = 'x', details: object | null = null): object => ({
    type: 'error',
    error: { type, message, details },
  });

  it.each([
    [400, of('invalid_request_error'), 'invalid_request', 'BadRequestError', 'invalid_request_error', false],
    [
      400,
      of('invalid_request_error', 'prompt is too long: 250000 tokens'),
      'context_length',
      'BadRequestError',
      'invalid_request_error',
      false,
    ],
    [
      400,
      of('invalid_request_error', 'Your credit balance is too low'),
      'quota',
      'BadRequestError',
      'invalid_request_error',
      false,
    ],
    [
      400,
      of('invalid_request_error', 'x', { error_code: 'enforced_spend_limit_reached' }),
      'quota',
      'BadRequestError',
      'enforced_spend_limit_reached',
      false,
    ],
    [401, of('authentication_error'), 'authentication', 'AuthenticationError', 'authentication_error', false],
    [402, of('billing_error'), 'quota', 'PaymentRequiredError', 'billing_error', false],
    [403, of('permission_error'), 'permission', 'PermissionDeniedError', 'permission_error', false],
    [404, of('not_found_error'), 'invalid_request', 'NotFoundError', 'not_found_error', false],
    [408, of('timeout_error'), 'timeout', 'RequestTimeoutError', 'timeout_error', true],
    [413, of('request_too_large'), 'context_length', 'ContentTooLargeError', 'request_too_large', false],
    [429, of('rate_limit_error'), 'rate_limit', 'RateLimitError', 'rate_limit_error', true],
    [
      429,
      of('rate_limit_error', 'x', { error_code: 'contract_spend_limit_reached' }),
      'quota',
      'ContractSpendLimitReachedError',
      'contract_spend_limit_reached',
      false,
    ],
    [499, of('api_error'), 'cancelled', 'ClientClosedRequestError', 'api_error', false],
    [500, of('api_error'), 'server_error', 'InternalServerError', 'api_error', true],
    [504, of('timeout_error'), 'timeout', 'GatewayTimeoutError', 'timeout_error', true],
    [529, of('overloaded_error'), 'overloaded', 'OverloadedError', 'overloaded_error', true],
  ])('with status %d and %j is %s', async (status, body, category, className, code, retryable) => {
    expect(await anthropicError(answers(status, body))).toEqual({ category, className, code, status, retryable });
  });

  it.each([
    ['overloaded_error', 'overloaded'],
    ['rate_limit_error', 'rate_limit'],
    ['api_error', 'server_error'],
    ['invalid_request_error', 'invalid_request'],
  ])('inside a stream of type %s is %s', async (type, category) => {
    const event = `event: error\ndata: ${JSON.stringify(of(type))}\n\n`;
    expect(await anthropicError(streams(event), true)).toMatchObject({ category, code: type, status: null });
  });
});
