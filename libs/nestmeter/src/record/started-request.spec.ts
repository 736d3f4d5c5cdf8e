import { Recording } from '../../../../test/fixtures/recording.js';
import { endpointFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { exclusion } from './exclusion.js';
import { HttpRequests } from './http-request.js';
import { trackOperation } from './operation.js';
import { type RequestBegun, type RequestEnded, StartedRequest } from './started-request.js';

const endpoint = ['POST', '/chat/:id'];
const labels = ['openai', 'gpt-4o', 'chat'];

describe('a request begun by hand', () => {
  let recording: Recording;
  let http: HttpRequests;

  beforeEach(() => {
    recording = new Recording();
    http = new HttpRequests(recording.recorder, { isExcluded: exclusion([], { probesToo: true, own: [] }) });
  });

  afterEach(() => recording.close());

  const start = (begun: unknown = {}): StartedRequest => {
    const whole = { endpoint: '/chat/:id', method: 'post', ...(begun as object) } as RequestBegun;
    return StartedRequest.start({ recorder: recording.recorder, http }, whole);
  };
  const count = (counter: string): number => recording.count(endpointFamily, endpoint, counter);

  it('is counted once when it ends, with its sizes', () => {
    const request = start({ requestBytes: 10, requestId: 'r-1' });
    expect(http.active).toBe(1);
    recording.clock.advance(25);
    request.end({ status: 201, responseBytes: 300 });
    request.end({ status: 500 });
    expect(http.active).toBe(0);
    expect([count('requests'), count('successes'), count('request_bytes'), count('response_bytes')]).toEqual([1, 1, 10, 300]); // prettier-ignore
    expect(recording.values(endpointFamily, endpoint, 'success_duration')).toEqual({ count: 1, sum: 25_000 });
    expect(recording.names(llmFamily)).toEqual([]);
  });

  it('succeeds or fails as it is told, whatever the status', () => {
    start().end({ status: 404, success: true });
    start().end({ status: 200, success: false });
    expect([count('successes'), count('client_errors')]).toEqual([1, 1]);
    expect(recording.tally(endpointFamily, endpoint, 'errors')).toEqual({ server_error: 1 });
  });

  it('fails with the category of its error, or of its status if the error says nothing', () => {
    start().end({ status: 500, error: Object.assign(new Error('no'), { name: 'TimeoutError' }) });
    start().end({ status: 500, error: new Error('no') });
    start().end({ status: 404 });
    expect(recording.tally(endpointFamily, endpoint, 'errors')).toEqual({ timeout: 1, server_error: 1, not_found: 1 });
  });

  it('with a provider is one LLM call too, for which it waits all the time', () => {
    const request = start({ provider: 'openai', model: 'gpt-4o' });
    recording.clock.advance(700);
    request.end({ status: 200, costUsd: 0.002 });
    expect(recording.count(llmFamily, labels, 'completed')).toBe(1);
    expect(recording.values(llmFamily, labels, 'success_duration')).toEqual({ count: 1, sum: 700_000 });
    expect([count('llm_calls'), count('cost_nano_usd'), count('provider_wait_us')]).toEqual([1, 2_000_000, 700_000]);
  });

  it('with a provider fails with the category of the error or of the status, also as endpoint', () => {
    const begun = { provider: 'openai', model: 'gpt-4o' };
    start(begun).end({ status: 429 });
    start(begun).end({ status: 502, error: Object.assign(new Error('no'), { status: 401, headers: {} }) });
    start(begun).end({ status: 500, error: Object.assign(new Error('no'), { name: 'AbortError' }) });
    expect(recording.tally(llmFamily, labels, 'errors')).toEqual({ rate_limit: 1, authentication: 1 });
    expect(recording.count(llmFamily, labels, 'rate_limit_hits')).toBe(1);
    expect(recording.count(llmFamily, labels, 'cancelled')).toBe(1);
  });

  it('is the scope of what runs inside', () => {
    const request = start();
    const value = request.run(
      () =>
      trackOperation(recording.recorder, 'answer', () => {
        const answer = { object: 'chat.completion', choices: [], usage: { prompt_tokens: 5, completion_tokens: 1 } };
        const call = { provider: 'openai', model: 'gpt-4o', operation: 'chat', tags: null };
        return recording.recorder.llm.track(call, () => answer, undefined, []);
      }, undefined, []), // prettier-ignore
    );
    expect(value).toHaveProperty('usage');
    request.end({ status: 200 });
    expect([count('llm_calls'), count('input_tokens')]).toEqual([1, 5]);
  });

  it.each([Number.NaN, 0, 99, 600, 200.5, '200', null, undefined])('with status %p is refused', (status) => {
    start({ provider: 'openai' }).end({ status: status as number });
    expect(http.active).toBe(0);
    expect([...recording.names(endpointFamily), ...recording.names(llmFamily)]).toEqual([]);
    expect(recording.recorder.refusals.counts()).toEqual({ 'request.status': 1 });
  });

  it('takes bad sizes as unknown', () => {
    start({ requestBytes: -1 }).end({ status: 200, responseBytes: Number.NaN });
    expect([count('request_sizes_unknown'), count('response_bytes')]).toEqual([1, 0]);
    expect(recording.recorder.refusals.counts()).toEqual({
      'request.requestBytes': 1,
      'endpoint.responseBytes': 1,
    });
  });

  it('for a health probe does nothing', () => {
    const request = start({ endpoint: '/healthz' });
    expect(request.run(() => 5)).toBe(5);
    request.end({ status: 200 });
    expect(recording.names(endpointFamily)).toEqual([]);
  });

  it('is counted without endpoint, and whatever its id is', () => {
    start({ endpoint: undefined, requestId: Symbol('id') }).end({ status: 200 });
    expect(recording.names(endpointFamily)).toEqual(['POST\0unknown']);
    expect(recording.recorder.refusals.counts()).toEqual({ 'failed.debug': 1 });
  });

  it('survives an end without a word, and nothing at all', () => {
    start().end(undefined as unknown as RequestEnded);
    const nowhere = StartedRequest.start(null, undefined as unknown as RequestBegun);
    nowhere.end({ status: 200 });
    expect(nowhere.run(() => 1)).toBe(1);
    expect(http.active).toBe(0);
  });
});
