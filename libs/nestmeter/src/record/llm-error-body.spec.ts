import { bodiesOf } from './llm-error-body.js';
import { classifyLLMError } from './llm-error.js';

/** An error of an SDK, by the properties that it has. */
function thrown(name: string, properties: object = {}): Error {
  return Object.assign(new Error('x'), { name }, properties);
}

const google = (status: string, message: string, ...details: object[]): string =>
  JSON.stringify({ error: { code: 400, message, status, details } });

describe('an error whose SDK is not in the corpus in this shape', () => {
  it.each<[string, unknown, string, boolean]>([
    ['an ai retry that the caller aborted', thrown('AI_RetryError', { reason: 'abort' }), 'cancelled', false],
    [
      'an ai retry around what was refused',
      thrown('AI_RetryError', { reason: 'errorNotRetryable', lastError: { statusCode: 401 } }),
      'authentication',
      false,
    ],
    ['an ai prompt that is none', thrown('AI_InvalidPromptError'), 'invalid_request', false],
    ['an ai answer without content', thrown('AI_NoContentGeneratedError'), 'unknown', false],
    [
      'an ai error whose body is text',
      thrown('AI_APICallError', { responseBody: '{"error":{"type":"overloaded_error"}}' }),
      'overloaded',
      true,
    ],
    ['an abort in LangChain', thrown('ModelAbortError'), 'cancelled', false],
    ['an abort that LangChain marked', thrown('Error', { lc_error_code: 'MODEL_ABORTED' }), 'cancelled', false],
    ['too long a prompt in LangChain', thrown('ContextOverflowError'), 'context_length', false],
    [
      'a context that LangChain marked',
      thrown('Error', { lc_error_code: 'CONTEXT_OVERFLOW' }),
      'context_length',
      false,
    ],
    ['a rate limit that LangChain marked', thrown('Error', { lc_error_code: 'MODEL_RATE_LIMIT' }), 'rate_limit', true],
    [
      'a key that LangChain marked',
      thrown('Error', { lc_error_code: 'MODEL_AUTHENTICATION' }),
      'authentication',
      false,
    ],
    ['a model that LangChain marked', thrown('Error', { lc_error_code: 'MODEL_NOT_FOUND' }), 'invalid_request', false],
    [
      'output that LangChain could not parse',
      thrown('Error', { lc_error_code: 'OUTPUT_PARSING_FAILURE' }),
      'unknown',
      false,
    ],
    ['a refusal in LangChain', thrown('ModelRefusalError'), 'content_filter', false],
    ['Mistral, aborted', thrown('RequestAbortedError'), 'cancelled', false],
    ['Mistral, too late', thrown('RequestTimeoutError'), 'timeout', true],
    ['Mistral, unreachable', thrown('ConnectionError'), 'network', true],
    ['Mistral, a request that the SDK refuses', thrown('SDKValidationError'), 'invalid_request', false],
    ['Cohere, too late', thrown('CohereTimeoutError'), 'timeout', true],
    ['Bedrock, without credentials', thrown('CredentialsProviderError'), 'authentication', false],
    [
      'Bedrock, an old token',
      thrown('ExpiredTokenException', { $metadata: { httpStatusCode: 403 } }),
      'authentication',
      false,
    ],
    [
      'Bedrock, no such model',
      thrown('ResourceNotFoundException', { $metadata: { httpStatusCode: 404 } }),
      'invalid_request',
      false,
    ],
    [
      'Bedrock, a model too slow',
      thrown('ModelTimeoutException', { $metadata: { httpStatusCode: 408 } }),
      'timeout',
      true,
    ],
    [
      'Bedrock, a model that failed',
      thrown('ModelErrorException', { $metadata: { httpStatusCode: 424 } }),
      'server_error',
      true,
    ],
    [
      'Bedrock, invalid within a stream',
      thrown('ValidationException', { $metadata: { httpStatusCode: 200 } }),
      'invalid_request',
      false,
    ],
    ['an HTTP/2 session that broke', thrown('Error', { code: 'ERR_HTTP2_SESSION_ERROR' }), 'network', true],
    ['Google, not permitted', { status: 403, message: google('PERMISSION_DENIED', 'no') }, 'permission', false],
    [
      'Google, a project without billing',
      { status: 400, message: google('FAILED_PRECONDITION', 'no') },
      'invalid_request',
      false,
    ],
    [
      'Google over the openai SDK, in a list',
      { message: 'x', error: [{ error: { status: 'UNAUTHENTICATED' } }] },
      'authentication',
      false,
    ],
    ['Google, in a stream', new Error(`got status: UNAVAILABLE. ${google('UNAVAILABLE', 'x')}`), 'overloaded', true],
    ['llama.cpp', { status: 400, error: { type: 'exceed_context_size_error' } }, 'context_length', false],
  ])('%s: %# is %s', (_, error, category, retryable) => {
    expect(classifyLLMError(error)).toMatchObject({ category, retryable });
  });

  it('is a quota if it names one for the day, even beside one for the minute', () => {
    const quota = (...ids: string[]): object => ({ violations: ids.map((quotaId) => ({ quotaId })) });
    const perDay = google('RESOURCE_EXHAUSTED', 'x', quota('RequestsPerMinute', 'RequestsPerDay'));
    expect(classifyLLMError({ status: 429, message: perDay })).toMatchObject({ category: 'quota' });
    const vertex = google('RESOURCE_EXHAUSTED', 'x', { metadata: { quota_limit: 'GenerateRequestsPerDay' } });
    expect(classifyLLMError({ status: 429, message: vertex })).toMatchObject({ category: 'quota' });
  });

  it('reports no text as a code', () => {
    expect(classifyLLMError({ status: 400, code: 'the key sk-123 is wrong', type: 'bad_key' })).toMatchObject({
      code: 'bad_key',
    });
  });
});

describe('bodiesOf', () => {
  const inner = { code: 'x' };

  it('finds JSON in text, within JSON and behind words', () => {
    expect(bodiesOf({ message: `got status: 503. ${JSON.stringify(inner)}` })).toEqual([inner]);
    const twice = { error: { message: JSON.stringify({ error: inner }) } };
    expect(bodiesOf({ message: JSON.stringify(twice) })).toContainEqual(inner);
  });

  it.each<[string, unknown]>([
    ['no JSON', '{ oh no'],
    ['too long a text', JSON.stringify({ text: 'x'.repeat(70_000) })],
    ['text that holds a brace far behind', `${'x'.repeat(300)}{}`],
    ['a number', 3],
    ['null', null],
  ])('finds nothing in %s', (_, message) => {
    expect(bodiesOf({ message })).toEqual([]);
  });

  it('ends on circles and on endless nesting', () => {
    const circle: Record<string, unknown> = {};
    circle['error'] = circle;
    expect(bodiesOf(circle)).toEqual([circle]);
    let deep: object = {};
    for (let depth = 0; depth < 100; depth++) deep = { error: deep };
    expect(bodiesOf({ body: deep }).length).toBeLessThan(10);
  });

  it('survives what throws whenever it is asked', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hostile');
        },
      },
    );
    expect(bodiesOf(hostile)).toEqual([]);
    expect(bodiesOf({ body: hostile })).toHaveLength(1);
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(() => classifyLLMError({ body: proxy, error: proxy })).not.toThrow();
  });
});
