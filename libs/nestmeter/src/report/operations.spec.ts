import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { other } from '../accumulate/labels.js';
import { operationsReport } from './operations.js';

const calls = (ms: readonly number[]) => ({ calls: ms.length, successes: ms.length, success_duration: ms });

describe('operationsReport', () => {
  it('answers times, errors, components and cost of an operation', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(operationFamily, ['search'], {
      calls: 4,
      successes: 3,
      warnings: 2,
      own_us: 200_000,
      success_duration: [100, 100, 300],
      failure_duration: [500],
      errors: { timeout: 1 },
      llm_calls: 3,
      input_tokens: 30,
      cost_nano_usd: 100,
    });
    fleet.one.count(componentFamily, ['search', 'embed'], {
      calls: 4,
      covered_us: 300_000,
      duration: [50, 50, 100, 100],
    });
    fleet.one.count(componentFamily, ['search', 'rerank'], {
      calls: 2,
      errors: 1,
      covered_us: 400_000,
      duration: [200, 200],
    });
    fleet.one.count(llmFamily, ['openai', 'm', 'chat'], { calls: 9, priced_calls: 9, cost_nano_usd: 1000 });
    const { operations, operations_count } = await fleet.ask(operationsReport);
    expect(operations_count).toBe(1);
    const { search } = operations;
    expect(search).toMatchObject({
      total_operations: 4,
      successful_operations: 3,
      error_count: 1,
      success_rate_percent: 75,
      error_rate_percent: 25,
      errors: { timeout: 1 },
      warnings: 2,
      total_duration_ms: 1000,
      avg_duration_ms: 250,
      min_duration_ms: 100,
      max_duration_ms: 500,
      own_time_ms: 200,
      own_time_percent: 20,
      llm_calls: 3,
      total_tokens: 30,
      total_cost_usd: '0.000000100',
      cost_share_percent: 10,
      threshold_ms: null,
      bottleneck: { kinds: ['error_rate'], reason: 'error rate 25.0 % above 5 %' },
    });
    expect(search!.std_dev_duration_ms).toBeCloseTo(Math.sqrt(27_500), 6);
    expect(Object.keys(search!.components)).toEqual(['rerank', 'embed']);
    expect(search!.components['embed']).toMatchObject({
      calls: 4,
      error_rate_percent: 0,
      total_duration_ms: 300,
      avg_duration_ms: 75,
      covered_ms: 300,
      share_percent: 30,
      bottleneck: null,
    });
    expect(search!.components['rerank']).toMatchObject({ share_percent: 40, bottleneck: { kinds: ['error_rate'] } });
  });

  it('finds what holds an operation up, with numbers', async () => {
    const fleet = new ReportFleet({ operationThresholdsMs: { slow: 300, part: 100 } });
    fleet.one.count(operationFamily, ['slow'], {
      ...calls([300, 302]),
      cost_nano_usd: 26,
      llm_calls: 1,
      input_tokens: 1,
    });
    fleet.one.count(componentFamily, ['slow', 'part'], { calls: 2, duration: [153, 153], covered_us: 306_000 });
    fleet.one.count(operationFamily, ['edge'], calls([300]));
    fleet.one.count(componentFamily, ['edge', 'half'], { calls: 1, duration: [150], covered_us: 150_000 });
    fleet.one.count(llmFamily, ['p', 'm', 'chat'], { calls: 1, priced_calls: 1, cost_nano_usd: 100 });
    const { slow, edge } = (await fleet.ask(operationsReport)).operations;
    expect(slow!.threshold_ms).toBe(300);
    expect(slow!.bottleneck).toEqual({
      kinds: ['threshold', 'cost_share', 'component_share'],
      reason:
        'average 301.0 ms above the threshold of 300 ms; ' +
        "26.0 % of the window's cost, above 25 %; " +
        'part takes 50.8 % of the time, above 50 %',
    });
    expect(slow!.components['part']!.bottleneck).toMatchObject({ kinds: ['threshold', 'component_share'] });
    expect(edge!.bottleneck).toBeNull();
  });

  it('takes thresholds by name only, never from the prototype', async () => {
    const fleet = new ReportFleet({ operationThresholdsMs: {} });
    fleet.one.count(operationFamily, ['constructor'], calls([5]));
    expect((await fleet.ask(operationsReport)).operations['constructor']).toMatchObject({ threshold_ms: null });
  });

  it('takes one or several names', async () => {
    const fleet = new ReportFleet();
    for (const name of ['a', 'b', 'c']) fleet.one.count(operationFamily, [name], calls([1]));
    const asked = async (operation: unknown) =>
      Object.keys((await fleet.ask(operationsReport, { operation })).operations);
    expect(await asked('b')).toEqual(['b']);
    expect(await asked(['a', 'c'])).toEqual(['a', 'c']);
    expect(await asked('z')).toEqual([]);
  });

  it('adds operations beyond the limit up with their components', async () => {
    const fleet = new ReportFleet({ maxSeries: 1 });
    fleet.one.count(operationFamily, ['a'], calls([10, 10, 10]));
    for (const name of ['b', 'c']) {
      fleet.one.count(operationFamily, [name], calls([100]));
      fleet.one.count(componentFamily, [name, 'sql'], { calls: 1, duration: [40], covered_us: 40_000 });
    }
    const { operations } = await fleet.ask(operationsReport);
    expect(Object.keys(operations)).toEqual(['a', other]);
    expect(operations[other]).toMatchObject({
      total_operations: 2,
      components: { sql: { calls: 2, share_percent: 40 } },
    });
  });
});
