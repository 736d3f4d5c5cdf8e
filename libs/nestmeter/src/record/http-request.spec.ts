import { Recording } from '../../../../test/fixtures/recording.js';
import { VirtualTime } from '../../../../test/fixtures/virtual-time.js';
import { endpointFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { type ActiveRequest, currentRequest, HttpRequests, type RequestEnd } from './http-request.js';
import { trackOperation } from './operation.js';
import type { RecorderOptions } from './recorder.js';

const done: RequestEnd = { route: '/chat', status: 200, responseBytes: 900, aborted: false };

describe('an endpoint request', () => {
  let recording: Recording;
  let http: HttpRequests;

  beforeEach(() => open({}));

  afterEach(() => recording.close());

  function open(options: Partial<RecorderOptions>): void {
    recording?.close();
    recording = new Recording({ tags: ['tenant'], ...options });
    http = new HttpRequests(recording.recorder, { isExcluded: (path) => path === '/excluded' });
  }

  const begin = (change: object = {}): ActiveRequest =>
    http.begin({ method: 'POST', path: '/chat', requestBytes: 120, ...change })!;
  const count = (counter: string, labels = ['POST', '/chat']): number =>
    recording.count(endpointFamily, labels, counter);
  const errors = (): unknown => recording.tally(endpointFamily, ['POST', '/chat'], 'errors');
  const spend = (ms: number): void => recording.clock.advance(ms);

  const callLLM = <R>(code: () => R): R =>
    recording.recorder.llm.track({ provider: 'openai', model: 'gpt-4o', operation: 'chat', tags: null }, code, undefined, []); // prettier-ignore
  const answer = { object: 'chat.completion', choices: [], usage: { prompt_tokens: 100, completion_tokens: 20 } };
  const rateLimited = Object.assign(new Error('no'), { status: 429, headers: {}, requestID: 'r' });

  describe('that ends', () => {
    it('is counted once with duration, sizes and status', () => {
      const request = begin();
      expect(http.active).toBe(1);
      spend(40);
      request.end(done);
      request.end({ ...done, status: 500 });
      expect(http.active).toBe(0);
      expect(count('requests')).toBe(1);
      expect(count('successes')).toBe(1);
      expect(count('request_bytes')).toBe(120);
      expect(count('response_bytes')).toBe(900);
      expect(count('provider_wait_us')).toBe(0);
      expect(recording.values(endpointFamily, ['POST', '/chat'], 'success_duration')).toEqual({
        count: 1,
        sum: 40_000,
      });
      expect(recording.tally(endpointFamily, ['POST', '/chat'], 'status_codes')).toEqual({ 200: 1 });
    });

    it.each([
      [200, 'successes', {}],
      [304, 'successes', {}],
      [399, 'successes', {}],
      [400, 'client_errors', { validation: 1 }],
      [401, 'client_errors', { unauthorized: 1 }],
      [403, 'client_errors', { unauthorized: 1 }],
      [404, 'client_errors', { not_found: 1 }],
      [408, 'client_errors', { timeout: 1 }],
      [418, 'client_errors', { client_error: 1 }],
      [422, 'client_errors', { validation: 1 }],
      [429, 'client_errors', { client_error: 1 }],
      [500, 'server_errors', { server_error: 1 }],
      [504, 'server_errors', { timeout: 1 }],
    ])('with %d is one of the %s', (status, counter, categories) => {
      begin().end({ ...done, status });
      const classes = ['successes', 'client_errors', 'server_errors', 'aborted'];
      expect(classes.filter((each) => count(each) > 0)).toEqual([counter]);
      expect(errors()).toEqual(categories);
    });

    it('aborted is no success whatever its status, and stands apart from client and server errors', () => {
      begin().end({ ...done, aborted: true });
      begin().end({ ...done, status: 500, aborted: true });
      expect([count('successes'), count('aborted'), count('server_errors')]).toEqual([0, 2, 0]);
      expect(errors()).toEqual({ aborted: 2 });
      expect(recording.values(endpointFamily, ['POST', '/chat'], 'failure_duration')?.count).toBe(2);
    });

    it('succeeds as the option says, but never when aborted; a throwing option is counted and passed over', () => {
      open({
        isSuccess: (status) => {
          if (status === 418) throw new Error('no');
          return status === 404 || status < 300;
        },
      });
      for (const status of [200, 302, 404, 418]) begin().end({ ...done, status });
      begin().end({ ...done, aborted: true });
      expect(count('requests')).toBe(5);
      expect(count('successes')).toBe(2);
      expect(errors()).toEqual({ server_error: 1, client_error: 1, aborted: 1 });
      expect(recording.recorder.refusals.counts()).toEqual({ 'failed.success': 1 });
    });

    it('satisfies up to T and is tolerated up to 4 T, by method and route', () => {
      const asked: string[] = [];
      open({ apdexMs: (endpoint) => (asked.push(endpoint), endpoint === 'POST /chat' ? 100 : 500) });
      for (const ms of [100, 100.5, 400, 400.5]) {
        const request = begin();
        spend(ms);
        request.end(done);
      }
      begin().end({ ...done, status: 500 });
      begin().end({ ...done, route: null });
      expect([count('apdex_satisfied'), count('apdex_tolerating')]).toEqual([1, 2]);
      expect(new Set(asked)).toEqual(new Set(['POST /chat', 'POST __unmatched__']));
    });

    it('keeps unknown sizes apart from empty ones, and stores no size that is none', () => {
      begin({ requestBytes: null }).end(done);
      begin({ requestBytes: 0 }).end(done);
      begin({ requestBytes: Number.NaN }).end({ ...done, responseBytes: Number.NaN });
      begin({ requestBytes: -5 }).end({ ...done, responseBytes: 1.5 });
      expect([count('request_bytes'), count('request_sizes_unknown'), count('response_bytes')]).toEqual([0, 3, 1800]);
      expect(recording.recorder.refusals.counts()).toEqual({ 'endpoint.responseBytes': 2 });
    });
  });

  describe('of an unknown kind', () => {
    it('is counted by its method and as unmatched without a route', () => {
      for (const method of ['GET', 'PATCH', 'BREW', 'get', '__proto__'])
        begin({ method }).end({ ...done, route: null });
      expect(recording.names(endpointFamily)).toEqual([
        'GET\0__unmatched__',
        'OTHER\0__unmatched__',
        'PATCH\0__unmatched__',
      ]);
      expect(count('requests', ['OTHER', '__unmatched__'])).toBe(3);
    });

    it('takes a route that begins with __ from outside as __other__', () => {
      begin().end({ ...done, route: '__unmatched__' });
      expect(recording.names(endpointFamily)).toEqual(['__other__\0__other__']);
    });

    it('keeps a million routes within the cap, and the totals add up', () => {
      for (let index = 0; index < 3000; index++) begin().end({ ...done, route: `/u/${index}` });
      expect(recording.names(endpointFamily).length).toBeLessThanOrEqual(1001);
      const total = recording
        .names(endpointFamily)
        .reduce((sum, key) => sum + recording.count(endpointFamily, key.split('\0'), 'requests'), 0);
      expect(total).toBe(3000);
    });
  });

  describe('left out', () => {
    it('by its path is not begun', () => {
      expect(http.begin({ method: 'GET', path: '/excluded', requestBytes: 0 })).toBeNull();
      expect(http.active).toBe(0);
    });

    it('by its handler is not counted, but its LLM calls are', () => {
      const request = begin();
      request.run(() => {
        callLLM(() => answer);
        currentRequest()?.skip();
      });
      request.end(done);
      request.skip();
      expect(http.active).toBe(0);
      expect(recording.names(endpointFamily)).toEqual([]);
      expect(recording.count(llmFamily, ['openai', 'gpt-4o', 'chat'], 'calls')).toBe(1);
    });
  });

  describe('with LLM calls inside', () => {
    it('waits for providers while at least one call runs, at any depth', async () => {
      const time = new VirtualTime(recording.clock);
      const request = begin();
      const call = (afterMs: number, ms: number): Promise<void> =>
        time.sleep(afterMs).then(() => callLLM(() => time.sleep(ms)));
      const work = request.run(
        () =>
        trackOperation(recording.recorder, 'answer', () => Promise.all([call(10, 50), call(20, 20), call(100, 5)]), undefined, []), // prettier-ignore
      );
      await time.run(work);
      spend(45);
      request.end(done);
      expect(count('provider_wait_us')).toBe(55_000);
      expect(count('llm_calls')).toBe(3);
      expect(recording.values(endpointFamily, ['POST', '/chat'], 'success_duration')).toEqual({
        count: 1,
        sum: 150_000,
      });
    });

    it('waits for a call that was begun inside another one and outlives it', async () => {
      const time = new VirtualTime(recording.clock);
      const request = begin();
      let background = Promise.resolve();
      const outer = request.run(() =>
        callLLM(async () => {
          background = callLLM(() => time.sleep(100));
          await time.sleep(30);
        }),
      );
      await time.run(outer);
      await time.run(background);
      request.end(done);
      expect(count('provider_wait_us')).toBe(100_000);
    });

    it('adds their tokens, also of one that ends after the request, for which it waited until its own end', async () => {
      const request = begin();
      let finish = (_answer: object): void => {};
      const late = request.run(() => callLLM(() => new Promise<object>((resolve) => (finish = resolve))));
      spend(30);
      request.end(done);
      expect([count('llm_calls'), count('provider_wait_us')]).toEqual([0, 30_000]);
      spend(100);
      finish(answer);
      await late;
      expect([count('llm_calls'), count('input_tokens'), count('output_tokens'), count('unpriced_calls')]).toEqual([1, 100, 20, 1]); // prettier-ignore
      expect(count('provider_wait_us')).toBe(30_000);
      expect(count('requests')).toBe(1);
    });

    it.each([
      ['the category of the call that failed last, for a 5xx', 502, undefined, { rate_limit: 1 }],
      ['that category when the edge only knows that the server failed', 500, 'server_error', { rate_limit: 1 }],
      ['what the edge knows, if that is more', 500, 'timeout', { timeout: 1 }],
      ['that category when a 429 passes on what the provider said', 429, undefined, { rate_limit: 1 }],
      ['the category of its status, for any other 4xx', 404, undefined, { not_found: 1 }],
    ])('fails with %s', async (_what, status, errorCategory, categories) => {
      const request = begin();
      await request.run(() => callLLM(() => Promise.reject(rateLimited)).catch(() => {}));
      request.end({ ...done, status, ...(errorCategory !== undefined && { errorCategory }) });
      expect(errors()).toEqual(categories);
    });

    it('fails as server_error if another call succeeded after the one that failed', async () => {
      const request = begin();
      await request.run(async () => {
        await callLLM(() => Promise.reject(rateLimited)).catch(() => {});
        await callLLM(async () => answer);
      });
      request.end({ ...done, status: 500 });
      expect(errors()).toEqual({ server_error: 1 });
    });

    it('gives them its tags', () => {
      const request = begin();
      request.tag({ tenant: 'acme', user: 'u1' });
      request.run(() => callLLM(() => answer));
      const tenant = recording.recorder.options.tagFamilies.get('tenant')!;
      expect(recording.count(tenant, ['acme'], 'input_tokens')).toBe(100);
    });
  });

  it('is found from anywhere inside, and nowhere else', async () => {
    const request = begin();
    await request.run(async () => {
      await Promise.resolve();
      trackOperation(recording.recorder, 'a', () => callLLM(() => expect(currentRequest()).toBe(request)), undefined, []); // prettier-ignore
    });
    expect(currentRequest()).toBeNull();
  });
});
