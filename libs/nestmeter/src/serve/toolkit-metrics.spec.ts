import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrometheus } from '../../../../test/fixtures/prometheus-parser.js';
import { freePort, RedisServer } from '../../../../test/fixtures/redis-server.js';
import { createMonitor, type PerformanceMonitor } from '../monitor.js';

const silent = { logLevel: 'silent', publishIntervalMs: 200 } as const;

/** Values of the metrics of the toolkit, by name; those with labels by name and label. */
async function toolkitOf(monitor: PerformanceMonitor): Promise<Record<string, number>> {
  const metrics = parsePrometheus(await monitor.prometheus());
  const samples = [...metrics.values()].flatMap((metric) => metric.samples);
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [
      [name, ...Object.values(labels)].join(' ').replace('nestmeter_', ''),
      value,
    ]),
  );
}

describe('metrics of the toolkit itself', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  });

  it('say that all is well, and count what was refused', async () => {
    const redis = await RedisServer.start();
    cleanUps.push(() => redis.remove());
    const monitor = createMonitor({ app: 'toolkit', redis: redis.url, ...silent });
    cleanUps.push(() => monitor.stop());
    monitor.start();
    monitor.recordLLMCall({ provider: 'openai', model: 'gpt-5', durationMs: -1 });
    let known = await toolkitOf(monitor);
    while (known['live_replicas'] === undefined) {
      await sleep(50);
      known = await toolkitOf(monitor);
    }
    expect(known).toMatchObject({
      store_reachable: 1,
      live_replicas: 1,
      dropped_states_total: 0,
      'recording_failures_total llm.durationMs': 1,
    });
    expect(known['publish_age_seconds']).toBeGreaterThanOrEqual(0);
  });

  it('are there while the store is not, without waiting for it', async () => {
    const monitor = createMonitor({ app: 'toolkit', redis: `redis://127.0.0.1:${await freePort()}`, ...silent });
    cleanUps.push(() => monitor.stop());
    monitor.start();
    monitor.recordCache('answers', true);
    let known = await toolkitOf(monitor);
    while (known['publish_failures_total'] === 0) {
      await sleep(50);
      known = await toolkitOf(monitor);
    }
    expect(known).toMatchObject({ store_reachable: 0, dropped_states_total: 0 });
    // Nothing is known of what was never published.
    expect(known).not.toHaveProperty('publish_age_seconds');
    expect(known).not.toHaveProperty('live_replicas');
  });
});
