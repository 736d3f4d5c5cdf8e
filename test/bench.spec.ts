import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What each bench must tell at least; further figures may follow. */
const figures = {
  record: {
    values: ['llm_record_ns', 'llm_record_by_hand_ns', 'endpoint_record_ns', 'operation_record_ns'],
    ratios: ['llm_record_vs_prom_client', 'endpoint_record_vs_prom_client'],
  },
  http: {
    values: ['bare_cpu_us_per_request', 'nestmeter_cpu_us_per_request'],
    ratios: [
      'cpu_per_request_vs_bare',
      'express_prom_bundle_cpu_per_request_vs_bare',
      'swagger_stats_cpu_per_request_vs_bare',
      'redis_pipeline_cpu_per_request_vs_bare',
    ],
  },
  publish: {
    values: [
      'redis_cpu_ms_per_replica_second',
      'redis_core_share_100_replicas',
      'mb_per_second_100_replicas',
      'replica_cpu_percent',
    ],
    ratios: ['redis_cpu_vs_increments'],
  },
  query: {
    values: ['providers_24h_cold_ms', 'providers_24h_warm_ms', 'providers_90d_cold_ms', 'longest_script_ms'],
    ratios: ['providers_24h_cold_vs_hash_per_series'],
  },
  scale: {
    values: ['redis_mb_90d_folded', 'keeper_cpu_ms_per_slot', 'providers_24h_cold_ms', 'script_p99_ms'],
    ratios: ['redis_cpu_per_replica_vs_one'],
  },
  outage: {
    values: ['failed_requests', 'up_p99_ms', 'slow_p99_ms', 'stalled_p99_ms', 'down_p99_ms'],
    ratios: ['slow_p99_vs_up', 'stalled_p99_vs_up', 'down_p99_vs_up'],
  },
  'outage-memory': {
    values: ['most_kept_mb_over_bare', 'most_kept_mb_without_outbox', 'states_dropped', 'gaps_of_2d'],
    ratios: ['answered_vs_counted_2d'],
  },
} as const;

const run = promisify(execFile);
const script = fileURLToPath(new URL('../bench/run.mjs', import.meta.url));

describe('npm run bench', () => {
  // What the figures are is for people to read: a test that looked at them would fail on a busy machine.
  it.each(Object.entries(figures))(
    'ends with the figures of %s as one line of JSON',
    async (bench, expected) => {
      const { stdout } = await run(process.execPath, [script, bench, '--quick', '--json']);
      const { values, ratios, ...rest } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as {
        values: Record<string, number>;
        ratios: Record<string, number>;
      };
      expect(rest).toEqual({ bench });
      expect(Object.keys(values)).toEqual(expect.arrayContaining([...expected.values]));
      expect(Object.keys(ratios)).toEqual(expect.arrayContaining([...expected.ratios]));
      for (const figure of Object.values({ ...values, ...ratios })) expect(figure).toEqual(expect.any(Number));
      expect(Object.values({ ...values, ...ratios }).filter((figure) => !Number.isFinite(figure))).toEqual([]);
    },
    // Some write the past of a fleet first.
    240_000,
  );

  it('says how it is used when it does not know the bench', async () => {
    const refused = run(process.execPath, [script, 'nothing']);
    await expect(refused).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('record|http|publish|query|scale|outage') as unknown,
    });
  });
});
