import { AlertFleet } from '../../../../test/fixtures/alert-fleet.js';
import {
  cacheFamily,
  componentFamily,
  endpointFamily,
  operationFamily,
  processFamily,
  queueFamily,
  stageFamily,
} from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { levelName } from '../store/levels.js';
import { defaultRules } from './default-rules.js';
import { levelsOf } from './rule.js';

const many = (count: number, value: number): number[] => Array<number>(count).fill(value);
const llm = ['openai', 'gpt-4o', 'chat'];

/** What makes a rule fire, and what fires then; without anything more counted it ends with the window. */
interface Scenario {
  readonly rule: string;
  readonly severity: string;
  readonly value: number;
  /** What happens in one slot of a minute's load. */
  readonly load: (fleet: AlertFleet) => void;
  readonly labels?: Record<string, string>;
  /** Ends what does not end by itself. */
  readonly calm?: (fleet: AlertFleet) => void;
  readonly tokens?: number;
  /** Seconds until it fires; 30 where one slot is enough. */
  readonly after?: number;
}

const endpoint = (facts: Record<string, number | number[]>) => (fleet: AlertFleet) =>
  void fleet.fleet.one.count(endpointFamily, ['GET', '/a'], facts);
const calls = (facts: Record<string, number | number[]>) => (fleet: AlertFleet) =>
  void fleet.fleet.one.count(llmFamily, llm, facts);
const level = (name: string, value: number) => (fleet: AlertFleet) =>
  void (fleet.fleet.one.current = { [name]: value });

const scenarios: readonly Scenario[] = [
  {
    rule: 'processing_time',
    severity: 'critical',
    value: 6000,
    load: ({ fleet }) =>
      void fleet.one.count(stageFamily, ['total'], { successes: 20, success_duration: many(20, 6000) }),
  },
  {
    rule: 'response_time',
    severity: 'warning',
    value: 3000,
    load: endpoint({ requests: 20, successes: 20, success_duration: many(20, 3000) }),
  },
  {
    rule: 'error_rate',
    severity: 'critical',
    value: 50,
    load: endpoint({ requests: 20, successes: 10, success_duration: many(10, 5), failure_duration: many(10, 5) }),
  },
  {
    rule: 'success_rate',
    severity: 'warning',
    value: 85,
    load: endpoint({ requests: 20, successes: 17, success_duration: many(17, 5), failure_duration: many(3, 5) }),
  },
  {
    rule: 'provider_success_rate',
    severity: 'warning',
    value: 80,
    labels: { provider: 'openai' },
    load: calls({ calls: 120, completed: 96, failed: 24, success_duration: many(96, 5) }),
  },
  {
    rule: 'provider_response_time',
    severity: 'warning',
    value: 6000,
    labels: { provider: 'openai' },
    load: calls({ calls: 20, completed: 20, success_duration: many(20, 6000) }),
  },
  {
    rule: 'rate_limit_hits',
    severity: 'low',
    value: 11,
    labels: { provider: 'openai' },
    load: calls({ calls: 11, failed: 11, rate_limit_hits: 11 }),
  },
  {
    rule: 'unpriced_calls',
    severity: 'info',
    value: 1,
    labels: { provider: 'openai' },
    load: calls({ calls: 1, completed: 1, unpriced_calls: 1 }),
  },
  {
    rule: 'oldest_call',
    severity: 'warning',
    value: 130_000,
    labels: { provider: 'openai' },
    load: level(levelName('oldest_call_ms', 'openai', 'gpt-4o'), 130_000),
    calm: ({ fleet }) => void (fleet.one.current = {}),
  },
  {
    rule: 'token_efficiency',
    severity: 'low',
    value: 0.05,
    labels: { model: 'gpt-4o' },
    load: calls({ calls: 20, completed: 20, calls_with_usage: 20, input_tokens: 2000, output_tokens: 100 }),
  },
  {
    rule: 'cache_hit_rate',
    severity: 'warning',
    value: 10,
    load: ({ fleet }) => void fleet.one.count(cacheFamily, ['answers'], { hits: 2, misses: 18 }),
  },
  {
    rule: 'queue_depth',
    severity: 'warning',
    value: 145,
    after: 300,
    labels: { queue: 'jobs' },
    load: ({ fleet }) => fleet.one.level(queueFamily, ['jobs'], 'depth', 150),
    calm: ({ fleet }) => fleet.one.level(queueFamily, ['jobs'], 'depth', 0),
  },
  {
    rule: 'memory_pressure',
    severity: 'warning',
    value: 85.5,
    load: level(levelName('process', 'memory_pressure'), 85.5),
    calm: level(levelName('process', 'memory_pressure'), 50),
  },
  {
    rule: 'cpu',
    severity: 'critical',
    value: 99,
    after: 60,
    load: level(levelName('process', 'cpu'), 99),
    calm: level(levelName('process', 'cpu'), 10),
  },
  {
    rule: 'slow_operation',
    severity: 'warning',
    value: 4000,
    labels: { operation: 'qa_response' },
    load: ({ fleet }) => {
      fleet.one.count(operationFamily, ['qa_response'], { calls: 2, successes: 2, success_duration: [4000, 4000] });
      fleet.one.count(operationFamily, ['other'], { calls: 1, successes: 1, success_duration: [9000] });
    },
  },
  {
    rule: 'slow_component',
    severity: 'warning',
    value: 700,
    labels: { operation: 'ask', component: 'vector_search' },
    load: ({ fleet }) => void fleet.one.count(componentFamily, ['ask', 'vector_search'], { calls: 1, duration: [700] }),
  },
  {
    rule: 'token_usage',
    severity: 'warning',
    value: 90,
    tokens: 1000,
    load: calls({ calls: 1, completed: 1, calls_with_usage: 1, input_tokens: 450, output_tokens: 450 }),
  },
  {
    rule: 'daily_cost',
    severity: 'warning',
    value: 150,
    load: calls({ calls: 1, completed: 1, priced_calls: 1, cost_nano_usd: 150_000_000_000 }),
  },
  {
    rule: 'monthly_cost',
    severity: 'warning',
    value: 150,
    load: calls({ calls: 1, completed: 1, priced_calls: 1, cost_nano_usd: 150_000_000_000 }),
  },
];

function fleetFor({ tokens = null }: { tokens?: number | null }): AlertFleet {
  return new AlertFleet({
    dailyTokenLimit: tokens,
    operationThresholdsMs: { qa_response: 3000, vector_search: 500 },
  });
}

describe('a default rule', () => {
  it.each(scenarios.map((scenario) => [scenario.rule, scenario] as const))(
    '%s fires on what it watches, and ends when that is over',
    async (name, scenario) => {
      const fleet = fleetFor(scenario);
      await fleet.pass(20);
      expect(await fleet.firing()).toEqual([]);
      scenario.load(fleet);
      await fleet.pass(scenario.after ?? 30);
      const found = (await fleet.now()).active.find(({ rule }) => rule === name);
      expect(found).toMatchObject({ severity: scenario.severity, state: 'firing', ...(scenario.labels && { labels: scenario.labels }) }); // prettier-ignore
      expect(found!.value! / scenario.value).toBeCloseTo(1, 1);
      scenario.calm?.(fleet);
      const isOfCalendar = ['token_usage', 'daily_cost', 'monthly_cost'].includes(name);
      // Into the next day, or month.
      if (isOfCalendar) fleet.fleet.clock.advance(86_400_000 * (name === 'monthly_cost' ? 9 : 1));
      await fleet.pass(400);
      expect((await fleet.firing()).filter((text) => text.startsWith(`${name} `))).toEqual([]);
      expect(fleet.one.failures).toEqual([]);
    },
    30_000,
  );

  it('on the host is inactive, since nothing measures it yet, and visible', async () => {
    const fleet = fleetFor({});
    await fleet.pass(10);
    const states = await Promise.all(
      ['system_cpu', 'system_memory', 'system_swap', 'system_disk'].map((rule) => fleet.stateOf(rule)),
    );
    expect(states).toEqual(['inactive', 'inactive', 'inactive', 'inactive']);
  });

  it('on the processor says nothing of a replica in its first minute, and fires at once after it', async () => {
    const fleet = fleetFor({});
    level(levelName('process', 'cpu'), 99)(fleet);
    await fleet.pass(50);
    expect(await fleet.firing()).toEqual([]);
    await fleet.pass(20);
    expect(await fleet.firing()).toEqual(['cpu critical']);
    fleet.fleet.add('late').current = { [levelName('process', 'cpu')]: 100 };
    await fleet.pass(10);
    expect((await fleet.now()).active.map(({ value }) => value)).toEqual([99]);
  });

  it('on a day of tokens, or on one operation, has a text that names it, its value and its threshold', async () => {
    const fleet = fleetFor({ tokens: 1000 });
    await fleet.pass(20);
    for (const { rule, load } of scenarios)
      if (['token_usage', 'slow_operation', 'slow_component'].includes(rule)) load(fleet);
    await fleet.pass(30);
    expect((await fleet.now()).alerts).toEqual([
      '[warning] High daily token usage detected (90.0%, threshold 80%)',
      '[warning] Slow operation detected (4000 ms, threshold 3000 ms) for qa_response',
      '[warning] Slow component detected (700 ms, threshold 500 ms) for ask, vector_search',
    ]);
  });

  it('on cost is off until a limit is given', () => {
    const rules = defaultRules({ dailyCostUsd: null, monthlyCostUsd: 5 });
    const levels = (wanted: string) => levelsOf(rules.find(({ name }) => name === wanted)!);
    expect(levels('daily_cost')).toEqual([]);
    expect(levels('monthly_cost')).toEqual([{ severity: 'warning', threshold: 5 }]);
  });

  it('on time takes all endpoints where there is no stage total', async () => {
    const fleet = fleetFor({});
    endpoint({ requests: 20, successes: 20, success_duration: many(20, 6000) })(fleet);
    await fleet.pass(30);
    expect(await fleet.firing()).toEqual(['processing_time critical', 'response_time critical']);
  });

  it('on efficiency says nothing of embeddings', async () => {
    const fleet = fleetFor({});
    calls({ calls: 50, completed: 50, calls_with_usage: 50, input_tokens: 5000 })(fleet);
    await fleet.pass(30);
    expect(await fleet.stateOf('token_efficiency')).toBe('no_data');
  });

  it('on change is silent until there are 24 h of history', async () => {
    const fleet = fleetFor({});
    await fleet.pass(10);
    for (const rule of ['throughput_drop', 'latency_rise', 'heap_growth'])
      expect(await fleet.stateOf(rule)).toBe('inactive');
  });

  it('on throughput fires when less than half of what came at this hour of other days comes', async () => {
    const fleet = fleetFor({});
    const load = endpoint({ requests: 600, successes: 600, success_duration: many(600, 5) });
    for (let day = 0; day < 3; day++) {
      for (let minute = 0; minute < 60; minute += 5) {
        load(fleet);
        fleet.fleet.clock.advance(300_000);
        await fleet.fleet.publish();
      }
      fleet.fleet.clock.advance(23 * 3_600_000);
    }
    endpoint({ requests: 100, successes: 100, success_duration: many(100, 5) })(fleet);
    await fleet.pass(60);
    const found = (await fleet.now()).active.find(({ rule }) => rule === 'throughput_drop');
    expect(found).toMatchObject({ severity: 'info' });
    load(fleet);
    await fleet.pass(120);
    expect(await fleet.firing()).toEqual([]);
  }, 30_000);

  it('on latency fires when the p95 is 1.5 times that of the window before', async () => {
    const fleet = fleetFor({});
    await fleet.pass(10);
    fleet.fleet.clock.advance(25 * 3_600_000);
    endpoint({ requests: 40, successes: 40, success_duration: many(40, 100) })(fleet);
    await fleet.pass(300);
    endpoint({ requests: 40, successes: 40, success_duration: many(40, 200) })(fleet);
    await fleet.pass(60);
    expect(await fleet.firing()).toEqual(['latency_rise info']);
    // What is compared with before is in percent, though the metric is in milliseconds.
    const { active, alerts } = await fleet.now();
    expect(active[0]).toMatchObject({ metric: 'response_time_ms', threshold: 150, unit: '%' });
    expect(alerts[0]).toMatch(/^\[info\] Responses slower than before detected \(\d+\.\d%\)$/);
    expect(fleet.told[0]!.alerts[0]).toMatchObject({ threshold: 150, unit: '%' });
    await fleet.pass(400);
    expect(await fleet.firing()).toEqual([]);
  }, 30_000);

  it('on the heap fires when memory rises for 6 h', async () => {
    const fleet = fleetFor({});
    await fleet.pass(10);
    fleet.fleet.clock.advance(25 * 3_600_000);
    const firing: number[] = [];
    for (let hour = 0; hour < 16; hour++) {
      fleet.fleet.one.level(processFamily, [], 'memory_pressure', 20 + Math.min(hour, 7) * 5);
      fleet.fleet.clock.advance(3_600_000);
      await fleet.fleet.publish();
      await fleet.pass(20);
      firing.push((await fleet.firing()).length);
    }
    expect(firing.slice(6, 9)).toEqual([1, 1, 1]);
    expect(firing.at(-1)).toBe(0);
  }, 30_000);
});
