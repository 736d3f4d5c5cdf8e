import { channel } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createMonitor, type PerformanceMonitor } from '../../libs/nestmeter/src/core.js';
import { parsePrometheus } from '../fixtures/prometheus-parser.js';
import { ProviderServer } from '../fixtures/provider-server.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { Agent } from '../fixtures/tracked-agent.js';

describe('requests of a tracked call', () => {
  const agent = new Agent();
  let server: ProviderServer;
  let other: ProviderServer;
  let monitor: PerformanceMonitor;

  beforeEach(async () => {
    [server, other] = await Promise.all([ProviderServer.start(), ProviderServer.start()]);
    start([]);
  });

  afterEach(async () => {
    await monitor.stop();
    await Promise.all([server.stop(), other.stop()]);
  });

  function start(providerHosts: string[]): void {
    monitor = createMonitor({ genaiPrices: false, logLevel: 'silent', providerHosts });
    monitor.start();
  }

  const hostOf = ({ url }: ProviderServer): string => new URL(url).host;

  async function ask(of: { readonly url: string }, init: RequestInit = {}): Promise<string> {
    return (await fetch(`${of.url}/v1/chat/completions`, { method: 'POST', body: '{}', ...init })).text();
  }

  /** Retries of the calls of an operation; null when none told its attempts. */
  async function retries(operation = 'agent'): Promise<number | null> {
    const samples = (name: string) =>
      parsePrometheus(text)
        .get(`nestmeter_llm_${name}_total`)
        ?.samples.filter(({ labels }) => labels['gen_ai_operation_name'] === operation) ?? [];
    const text = await monitor.prometheus();
    return (samples('calls_with_attempts')[0]?.value ?? 0) === 0 ? null : (samples('retries')[0]?.value ?? 0);
  }

  it('are no retries while each of them succeeds', async () => {
    await agent.run(async () => {
      for (let step = 0; step < 3; step++) await ask(server);
    });
    expect(await retries()).toBe(0);
  });

  it('are retries once for each failure before them', async () => {
    server.behave({ status: 429 }, { status: 503 }, {}, {}, { status: 500 });
    await agent.run(async () => {
      for (let step = 0; step < 5; step++) await ask(server);
    });
    expect(await retries()).toBe(2);
  });

  it('are no retry when the only one fails', async () => {
    server.behave({ status: 429 });
    await agent.run(() => ask(server));
    expect(await retries()).toBe(0);
  });

  it('are no retries of another host’s failure', async () => {
    server.behave({ status: 500 });
    await agent.run(async () => {
      await ask(server);
      await ask(other);
    });
    expect(await retries()).toBe(0);
  });

  it('count for the provider alone where it is known, not for what a tool of the agent asks', async () => {
    await monitor.stop();
    start([hostOf(server)]);
    other.behave({ status: 500 }, { status: 429 });
    server.behave({ status: 503 });
    await agent.run(async () => {
      await ask(other);
      await ask(other);
      await ask(server);
      await ask(server);
    });
    expect(await retries()).toBe(1);
    expect(await monitor.prometheus()).toMatch(/nestmeter_llm_rate_limited_attempts_total\{[^}]*agent[^}]*\} 0/);
  });

  it('are no retries after a stream that was left', async () => {
    server.behave({ pieces: 100_000, frameDelayMs: 1 });
    await agent.run(async () => {
      const leave = new AbortController();
      const answer = await fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        body: '{"stream":true}',
        signal: leave.signal,
      });
      await answer.body!.getReader().read();
      leave.abort();
      await ask(server);
    });
    expect(await retries()).toBe(0);
  });

  it('are retries after a stream that broke off', async () => {
    server.behave({ ending: 'cut' });
    await agent.run(async () => {
      await ask(server, { body: '{"stream":true}' }).catch(() => {});
      await ask(server);
    });
    expect(await retries()).toBe(1);
  });

  it('are retries when nobody listened before', async () => {
    const stopped = await ProviderServer.start();
    const gone = { url: stopped.url };
    await stopped.stop();
    await agent.run(async () => {
      await expect(ask(gone)).rejects.toThrow('fetch failed');
      await expect(ask(gone)).rejects.toThrow('fetch failed');
    });
    expect(await retries()).toBe(1);
  });

  it('are unknown when none was seen', async () => {
    await agent.run(async () => {});
    await agent.run(() => fetch(`${server.url}/v1/models`).then((answer) => answer.text()));
    expect(await retries()).toBeNull();
  });

  it('belong to the innermost call', async () => {
    server.behave({ status: 429 });
    await agent.run(() =>
      agent.inner(() =>
        agent.job(async () => {
          await ask(server);
          await ask(server);
        }),
      ),
    );
    expect([await retries('inner'), await retries('agent')]).toEqual([1, null]);
  });

  it('that begin after its end are those of nobody', async () => {
    await monitor.stop();
    start([hostOf(server)]);
    let late: Promise<unknown> = Promise.resolve();
    const ended = new EventEmitter();
    await agent.run(async () => {
      late = once(ended, 'end').then(() => ask(server));
    });
    ended.emit('end');
    await late;
    expect(await retries()).toBeNull();
    expect(await untracked()).toEqual({ [hostOf(server)]: 1 });
  });

  it('are told by host outside of it, those of providers alone', async () => {
    await monitor.stop();
    start([hostOf(server)]);
    await ask(server);
    await agent.job(() => ask(server));
    await fetch(`${server.url}/v1/models`).then((answer) => answer.text());
    await ask(other);
    expect(await untracked()).toEqual({ [hostOf(server)]: 2 });
  });

  it('tell limits and the wait by provider and model, and as gauges of this replica', async () => {
    const headers = { 'retry-after': '30', 'x-ratelimit-limit-tokens': '1000', 'x-ratelimit-remaining-tokens': '7' };
    server.behave({ status: 429, headers: { ...headers, 'x-ratelimit-reset-tokens': '1m30s' } });
    await agent.run(() => ask(server));
    const { providers } = await monitor.reports.providers({});
    const { rate_limits: limits, model_stats: models } = providers['openai']!;
    const tokens = { limit: 1000, remaining: 7, reset_seconds: expect.any(Number), seen: expect.any(Number) };
    expect(limits).toMatchObject({ rate_limited_attempts: 1, headroom: { tokens } });
    expect(models['gpt-5']!.rate_limits).toMatchObject({ rate_limited_attempts: 1, headroom: { tokens } });
    const { reset_seconds: reset } = limits.headroom!['tokens']!;
    expect([limits.retry_after_seconds! <= 30, limits.retry_after_seconds! > 0, reset! <= 90, reset! > 60]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const text = await monitor.prometheus();
    const labels = 'gen_ai_provider_name="openai",gen_ai_request_model="gpt-5",kind="tokens"';
    expect(text).toContain(`nestmeter_llm_ratelimit_limit{${labels}} 1000\n`);
    expect(text).toContain(`nestmeter_llm_ratelimit_remaining{${labels}} 7\n`);
    expect(text).toContain(`nestmeter_llm_ratelimit_reset_seconds{${labels}} `);
  });

  it('have waited long enough once one succeeds', async () => {
    server.behave({ status: 429, headers: { 'retry-after': '30' } });
    await agent.run(() => ask(server));
    await agent.run(() => ask(server));
    const { providers } = await monitor.reports.providers({});
    expect(providers['openai']!.rate_limits.retry_after_seconds).toBeNull();
  });

  it('take the wait from Gemini’s error where no header tells it', async () => {
    server.behave({ status: 429 });
    const message = JSON.stringify({ error: { code: 429, details: [{ retryDelay: '13s' }] } });
    const refused = agent.run(async () => {
      await ask(server);
      throw Object.assign(new Error(message), { name: 'ApiError', status: 429 });
    });
    await expect(refused).rejects.toThrow('retryDelay');
    const { providers } = await monitor.reports.providers({});
    expect(providers['openai']!.rate_limits.retry_after_seconds).toBeGreaterThan(0);
  });

  it('are taken from the error or answer where they cannot be seen', async () => {
    const failed = agent.run(async () => {
      throw Object.assign(new Error('Failed after 3 attempts.'), { name: 'AI_RetryError', errors: [{}, {}, {}] });
    });
    await expect(failed).rejects.toThrow('3 attempts');
    expect(await retries()).toBe(2);
  });

  it('never fail because of what stands on the channels', async () => {
    for (const message of [
      undefined,
      null,
      {},
      { request: null },
      { request: { method: 'POST', origin: Symbol('x') } },
    ])
      for (const name of ['undici:request:create', 'undici:request:headers', 'http.client.request.start'])
        await agent.run(async () => channel(name).publish(message));
    server.behave({ status: 500 });
    await agent.run(async () => {
      await ask(server);
      await ask(server);
    });
    expect(await retries()).toBe(1);
  });

  it('tell limits alike on every replica', async () => {
    await monitor.stop();
    const redis = await RedisServer.start();
    const replicas = ['one', 'two'].map((replicaName) =>
      createMonitor({ app: 'alike', redis: redis.url, replicaName, genaiPrices: false, logLevel: 'silent' }),
    );
    for (const replica of replicas) replica.start();
    const [first, second] = replicas as [PerformanceMonitor, PerformanceMonitor];
    const own = new Agent();
    first.own(own);
    server.behave({ status: 429, headers: { 'retry-after': '60', 'x-ratelimit-remaining-requests': '3' } });
    await own.run(() => ask(server));
    for (const replica of replicas) await flushed(replica);
    const told = await Promise.all(replicas.map((replica) => replica.reports.providers({})));
    const requests = { limit: null, remaining: 3, reset_seconds: null, seen: expect.any(Number) };
    const limits = told.map(({ providers }) => providers['openai']!.rate_limits);
    expect(limits).toMatchObject([{ headroom: { requests } }, { headroom: { requests } }]);
    expect(limits[0]!.headroom).toEqual(limits[1]!.headroom);
    expect(limits.every(({ retry_after_seconds: wait }) => wait! > 0 && wait! <= 60)).toBe(true);
    await Promise.all([first.stop(), second.stop()]);
    await redis.remove();
  }, 30_000);

  /** Publishes, once Redis is connected to. */
  async function flushed(replica: PerformanceMonitor): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      try {
        return await replica.flush();
      } catch {
        await delay(100);
      }
    }
    throw new Error('Redis has not answered for ten seconds.');
  }

  async function untracked(): Promise<unknown> {
    const { body } = await monitor.routes.handle({
      method: 'GET',
      url: '/performance/health',
      headers: { host: 'localhost' },
      remoteAddress: '127.0.0.1',
      native: null,
      body: async () => '',
    });
    return (JSON.parse(body as string) as { untracked_provider_requests: unknown }).untracked_provider_requests;
  }
});
