import { Recording } from '../../../../test/fixtures/recording.js';
import { HttpRequests } from './http-request.js';
import { trackOperation } from './operation.js';
import { tagCurrent } from './tags.js';

describe('tags set while a request is handled', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording({ tags: ['tenant', 'plan'] });
  });

  afterEach(() => recording.close());

  const call = (tags: Record<string, string> | null = null, inside = async () => {}): Promise<void> =>
    recording.recorder.llm.track({ provider: 'p', model: 'm', operation: 'chat', tags }, inside, undefined, []);
  const operation = <R>(code: () => Promise<R>, metadata?: Record<string, unknown>): Promise<R> =>
    trackOperation(recording.recorder, 'job', code, undefined, [], { metadata });
  const tag = (tags: Record<string, unknown>): void => tagCurrent(recording.recorder, tags);
  const calls = (name: string, value: string): number => {
    const family = recording.recorder.options.tagFamilies.get(name)!;
    return recording.count(family, [value], 'calls');
  };
  async function request(code: () => Promise<void>): Promise<void> {
    const http = new HttpRequests(recording.recorder, { isExcluded: () => false });
    const begun = http.begin({ method: 'GET', path: '/', requestBytes: 0 })!;
    await begun.run(code);
    begun.end({ route: '/', status: 200, responseBytes: 0, aborted: false });
  }

  it('reach LLM calls that end afterwards, also through operations that began before', async () => {
    await request(async () => {
      await operation(async () => {
        await call();
        tag({ tenant: 'acme' });
        await call();
        await call(null, async () => tag({ plan: 'pro' }));
      });
      await call();
    });
    expect(calls('tenant', 'acme')).toBe(3);
    expect(calls('plan', 'pro')).toBe(2);
  });

  it('stand behind those of an operation and of the call itself', async () => {
    await request(async () => {
      tag({ tenant: 'request', plan: 'request' });
      await operation(() => call({ plan: 'call' }), { tenant: 'operation' });
    });
    expect([calls('tenant', 'operation'), calls('plan', 'call')]).toEqual([1, 1]);
    expect([calls('tenant', 'request'), calls('plan', 'request')]).toEqual([0, 0]);
  });

  it('belong to the outermost tracked call where there is no request', async () => {
    await operation(async () => {
      await operation(async () => tag({ tenant: 'acme' }));
      await call();
    });
    await call();
    expect(calls('tenant', 'acme')).toBe(1);
  });

  it('do not reach another request', async () => {
    await request(async () => tag({ tenant: 'acme' }));
    await request(() => call());
    expect(calls('tenant', 'acme')).toBe(0);
  });

  it('are only those declared, as text; the rest is left out', async () => {
    await request(async () => {
      tag({ tenant: 7, plan: { deep: true }, user: 'u-1' });
      await call();
    });
    expect(calls('tenant', '7')).toBe(1);
    expect(recording.names(recording.recorder.options.tagFamilies.get('plan')!)).toEqual([]);
  });

  it('are refused and counted outside of requests and tracked calls', () => {
    tag({ tenant: 'acme' });
    tag({ tenant: 'acme' });
    expect(recording.recorder.refusals.counts()).toEqual({ tag: 2 });
    expect(recording.warnings).toHaveLength(1);
  });
});
