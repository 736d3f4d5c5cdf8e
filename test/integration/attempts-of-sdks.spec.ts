import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parsePrometheus } from '../fixtures/prometheus-parser.js';
import type { RetryTraffic, TrafficCall } from '../fixtures/retry-traffic.js';

describe('the attempts of 200 calls at once, of eleven SDKs, in two monitors', () => {
  const seed = 20_261_122;
  let traffic: RetryTraffic;
  let metrics: readonly ReturnType<typeof parsePrometheus>[];

  beforeAll(async () => {
    const script = fileURLToPath(new URL('../fixtures/retry-traffic.mjs', import.meta.url));
    const options = { maxBuffer: 2 ** 26, timeout: 170_000 };
    const { stdout } = await promisify(execFile)(process.execPath, [script, '200', String(seed)], options);
    // What SDKs print stands before.
    traffic = JSON.parse(stdout.trim().split('\n').at(-1)!) as RetryTraffic;
    metrics = traffic.metrics.map(parsePrometheus);
  }, 180_000);

  /** A counter of a call in a monitor; undefined where it has no series. */
  function counted(name: string, { id, provider }: TrafficCall, monitor: number): number | undefined {
    const samples = metrics[monitor]!.get(`nestmeter_llm_${name}_total`)?.samples ?? [];
    return samples.find(
      ({ labels }) => labels['gen_ai_operation_name'] === `call-${id}-` && labels['gen_ai_provider_name'] === provider,
    )?.value;
  }

  it('are those that the server saw, each credited to its own call, provider and monitor', () => {
    const told = traffic.calls.map((call) => {
      const [attempted, elsewhere] = [call.monitor, 1 - call.monitor].map((at) => counted('retries', call, at));
      return `${call.id} ${call.sdk}: ${attempted! + 1}${elsewhere === undefined ? '' : ', and elsewhere'}`;
    });
    expect(told).toEqual(traffic.calls.map(({ id, sdk, requests }) => `${id} ${sdk}: ${requests}`));
    expect(traffic.calls.some(({ requests }) => requests > 2)).toBe(true);
  });

  it('are known of every call', () => {
    const known = traffic.calls.filter((call) => counted('calls_with_attempts', call, call.monitor) === 1);
    expect(known).toHaveLength(200);
  });

  it('were rate limited as often as the server said so, but for Bedrock, whose statuses nobody sees', () => {
    const visible = traffic.calls.filter(({ sdk }) => !sdk.startsWith('bedrock'));
    const told = visible.map((call) => counted('rate_limited_attempts', call, call.monitor));
    expect(told).toEqual(visible.map(({ rateLimited }) => rateLimited));
  });

  it('include those that the SDK gave up waiting for', () => {
    const retries = traffic.hung.map((call) => [call.sdk, call.requests, counted('retries', call, call.monitor)]);
    expect(retries).toEqual(traffic.hung.map(({ sdk }) => [sdk, 2, 1]));
  });

  it('tell the limits of each provider and model', () => {
    const requests = { limit: 100, remaining: 41, reset_seconds: null, seen: expect.any(Number) };
    const { providers } = traffic.providers as {
      providers: Record<string, { rate_limits: object; model_stats: Record<string, { rate_limits: object }> }>;
    };
    expect(providers['groq']!.rate_limits).toMatchObject({ headroom: { requests }, retry_after_seconds: null });
    const limits = Object.values(providers['groq']!.model_stats).map((model) => model.rate_limits);
    expect(limits).toContainEqual(expect.objectContaining({ headroom: { requests }, retry_after_seconds: null }));
    expect(providers['aws.bedrock']!.rate_limits).toMatchObject({ headroom: null });
  });

  it('leave out what no tracked call made, which is listed by host where it can be told whose it is', () => {
    expect(traffic.untracked).toEqual([{ [traffic.host]: 1 }, {}]);
  });

  it('are listened for while any monitor runs, and no longer', () => {
    expect(traffic.listening).toEqual([true, true, false]);
  });
});
