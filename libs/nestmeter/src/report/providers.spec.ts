import { type Facts, ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { other } from '../accumulate/labels.js';
import { levelName } from '../store/levels.js';
import { providersReport } from './providers.js';

const completed = (ms: readonly number[], more: Facts = {}): Facts => ({
  calls: ms.length,
  completed: ms.length,
  success_duration: ms,
  ...more,
});

const failed = (ms: readonly number[], more: Facts = {}): Facts => ({
  calls: ms.length,
  failed: ms.length,
  failure_duration: ms,
  errors: { timeout: ms.length },
  ...more,
});

describe('providersReport', () => {
  it('answers what a provider and its models did, merged over operations', async () => {
    const fleet = new ReportFleet();
    const usage = { calls_with_usage: 3, input_tokens: 300, output_tokens: 60, priced_calls: 3, cost_nano_usd: 900 };
    fleet.one.count(llmFamily, ['openai', 'gpt-4o', 'chat'], completed([100, 200, 300], { ...usage, streamed: 3 }));
    fleet.one.count(llmFamily, ['openai', 'gpt-4o', 'rerank'], failed([1000]));
    fleet.one.count(llmFamily, ['openai', 'o3', 'chat'], completed([400], { unpriced_calls: 1, calls_with_usage: 1 }));
    fleet.one.count(llmFamily, ['anthropic', 'sonnet', 'chat'], {
      ...completed([50]),
      time_to_first_token: [10],
      finish_reasons: { stop: 1 },
      refused: 2,
    });
    const answer = await fleet.ask(providersReport);
    expect(Object.keys(answer.providers)).toEqual(['openai', 'anthropic']);
    expect(answer.providers['openai']).toMatchObject({
      provider_name: 'openai',
      total_requests: 5,
      successful_requests: 4,
      success_rate_percent: 80,
      average_response_time_ms: 400,
      min_response_time_ms: 100,
      max_response_time_ms: 1000,
      successful: { average_response_time_ms: 250, max_response_time_ms: 400 },
      tokens: { input_tokens: 300, output_tokens: 60, total_tokens: 360, cached_tokens: null },
      total_cost_usd: '0.000000900',
      unpriced_calls: 1,
      streamed_calls: 3,
      time_to_first_token: { average_ms: null, p95_ms: null },
      errors: { timeout: 1 },
      outcomes: { completed: 4, failed: 1, cancelled: 0, refused: 0 },
      retries: null,
      health: 'unknown',
    });
    expect(answer.providers['openai']!.model_stats['gpt-4o']).toMatchObject({
      total_operations: 4,
      successful_operations: 3,
      success_rate_percent: 75,
      avg_duration_ms: 400,
      max_duration_ms: 1000,
      total_cost_usd: '0.000000900',
    });
    expect(answer.providers['openai']!.model_stats['o3']).toMatchObject({ total_cost_usd: null, unpriced_calls: 1 });
    expect(answer.providers['anthropic']).toMatchObject({
      total_requests: 1,
      time_to_first_token: { average_ms: 10, p99_ms: 10 },
      finish_reasons: { stop: 1 },
      outcomes: { completed: 1, refused: 2 },
    });
    expect(answer.summary).toEqual({
      total_requests: 6,
      success_rate_percent: (5 / 6) * 100,
      active_calls: 0,
      total_estimated_cost: 9e-7,
      total_cost_usd: '0.000000900',
      unpriced_calls: 1,
    });
  });

  it('takes one or several names; the summary is of these, and an unknown name gives an empty map', async () => {
    const fleet = new ReportFleet();
    for (const name of ['a', 'b', 'c']) fleet.one.count(llmFamily, [name, 'm', 'chat'], completed([5]));
    const names = async (provider: unknown) => Object.keys((await fleet.ask(providersReport, { provider })).providers);
    expect(await names('b')).toEqual(['b']);
    expect(await names('a,c')).toEqual(['a', 'c']);
    expect(await names(['a', 'b'])).toEqual(['a', 'b']);
    const unknown = await fleet.ask(providersReport, { provider: 'nobody' });
    expect(unknown).toMatchObject({ providers_count: 0, providers: {}, summary: { total_requests: 0 } });
  });

  it('shows the largest providers and models, and adds the rest up', async () => {
    const fleet = new ReportFleet({ maxSeries: 1 });
    fleet.one.count(llmFamily, ['big', 'm1', 'chat'], completed([1, 1, 1]));
    fleet.one.count(llmFamily, ['big', 'm2', 'chat'], completed([1]));
    fleet.one.count(llmFamily, ['small', 'm1', 'chat'], completed([1, 1]));
    fleet.one.current = { [levelName('active_calls', 'small', 'm1')]: 4 };
    const { providers, providers_count, summary } = await fleet.ask(providersReport);
    expect(providers_count).toBe(2);
    expect(providers['big']!.model_stats).toMatchObject({
      m1: { total_operations: 3 },
      [other]: { total_operations: 1 },
    });
    expect(providers[other]).toMatchObject({ total_requests: 2, active_calls: 4 });
    expect(summary).toMatchObject({ total_requests: 6, active_calls: 4 });
  });

  it('adds up calls under way of living replicas only', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    fleet.one.count(llmFamily, ['openai', 'gpt-4o', 'chat'], completed([5]));
    fleet.one.current = {
      [levelName('active_calls', 'openai', 'gpt-4o')]: 2,
      [levelName('active_calls', 'openai', 'o3')]: 1,
      [levelName('oldest_call_ms', 'openai', 'o3')]: 700,
    };
    two.current = {
      [levelName('active_calls', 'openai', 'gpt-4o')]: 10,
      [levelName('oldest_call_ms', 'openai', 'gpt-4o')]: 9000,
    };
    const active = async () => {
      const { openai } = (await fleet.ask(providersReport)).providers;
      return [openai!.active_calls, openai!.oldest_call_ms, openai!.model_stats['gpt-4o']!.active_calls];
    };
    expect(await active()).toEqual([13, 9000, 12]);
    fleet.kill(two);
    await fleet.pass(10);
    expect(await active()).toEqual([3, 700, 2]);
  });

  it('has the last error messages of living replicas where they keep them', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    fleet.one.count(llmFamily, ['openai', 'gpt-4o', 'chat'], completed([5]));
    const errors = async () => (await fleet.ask(providersReport)).providers['openai']!.last_errors;
    expect(await errors()).toBeNull();
    const error = { provider: 'openai', category: 'rate_limit', atMs: 1_000_000 };
    fleet.one.lastErrors = [{ ...error, message: 'Limit 3' }];
    two.lastErrors = [
      { ...error, message: 'Limit 5', atMs: 2_000_000 },
      { ...error, provider: 'other', message: 'no' },
    ];
    expect(await errors()).toEqual({ rate_limit: { message: 'Limit 5', seen: 2000 } });
  });

  it('lists provider and model of calls under way before the first one has ended', async () => {
    const fleet = new ReportFleet();
    fleet.one.current = {
      [levelName('active_calls', 'anthropic', 'claude')]: 3,
      [levelName('oldest_call_ms', 'anthropic', 'claude')]: 95_000,
    };
    const { providers, summary } = await fleet.ask(providersReport);
    expect(providers['anthropic']).toMatchObject({ total_requests: 0, success_rate_percent: null, active_calls: 3 });
    expect(providers['anthropic']!.model_stats['claude']).toMatchObject({ active_calls: 3, oldest_call_ms: 95_000 });
    expect(summary.active_calls).toBe(3);
  });

  it('says nothing of calls under way in parts of the past', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(llmFamily, ['openai', 'gpt-4o', 'chat'], completed([5]));
    const { series } = await fleet.ask(providersReport, { window: '60s', points: 2 });
    expect(series!.at(-1)!.providers['openai']).toMatchObject({ total_requests: 1, active_calls: null });
  });

  describe('health', () => {
    const healthOf = async (facts: Facts) => {
      const fleet = new ReportFleet();
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], facts);
      return (await fleet.ask(providersReport)).providers['p']!.health;
    };
    const fast = (count: number) => Array.from({ length: count }, () => 10);

    it.each<[string, string, Facts]>([
      ['unknown', 'below 10 calls', completed(fast(9))],
      ['healthy', 'at 90 % success', { ...completed(fast(9)), calls: 10, failed: 1 }],
      ['degraded', 'below 90 %', { ...completed(fast(17)), calls: 20, failed: 3 }],
      ['degraded', 'at 80 %', { ...completed(fast(8)), calls: 10, incomplete: 2 }],
      ['critical', 'below 80 %', { ...completed(fast(7)), calls: 10, incomplete: 3 }],
      ['degraded', 'above 5000 ms on average', completed([...fast(9), 50_000])],
      ['healthy', 'with 10 % rate limited', completed(fast(10), { rate_limit_hits: 1 })],
      ['degraded', 'with more than 10 % rate limited', completed(fast(10), { rate_limit_hits: 2 })],
      ['unknown', 'when no call succeeded or failed', { calls: 20, cancelled: 20 }],
    ])('is %s %s', async (health, _, facts) => {
      expect(await healthOf(facts)).toBe(health);
    });
  });
});
