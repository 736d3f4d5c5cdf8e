import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { cacheFamily, endpointFamily, stageFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { levelName } from '../store/levels.js';
import { realTimeReport } from './real-time.js';
import { readQuery } from './report.js';

describe('realTimeReport', () => {
  it('answers the last minute of requests, caches and providers, and what is so now', async () => {
    const fleet = new ReportFleet({ dailyTokenLimit: 1000 });
    await fleet.pass(60);
    fleet.one.count(endpointFamily, ['GET', '/a'], { requests: 12, successes: 9, success_duration: [100, 300] });
    fleet.one.count(endpointFamily, ['GET', '/b'], { requests: 1, failure_duration: [800] });
    fleet.one.count(cacheFamily, ['pages'], { hits: 3, misses: 1 });
    fleet.one.count(llmFamily, ['openai', 'm', 'chat'], {
      calls: 2,
      completed: 1,
      failed: 1,
      calls_with_usage: 1,
      input_tokens: 250,
      success_duration: [40],
      failure_duration: [60],
    });
    fleet.one.current = {
      [levelName('active_requests')]: 3,
      [levelName('active_calls', 'openai', 'm')]: 2,
      [levelName('queue', 'mail')]: 5,
      [levelName('shared_queue', 'jobs')]: 7,
      [levelName('process', 'heap_used')]: 64 * 2 ** 20,
      [levelName('process', 'rss')]: 128 * 2 ** 20,
      [levelName('process', 'memory_pressure')]: 12,
    };
    fleet.one.summary = { since_start_requests: 130 };
    const answer = await fleet.ask(realTimeReport);
    expect(answer.window.to - answer.window.from).toBe(65);
    expect(answer).toMatchObject({
      window: { requested: '60s' },
      monitoring_active: true,
      uptime_seconds: 42,
      availability_percent: expect.closeTo((60 / 65) * 100, 9) as number,
      throughput: {
        counted: 'requests',
        per_second: 0.2,
        per_minute: 12,
        per_hour: 720,
        total: 13,
        average_per_minute_since_start: 130,
      },
      average_response_time_ms: 400,
      success_rate_percent: (9 / 13) * 100,
      cache_hit_rate_percent: 75,
      queue_depth: 12,
      token_usage_percent: 25,
      active_requests: 3,
      active_llm_calls: 2,
      memory_metrics: { heap_used_mb: 64, memory_pressure_percent: 12, total_process_mb: 128 },
      provider_performance: {
        openai: { total_requests: 2, success_rate_percent: 50, average_response_time_ms: 50, active_calls: 2 },
      },
      active_alerts: 0,
      alerts: [],
      system_health: 'unknown',
    });
    expect(answer.success_rate_percent! + answer.error_rate_percent!).toBe(100);
  });

  it('counts runs of whole pipelines where no request was ever served', async () => {
    const fleet = new ReportFleet();
    await fleet.pass(60);
    fleet.one.count(stageFamily, ['total'], {
      successes: 12,
      errors: 1,
      success_duration: [10],
      failure_duration: [30],
    });
    fleet.one.count(stageFamily, ['decide'], { successes: 100 });
    expect(await fleet.ask(realTimeReport)).toMatchObject({
      throughput: { counted: 'stage_total', total: 13, per_second: 0.2, average_per_minute_since_start: null },
      average_response_time_ms: 20,
    });
    fleet.one.summary = { since_start_requests: 1 };
    expect(await fleet.ask(realTimeReport)).toMatchObject({ throughput: { counted: 'requests', total: 0 } });
  });

  it('shows as availability the share of the window in which anybody published', async () => {
    const fleet = new ReportFleet();
    await fleet.pass(15);
    const { availability_percent, window } = await fleet.ask(realTimeReport);
    expect(window.to - window.from).toBe(60);
    expect(availability_percent).toBeCloseTo((15 / 60) * 100, 9);
  });

  it('answers null for what nobody knows', async () => {
    const answer = await new ReportFleet().ask(realTimeReport);
    expect(answer).toMatchObject({
      throughput: { total: 0, per_second: 0, average_per_minute_since_start: null },
      average_response_time_ms: null,
      p95_response_time_ms: null,
      error_rate_percent: null,
      cache_hit_rate_percent: null,
      queue_depth: null,
      token_usage_percent: null,
      active_requests: 0,
      memory_metrics: { heap_used_mb: null, memory_pressure_percent: null, total_process_mb: null },
      provider_performance: {},
    });
  });

  it('is inactive, and has nothing under way, when no replica lives', async () => {
    const fleet = new ReportFleet();
    fleet.kill(fleet.one);
    const answer = await fleet.ask(realTimeReport);
    expect(answer).toMatchObject({
      monitoring_active: false,
      replicas_live: 0,
      availability_percent: 0,
      active_requests: null,
      active_llm_calls: null,
    });
  });

  it('takes no window, since it is always the last minute, but shows replicas when asked', async () => {
    expect(() => readQuery(realTimeReport, { window: '1h' })).toThrow('parameters must be one of by, got "window".');
    const fleet = new ReportFleet();
    const { by_replica: replicas } = await fleet.ask(realTimeReport, { by: 'replica' });
    expect(Object.keys(replicas!)).toEqual([fleet.one.replica.id]);
  });
});
