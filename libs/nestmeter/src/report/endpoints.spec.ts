import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { endpointFamily } from '../accumulate/families.js';
import { other, unmatched } from '../accumulate/labels.js';
import { endpointsReport } from './endpoints.js';

describe('endpointsReport', () => {
  it('answers what requests of an endpoint came to', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(endpointFamily, ['POST', '/chat'], {
      requests: 4,
      successes: 2,
      client_errors: 1,
      aborted: 1,
      success_duration: [100, 300],
      failure_duration: [500, 700],
      apdex_satisfied: 1,
      apdex_tolerating: 1,
      status_codes: { 200: 3, 422: 1 },
      errors: { validation: 1, aborted: 1 },
      request_bytes: 150,
      request_sizes_unknown: 1,
      response_bytes: 4000,
      provider_wait_us: 400_000,
      llm_calls: 2,
      input_tokens: 10,
      output_tokens: 4,
      cost_nano_usd: 12,
    });
    const { endpoints } = await fleet.ask(endpointsReport);
    expect(endpoints['POST /chat']).toMatchObject({
      endpoint_path: '/chat',
      method: 'POST',
      stats: {
        total_operations: 4,
        successful_operations: 2,
        success_rate_percent: 50,
        error_rate_percent: 50,
        avg_duration_ms: 400,
        min_duration_ms: 100,
        max_duration_ms: 700,
        successful: { avg_duration_ms: 200 },
        apdex: 0.375,
      },
      status_code_counts: { 200: 3, 422: 1 },
      errors: { validation: 1, aborted: 1 },
      client_errors: 1,
      server_errors: 0,
      aborted: 1,
      request_bytes: 150,
      requests_of_unknown_size: 1,
      response_bytes: 4000,
      provider_wait_ms: 400,
      provider_wait_percent: 25,
      tokens: { llm_calls: 2, input_tokens: 10, output_tokens: 4, total_tokens: 14 },
      total_cost_usd: '0.000000012',
    });
  });

  it('sums all endpoints up', async () => {
    const fleet = new ReportFleet();
    const ok = { requests: 3, successes: 3, success_duration: [10, 10, 10], status_codes: { 200: 3 } };
    fleet.one.count(endpointFamily, ['GET', '/a'], ok);
    fleet.one.count(endpointFamily, ['GET', unmatched], {
      requests: 1,
      client_errors: 1,
      failure_duration: [50],
      status_codes: { 404: 1 },
      provider_wait_us: 40_000,
    });
    const { endpoints_count, aggregated, endpoints } = await fleet.ask(endpointsReport);
    expect(endpoints_count).toBe(2);
    expect(Object.keys(endpoints)).toEqual(['GET /a', 'GET __unmatched__']);
    expect(aggregated).toMatchObject({
      total_operations: 4,
      success_rate_percent: 75,
      error_rate_percent: 25,
      average_duration_ms: 20,
      status_code_distribution: { 200: 3, 404: 1 },
      client_errors: 1,
      server_errors: 0,
      aborted: 0,
      provider_wait_percent: 50,
    });
    expect(Math.abs(aggregated.p95_duration_ms! / 50 - 1)).toBeLessThan(0.011);
    expect(aggregated.p99_duration_ms).toBe(aggregated.p95_duration_ms);
  });

  it('takes a path for all its methods, and a method with a path for one', async () => {
    const fleet = new ReportFleet();
    for (const labels of [
      ['GET', '/chat'],
      ['POST', '/chat'],
      ['GET', '/search'],
    ])
      fleet.one.count(endpointFamily, labels, { requests: 1, successes: 1 });
    const names = async (endpoint: unknown) => {
      const answer = await fleet.ask(endpointsReport, { endpoint });
      expect(answer.aggregated.total_operations).toBe(answer.endpoints_count);
      return Object.keys(answer.endpoints);
    };
    expect(await names('/chat')).toEqual(['GET /chat', 'POST /chat']);
    expect(await names('POST /chat')).toEqual(['POST /chat']);
    expect(await names(['POST /chat', '/search'])).toEqual(['GET /search', 'POST /chat']);
    expect(await names('/nothing')).toEqual([]);
  });

  it('answers null where no request told its size', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(endpointFamily, ['GET', '/a'], { requests: 2, request_sizes_unknown: 2 });
    fleet.one.count(endpointFamily, ['GET', '/b'], { requests: 2 });
    const { endpoints } = await fleet.ask(endpointsReport);
    expect(endpoints['GET /a']!.request_bytes).toBeNull();
    expect(endpoints['GET /b']!.request_bytes).toBe(0);
  });

  it('adds endpoints beyond the limit up under one name', async () => {
    const fleet = new ReportFleet({ maxSeries: 1 });
    fleet.one.count(endpointFamily, ['GET', '/a'], { requests: 5, successes: 5 });
    fleet.one.count(endpointFamily, ['GET', '/b'], { requests: 2, successes: 1 });
    fleet.one.count(endpointFamily, ['POST', '/c'], { requests: 1, successes: 1 });
    const { endpoints, aggregated } = await fleet.ask(endpointsReport);
    expect(endpoints[other]).toMatchObject({ endpoint_path: other, method: other, stats: { total_operations: 3 } });
    expect(aggregated.total_operations).toBe(8);
  });
});
