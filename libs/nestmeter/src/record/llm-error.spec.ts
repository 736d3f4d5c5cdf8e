import Anthropic from '@anthropic-ai/sdk';
import { HttpException, RequestTimeoutException } from '@nestjs/common';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { classifyAnswerFailure, classifyLLMError, llmErrorCategories } from './llm-error.js';

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call was expected to fail');
}

describe('a failure of the network', () => {
  let server: Server;
  let port: number;

  beforeEach(async () => {
    server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"object":"chat.completion.chunk","choices":[]}\n\n');
      setTimeout(() => response.destroy(), 20);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const chat = async (client: OpenAI): Promise<void> => {
    const body = { model: 'gpt-4o', messages: [] };
    for await (const _ of await client.chat.completions.create({ ...body, stream: true })) continue;
  };

  it('is named by the system code of its cause', async () => {
    const closedPort = port;
    await new Promise((resolve) => server.close(resolve));
    const client = new OpenAI({ apiKey: 'test', maxRetries: 0, baseURL: `http://127.0.0.1:${closedPort}` });
    expect(classifyLLMError(await thrownBy(chat(client)))).toEqual({
      category: 'network',
      className: 'APIConnectionError',
      code: 'ECONNREFUSED',
      status: null,
      retryable: true,
    });
  });

  // Built by hand: in a Jest realm a DOMException is no Error, and the SDKs then fail to see their own timeout.
  it.each([
    ['openai', new OpenAI.APIConnectionTimeoutError()],
    ['Anthropic', new Anthropic.APIConnectionTimeoutError()],
  ])('is a timeout when the SDK of %s waited long enough', (_, error) => {
    expect(classifyLLMError(error)).toEqual({
      category: 'timeout',
      className: 'APIConnectionTimeoutError',
      code: null,
      status: null,
      retryable: true,
    });
  });

  it('is recognised when the connection is cut inside a stream', async () => {
    const client = new OpenAI({ apiKey: 'test', maxRetries: 0, baseURL: `http://127.0.0.1:${port}` });
    expect(classifyLLMError(await thrownBy(chat(client)))).toMatchObject({
      category: 'network',
      className: 'TypeError',
      code: 'UND_ERR_SOCKET',
    });
  });

  it.each(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])(
    'is a timeout if its cause is %s',
    (code) => {
      const error = new TypeError('fetch failed', { cause: Object.assign(new Error('late'), { code }) });
      expect(classifyLLMError(error)).toMatchObject({ category: 'timeout', code });
    },
  );

  it.each(['CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ENOTFOUND'])('includes %s', (code) => {
    expect(classifyLLMError(Object.assign(new Error('x'), { code }))).toMatchObject({ category: 'network', code });
  });

  it('is not what a server said, though an SDK wrapped it in a connection error', () => {
    class APIConnectionError extends Error {}
    const error = new APIConnectionError('Connection error.', { cause: { status: 429, message: 'slow down' } });
    expect(classifyLLMError(error)).toMatchObject({ category: 'rate_limit', status: 429 });
  });
});

describe('an error of the application', () => {
  it.each([
    ['an Error', new Error('x'), 'Error'],
    ['a TypeError', new TypeError('x is not a function'), 'TypeError'],
    ['an Error with a code of its own', Object.assign(new Error('x'), { code: 'E_MINE' }), 'Error'],
    ['a Nest exception', new HttpException('teapot', 429), 'HttpException'],
    ['a Nest timeout exception', new RequestTimeoutException(), 'RequestTimeoutException'],
    ['an error of http-errors', Object.assign(new Error('x'), { status: 404, expose: true }), 'Error'],
    ['text', 'failed', null],
    ['nothing', undefined, null],
    ['a number', 429, null],
  ])('is %s', (_, error, className) => {
    expect(classifyLLMError(error)).toMatchObject({ category: 'application', className, retryable: false });
  });

  it('has the category of the provider error that caused it', () => {
    const cause = Object.assign(new Error('x'), { status: 429, code: 'insufficient_quota' });
    expect(classifyLLMError(new HttpException('sorry', 503, { cause }))).toMatchObject({
      category: 'quota',
      code: 'insufficient_quota',
      status: 429,
    });
    expect(classifyLLMError(Object.assign(new Error('gave up'), { lastError: cause }))).toMatchObject({
      category: 'quota',
    });
  });
});

describe('classifyLLMError', () => {
  it('takes abort and timeout signals for what they are', () => {
    expect(classifyLLMError(AbortSignal.abort().reason)).toMatchObject({ category: 'cancelled' });
    expect(classifyLLMError(new DOMException('late', 'TimeoutError'))).toMatchObject({ category: 'timeout' });
  });

  it('follows causes five deep and no further', () => {
    const wrap = (depth: number): unknown =>
      depth === 0 ? { status: 429 } : new Error('outer', { cause: wrap(depth - 1) });
    expect(classifyLLMError(wrap(5))).toMatchObject({ category: 'rate_limit' });
    expect(classifyLLMError(wrap(6))).toMatchObject({ category: 'application' });
  });

  it('ends on a circle of causes', () => {
    const error = new Error('circle');
    error.cause = error;
    expect(classifyLLMError(error)).toMatchObject({ category: 'application' });
  });

  it('survives errors that throw whatever is asked of them', () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('hostile');
        },
        has() {
          throw new Error('hostile');
        },
      },
    );
    expect(classifyLLMError(hostile)).toMatchObject({ category: 'application' });
    expect(classifyLLMError({ status: '429', code: 12, message: {}, headers: hostile })).toMatchObject({
      category: 'application',
    });
  });
});

describe('classifyAnswerFailure', () => {
  it('never blames the application and never calls it cancelled', () => {
    expect(classifyAnswerFailure({ message: 'something' })).toEqual({ category: 'unknown', code: null });
    expect(classifyAnswerFailure({ status: 499 })).toEqual({ category: 'unknown', code: null });
    expect(classifyAnswerFailure({ code: 529 })).toEqual({ category: 'overloaded', code: null });
  });
});

describe('the categories', () => {
  it('are those of the specification', () => {
    expect([...llmErrorCategories].toSorted()).toEqual(
      'application authentication content_filter context_length invalid_request network overloaded permission quota rate_limit server_error timeout unknown'.split(
        ' ',
      ),
    );
  });
});
