import { Recording } from '../../../../test/fixtures/recording.js';
import { eventFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { HttpRequests } from './http-request.js';
import { recordLLMCall } from './llm-record.js';
import { trackOperation } from './operation.js';

describe('fail-over from one provider to another', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording();
  });

  afterEach(() => recording.close());

  const call = async (provider: string, fails = false): Promise<void> => {
    const start = { provider, model: 'm', operation: 'chat', tags: null };
    const method = async (): Promise<string> => {
      if (fails) throw Object.assign(new Error('no'), { status: 503 });
      return 'an answer';
    };
    await recording.recorder.llm.track(start, method, undefined, []).catch(() => {});
  };
  const operation = <R>(name: string, code: () => Promise<R>): Promise<R> =>
    trackOperation(recording.recorder, name, code, undefined, []);
  const failovers = (provider: string): number => recording.count(llmFamily, [provider, 'm', 'chat'], 'failovers');
  const events = (failed: string, around: string): number =>
    recording.count(eventFamily, ['failover_initiated', `llm.${failed}`, around], 'events');

  it('is counted with the provider that took over, and as an event of the one that failed', async () => {
    await operation('answer', async () => {
      await call('openai', true);
      await call('anthropic');
    });
    expect([failovers('openai'), failovers('anthropic')]).toEqual([0, 1]);
    expect(events('openai', 'answer')).toBe(1);
  });

  it('is counted for each provider of a chain', async () => {
    await operation('answer', async () => {
      await call('openai', true);
      await call('anthropic', true);
      await call('mistral');
      await call('openai');
    });
    expect([failovers('openai'), failovers('anthropic'), failovers('mistral')]).toEqual([0, 1, 1]);
  });

  it('is noticed where calls stand in operations of their own inside one', async () => {
    await operation('answer', async () => {
      await operation('ask openai', () => call('openai', true));
      await operation('ask anthropic', () => call('anthropic'));
    });
    expect(failovers('anthropic')).toBe(1);
    expect(events('openai', 'ask anthropic')).toBe(1);
  });

  it('is noticed in a request without operations', async () => {
    const http = new HttpRequests(recording.recorder, { isExcluded: () => false });
    const request = http.begin({ method: 'GET', path: '/', requestBytes: 0 })!;
    await request.run(async () => {
      await call('openai', true);
      await call('anthropic');
    });
    request.end({ route: '/', status: 200, responseBytes: 0, aborted: false });
    expect(events('openai', 'unknown')).toBe(1);
  });

  it('is none between different operations of one request', async () => {
    const http = new HttpRequests(recording.recorder, { isExcluded: () => false });
    const request = http.begin({ method: 'GET', path: '/', requestBytes: 0 })!;
    await request.run(async () => {
      await operation('moderate', () => call('openai', true));
      await operation('answer', () => call('anthropic'));
    });
    request.end({ route: '/', status: 200, responseBytes: 0, aborted: false });
    expect(failovers('anthropic')).toBe(0);
  });

  it('is none after a success, for the same provider, or outside of everything', async () => {
    await operation('answer', async () => {
      await call('openai', true);
      await call('openai');
      await call('anthropic');
    });
    await call('openai', true);
    await call('anthropic');
    expect([failovers('openai'), failovers('anthropic')]).toEqual([0, 0]);
  });

  it('is counted once when two calls take over at the same time', async () => {
    await operation('answer', async () => {
      await call('openai', true);
      await Promise.all([call('anthropic'), call('mistral')]);
    });
    expect(failovers('anthropic') + failovers('mistral')).toBe(1);
  });

  it('is noticed in calls told by hand', async () => {
    const { recorder } = recording;
    await operation('answer', async () => {
      recordLLMCall(recorder, recorder.llm, { provider: 'openai', model: 'm', durationMs: 5, success: false });
      recordLLMCall(recorder, recorder.llm, { provider: 'anthropic', model: 'm', durationMs: 5 });
    });
    expect(failovers('anthropic')).toBe(1);
  });
});
