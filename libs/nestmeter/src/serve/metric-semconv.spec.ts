import { llmFamily } from '../accumulate/llm-family.js';
import { builtInFamilies } from '../accumulate/families.js';
import { parsePrometheus } from '../../../../test/fixtures/prometheus-parser.js';
import { promtool } from '../../../../test/fixtures/prometheus-programs.js';
import { createMonitor, type PerformanceMonitor } from '../monitor.js';
import type { MonitorOptions } from '../options.js';
import { planMetrics } from './metric-plan.js';

/** What the conventions call things: released → latest, for inference. */
const renamed = {
  gen_ai_client_operation_duration_seconds: 'gen_ai_client_inference_duration_seconds',
  gen_ai_client_operation_time_to_first_chunk_seconds: 'gen_ai_client_inference_time_to_first_chunk_seconds',
  gen_ai_client_operation_time_per_output_chunk_seconds: 'gen_ai_client_inference_time_per_output_chunk_seconds',
  nestmeter_llm_input_tokens_total: 'gen_ai_client_inference_usage_input_tokens_total',
  nestmeter_llm_output_tokens_total: 'gen_ai_client_inference_usage_output_tokens_total',
  nestmeter_llm_cached_input_tokens_total: 'gen_ai_client_inference_usage_cache_read_input_tokens_total',
  nestmeter_llm_cache_write_tokens_total: 'gen_ai_client_inference_usage_cache_write_input_tokens_total',
  nestmeter_llm_reasoning_tokens_total: 'gen_ai_client_inference_usage_reasoning_output_tokens_total',
};

const durations = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const longer = [163.84, 327.68, 655.36];
const tokens = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

let monitor: PerformanceMonitor;

/** The metrics of a monitor that has seen a chat, a failure and an embedding. */
async function exposed(options: MonitorOptions = {}, query: { scope?: 'fleet'; window?: string } = {}) {
  monitor = createMonitor({ app: 'semconv', tags: ['team'], genaiPrices: false, ...options });
  monitor.start();
  const call = { provider: 'openai', model: 'gpt-5', durationMs: 1000, streamed: true, timeToFirstTokenMs: 100 };
  const usage = {
    inputTokens: 100,
    cachedInputTokens: 60,
    cacheWriteTokens: 20,
    outputTokens: 50,
    reasoningTokens: 30,
  };
  monitor.recordLLMCall({ ...call, ...usage, costUsd: '0.5', tags: { team: 'a' } });
  monitor.recordLLMCall({ ...call, model: 'gpt-4', errorCategory: 'timeout' });
  monitor.recordLLMCall({ ...call, model: 'embed', operation: 'embeddings', inputTokens: 7, streamed: false });
  const text = await monitor.prometheus(query);
  return { text, metrics: parsePrometheus(text) };
}

afterEach(() => monitor?.stop());

type Metrics = Awaited<ReturnType<typeof exposed>>['metrics'];

/** Values of a metric, or of one of its lines, by model. */
function byModel(metrics: Metrics, name: string, line = name): Record<string, number> {
  const samples = metrics.get(name)?.samples.filter((sample) => sample.name === line) ?? [];
  return Object.fromEntries(samples.map(({ labels, value }) => [labels['gen_ai_request_model']!, value]));
}

/** Upper bounds of a histogram's buckets; the last one is +Inf. */
function bounds(metrics: Metrics, name: string): number[] {
  const texts = metrics.get(name)!.samples.flatMap(({ labels }) => labels['le'] ?? []);
  return [...new Set(texts)].map((text) => (text === '+Inf' ? Infinity : Number(text)));
}

describe('GenAI metrics under the released names', () => {
  it('have the names, types and bounds of the conventions 1.41', async () => {
    const { metrics, text } = await exposed();
    expect(promtool(['check', 'metrics'], text)).toBe('');
    const [duration, firstChunk, perChunk] = Object.keys(renamed) as [string, string, string];
    for (const name of [duration, firstChunk, perChunk]) expect(metrics.get(name)!.type).toBe('histogram');
    expect(bounds(metrics, duration)).toEqual([...durations, ...longer, Infinity]);
    expect(bounds(metrics, firstChunk)).toEqual([...durations, ...longer, Infinity]);
    expect(bounds(metrics, 'gen_ai_client_token_usage')).toEqual([...tokens, Infinity]);
    expect([...metrics.keys()].filter((name) => name.includes('inference'))).toEqual([]);
  });

  it('carry the attributes that the conventions require', async () => {
    const { metrics } = await exposed();
    const [first] = metrics.get('gen_ai_client_operation_duration_seconds')!.samples;
    expect(first!.labels).toMatchObject({
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: 'openai',
      gen_ai_request_model: 'gpt-5',
      error_type: '',
    });
    const types = metrics.get('gen_ai_client_token_usage')!.samples.map(({ labels }) => labels['gen_ai_token_type']);
    expect(new Set(types)).toEqual(new Set(['input', 'output']));
  });

  it('say of every subset what it is a subset of, and that cost has no convention', async () => {
    const { metrics } = await exposed();
    const help = (name: string) => metrics.get(`nestmeter_llm_${name}_total`)!.help;
    expect(help('cached_input_tokens')).toContain('a subset of input_tokens, do not add');
    expect(help('cache_write_tokens')).toContain('a subset of input_tokens, do not add');
    expect(help('reasoning_tokens')).toContain('a subset of output_tokens, do not add');
    expect(help('cache_read_cost_usd')).toContain('a part of cost_nano_usd, do not add');
    expect(help('cost_usd')).toContain('OpenTelemetry has no metric of cost');
  });
});

describe('GenAI metrics under the latest names', () => {
  it('are valid, each name once, with the renamed ones in place of the released', async () => {
    const { metrics, text } = await exposed({ semconv: 'latest' });
    expect(promtool(['check', 'metrics'], text)).toBe('');
    for (const name of Object.values(renamed)) expect([name, metrics.has(name)]).toEqual([name, true]);
    expect(metrics.get('gen_ai_client_inference_usage_input_tokens_total')!.type).toBe('counter');
    expect(metrics.get('gen_ai_client_inference_operation_input_tokens')!.type).toBe('histogram');
  });

  it('count tokens under a modality that is unknown, 0 for a call that failed without usage', async () => {
    const { metrics } = await exposed({ semconv: 'latest' });
    const counters = Object.values(renamed).slice(3);
    const counted = counters.map((name) => byModel(metrics, name));
    expect(counted).toEqual([
      { 'gpt-5': 100, 'gpt-4': 0 },
      { 'gpt-5': 50, 'gpt-4': 0 },
      { 'gpt-5': 60, 'gpt-4': 0 },
      { 'gpt-5': 20, 'gpt-4': 0 },
      { 'gpt-5': 30, 'gpt-4': 0 },
    ]);
    const labels = counters.flatMap((name) => metrics.get(name)!.samples.map((sample) => sample.labels));
    expect(new Set(labels.map((each) => each['gen_ai_token_modality']))).toEqual(new Set(['unknown']));
  });

  it('keep the released names for embeddings alone, which are no inference', async () => {
    const { metrics } = await exposed({ semconv: 'latest' });
    const released = 'gen_ai_client_operation_duration_seconds';
    const latest = renamed[released];
    expect(Object.keys(byModel(metrics, latest, `${latest}_count`)).toSorted()).toEqual(['gpt-4', 'gpt-5']);
    expect(byModel(metrics, released, `${released}_count`)).toEqual({ embed: 1 });
    expect(byModel(metrics, 'nestmeter_llm_input_tokens_total')).toEqual({ embed: 7 });
    expect(metrics.get('nestmeter_llm_input_tokens_total')!.help).toContain('only operations that are no inference');
    expect(byModel(metrics, 'gen_ai_client_token_usage', 'gen_ai_client_token_usage_sum')).toEqual({ embed: 7 });
  });

  it('leave all other names as they are', async () => {
    const names = (semconv: 'released' | 'latest') =>
      planMetrics(builtInFamilies, new Set(), { semconv }).map(({ name }) => name);
    const released = new Set(names('released'));
    const added = names('latest').filter((name) => !released.has(name));
    const perCall = ['input', 'output'].map((kind) => `gen_ai_client_inference_operation_${kind}_tokens`);
    expect(added.toSorted()).toEqual([...Object.values(renamed), ...perCall].toSorted());
    expect(new Set(names('latest')).size).toBe(names('latest').length);
    expect([...released].filter((name) => !names('latest').includes(name))).toEqual([]);
  });

  it('show every series of a meter under exactly one name', () => {
    const plan = planMetrics(builtInFamilies, new Set(), { semconv: 'latest' });
    for (const operation of ['chat', 'embeddings', 'summary of a ticket', '__other__', '__proto__'])
      for (const [column] of llmFamily.specs.counters.entries()) {
        const shown = plan.filter(
          ({ family, kind, parts, covers }) =>
            family === llmFamily &&
            kind === 'counter' &&
            parts[0]!.column === column &&
            (covers === null || covers(['openai', 'gpt-5', operation])),
        );
        expect([operation, column, shown.length]).toEqual([operation, column, 1]);
      }
  });

  it('take bounds given for the released name too', async () => {
    const le = { 'gen_ai.client.operation.duration': [1, 5], 'gen_ai.client.inference.operation.input_tokens': [10] };
    const { metrics } = await exposed({ semconv: 'latest', prometheus: { le } });
    expect(bounds(metrics, 'gen_ai_client_inference_duration_seconds')).toEqual([1, 5, Infinity]);
    expect(bounds(metrics, 'gen_ai_client_inference_operation_input_tokens')).toEqual([10, Infinity]);
    expect(bounds(metrics, 'gen_ai_client_inference_operation_output_tokens')).toHaveLength(tokens.length + 1);
  });

  it('are those of the fleet too', async () => {
    const { metrics, text } = await exposed({ semconv: 'latest' }, { scope: 'fleet', window: '5m' });
    expect(promtool(['check', 'metrics'], text)).toBe('');
    expect(byModel(metrics, 'nestmeter_fleet_gen_ai_client_inference_usage_input_tokens')).toEqual({
      'gpt-5': 100,
      'gpt-4': 0,
    });
    expect(byModel(metrics, 'nestmeter_fleet_llm_input_tokens')).toEqual({ embed: 7 });
  });
});

describe('HTTP metrics', () => {
  it('spell an unknown method as OpenTelemetry does, and no other label', async () => {
    monitor = createMonitor({ app: 'semconv' });
    monitor.start();
    monitor.http
      .begin({ method: 'BREW', requestBytes: 0, path: '/pot' })
      ?.end({ route: 'OTHER', status: 200, responseBytes: 0, aborted: false });
    const metrics = parsePrometheus(await monitor.prometheus());
    expect(metrics.get('nestmeter_endpoint_requests_total')!.samples[0]!.labels).toEqual({
      http_request_method: '_OTHER',
      http_route: 'OTHER',
    });
    expect(await monitor.reports.endpoints({})).toHaveProperty(['endpoints', 'OTHER OTHER']);
  });
});
