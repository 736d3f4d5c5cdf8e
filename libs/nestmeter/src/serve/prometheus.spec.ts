import { jest } from '@jest/globals';
import { Counter, Registry } from 'prom-client';
import { parsePrometheus } from '../../../../test/fixtures/prometheus-parser.js';
import { promtool } from '../../../../test/fixtures/prometheus-programs.js';
import { createMonitor, type PerformanceMonitor } from '../monitor.js';
import type { MonitorOptions } from '../options.js';

const monitors: PerformanceMonitor[] = [];

function start(options: MonitorOptions = {}): PerformanceMonitor {
  const monitor = createMonitor({ app: 'metrics', ...options });
  monitors.push(monitor);
  monitor.start();
  return monitor;
}

afterEach(async () => {
  await Promise.all(monitors.splice(0).map((monitor) => monitor.stop()));
});

const call = { provider: 'openai', model: 'gpt-5', durationMs: 1000 };

function request(monitor: PerformanceMonitor, method: string, route: string, status: number): void {
  monitor.http
    .begin({ method, requestBytes: 0, path: '/' })
    ?.end({ route, status, responseBytes: 100, aborted: false });
}

const hostile = [
  '__proto__',
  'constructor',
  'a\nb',
  'quote"d',
  'back\\slash',
  '\\n',
  '\u0000',
  '\ud800',
  'é😀',
  'x'.repeat(10_000),
];

describe('metrics for Prometheus', () => {
  it('are valid and named after OpenTelemetry', async () => {
    const monitor = start({ tags: ['team'] });
    request(monitor, 'POST', '/chat', 200);
    request(monitor, 'POST', '/chat', 500);
    for (const ms of [5, 15, 1500, 700_000])
      monitor.recordLLMCall({
        ...call,
        durationMs: ms,
        inputTokens: 5,
        outputTokens: 70,
        costUsd: '0.25',
        tags: { team: 'a' },
      });
    monitor.recordLLMCall({ ...call, success: false, errorCategory: 'timeout' });
    monitor.recordStage('total', 12.5, { success: true });
    monitor.recordCache('answers', true);
    monitor.recordQueueDepth('jobs', 7);
    monitor.recordEvent({ type: 'timeout', component: 'a', operation: 'b', durationMs: 3 });
    monitor.track('search', () => monitor.track('rank', () => 1));

    const text = await monitor.prometheus();
    const metrics = parsePrometheus(text);
    expect(promtool(['check', 'metrics'], text)).toBe('');

    const of = (name: string) => metrics.get(name)!;
    const llm = of('gen_ai_client_operation_duration_seconds');
    expect(llm.type).toBe('histogram');
    const labels = { gen_ai_provider_name: 'openai', gen_ai_request_model: 'gpt-5', error_type: '' };
    const value = (suffix: string, more: object = {}) =>
      llm.samples.find(
        (sample) =>
          sample.name.endsWith(suffix) &&
          Object.entries({ ...labels, ...more }).every(([name, text_]) => sample.labels[name] === text_),
      )?.value;
    expect(value('_count')).toBe(4);
    expect(value('_sum')).toBe(701.52);
    expect([
      value('_bucket', { le: '0.01' }),
      value('_bucket', { le: '0.02' }),
      value('_bucket', { le: '655.36' }),
    ]).toEqual([1, 2, 3]);
    expect(value('_count', { error_type: '_OTHER' })).toBe(1);

    expect(of('nestmeter_llm_cost_usd_total').samples.map((sample) => sample.value)).toEqual([1]);
    expect(of('nestmeter_llm_input_tokens_total').samples[0]!.value).toBe(20);
    expect(of('gen_ai_client_token_usage').samples[0]!.labels).toMatchObject({ gen_ai_token_type: 'input' });
    expect(of('nestmeter_tag_team_input_tokens_total').samples[0]!.labels).toEqual({ nestmeter_tag_team: 'a' });
    const http = of('http_server_request_duration_seconds');
    expect(http.samples[0]!.labels).toEqual({
      http_request_method: 'POST',
      http_route: '/chat',
      error_type: '',
      le: '0.005',
    });
    expect(
      of('nestmeter_endpoint_status_codes_total').samples.map((sample) => sample.labels['http_response_status_code']),
    ).toEqual(['200', '500']);
    expect(of('nestmeter_queue_depth').samples).toMatchObject([{ labels: { nestmeter_queue: 'jobs' }, value: 7 }]);
    expect(of('nestmeter_operation_own_seconds_total').type).toBe('counter');
    expect(of('nestmeter_component_duration_seconds').type).toBe('histogram');
    expect(of('process_cpu_user_seconds_total').type).toBe('counter');
    expect(of('nestmeter_build_info').samples[0]!.labels).toHaveProperty('version');
  });

  it('stay valid whatever labels and names hold', async () => {
    const monitor = start();
    for (const label of hostile) {
      request(monitor, label, label, 200);
      monitor.recordLLMCall({ ...call, provider: label, model: label });
      monitor.recordCache(label, true);
      monitor.recordEvent({ type: label, component: label, operation: label });
    }
    monitor.counter('http.server.request.duration', { unit: 's', labels: ['le', 'quantile', 'a_b'] }).add(1);
    monitor.counter('jobs.done', { help: 'back\\slash\nline' }).add(1);
    monitor.counter('jobs_done').add(2);
    monitor.gauge('nestmeter.build.info').set(3);
    monitor.distribution('jobs.done.total', { unit: 'documents' }).record(3);
    const text = await monitor.prometheus();
    const metrics = parsePrometheus(text);
    expect(promtool(['check', 'metrics'], text)).toBe('');
    const caches = metrics.get('nestmeter_cache_hits_total')!.samples;
    expect(caches.map((sample) => sample.labels['nestmeter_cache'])).toContain('a\nb');
    expect(caches.map((sample) => sample.labels['nestmeter_cache'])).toContain('__proto__');
    expect(caches.reduce((sum, sample) => sum + sample.value, 0)).toBe(hostile.length);
    const custom = [...metrics.values()]
      .filter(({ name }) => /^jobs_done|custom_jobs_done/.test(name))
      .flatMap(({ samples }) => samples);
    expect(
      custom
        .filter(({ name }) => name.endsWith('_total'))
        .map(({ value }) => value)
        .sort((a, b) => a - b),
    ).toEqual([1, 2]);
  });

  it('ask Node for nothing that may end the process', async () => {
    // Both meet handles that are being collected; the first aborts then.
    const undocumented = process as unknown as Record<'_getActiveHandles' | '_getActiveRequests', () => unknown[]>;
    const asked = (['_getActiveHandles', '_getActiveRequests'] as const).map((name) => jest.spyOn(undocumented, name));
    const metrics = parsePrometheus(await start().prometheus());
    expect(asked.flatMap(({ mock }) => mock.calls)).toEqual([]);
    for (const spy of asked) spy.mockRestore();
    expect([...metrics.keys()].filter((name) => name.startsWith('nodejs_active'))).toEqual(['nodejs_active_resources']);
    expect(metrics.has('process_cpu_seconds_total') || metrics.has('process_cpu_seconds')).toBe(true);
  });

  it('grow with custom metrics that are declared later', async () => {
    const monitor = start();
    await monitor.prometheus();
    monitor.distribution('upload.size', { unit: 'bytes', labels: ['kind'] }).record(5, { kind: 'image' });
    const metrics = parsePrometheus(await monitor.prometheus());
    expect(metrics.get('upload_size_bytes')!.samples.at(-2)).toMatchObject({ labels: { kind: 'image' }, value: 5 });
  });

  it('take the bounds of the option le', async () => {
    const monitor = start({ prometheus: { le: { 'gen_ai.client.operation.duration': [1, 5] } } });
    monitor.recordLLMCall(call);
    const { samples } = parsePrometheus(await monitor.prometheus()).get('gen_ai_client_operation_duration_seconds')!;
    expect(samples.map((sample) => sample.labels['le'])).toEqual(['1', '5', '+Inf', undefined, undefined]);
  });

  it("go to the application's registry, beside its own metrics and without taking their names", async () => {
    const registry = new Registry();
    const theirs = new Counter({ name: 'nestmeter_cache_hits_total', help: 'theirs', registers: [registry] });
    theirs.inc(5);
    for (let life = 0; life < 2; life++) {
      const monitor = start({ prometheus: { registry } });
      monitor.recordCache('answers', true);
      const metrics = parsePrometheus(await monitor.prometheus());
      expect(metrics.get('nestmeter_cache_hits_total')!.samples).toMatchObject([{ value: 5 }]);
      expect(metrics.get('nestmeter_cache_hits_2_total')!.samples).toMatchObject([{ value: 1 }]);
      expect(metrics.has('nestmeter_cache_misses_2_total')).toBe(false);
      expect(metrics.has('process_cpu_user_seconds_total')).toBe(false);
      await monitor.stop();
    }
    expect(parsePrometheus(await registry.metrics()).get('nestmeter_cache_hits_2_total')!.samples).toHaveLength(1);
  });

  it('show all replicas over a window as gauges', async () => {
    const monitor = start();
    for (const durationMs of [100, 200, 300]) monitor.recordLLMCall({ ...call, durationMs });
    const text = await monitor.prometheus({ scope: 'fleet', window: '5m' });
    expect(promtool(['check', 'metrics'], text)).toBe('');
    const metrics = parsePrometheus(text);
    expect(
      [...metrics.values()].every(({ type, name }) => type === 'gauge' && name.startsWith('nestmeter_fleet_')),
    ).toBe(true);
    const { samples } = metrics.get('nestmeter_fleet_gen_ai_client_operation_duration_seconds')!;
    const of = (statistic: string) => samples.find((sample) => sample.labels['statistic'] === statistic)!.value;
    expect(of('average')).toBeCloseTo(0.2, 6);
    expect(of('p50') / 0.2).toBeCloseTo(1, 1);
    expect(metrics.get('nestmeter_fleet_llm_calls')!.samples).toMatchObject([{ value: 3 }]);
    expect(metrics.get('nestmeter_fleet_replicas')!.samples).toMatchObject([{ value: 1 }]);
  });
});
