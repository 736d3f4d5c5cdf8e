import { createMonitor, type MonitorOptions } from '../../libs/nestmeter/src/core.js';
import { until } from '../fixtures/opened-store.js';
import { RedisServer } from '../fixtures/redis-server.js';

describe('A monitor that is reset between two tests', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.remove());

  it.each(['in its own memory', 'on Redis'])('goes on publishing from zero, again and again, %s', async (where) => {
    const warnings: string[] = [];
    const logger = {
      debug: () => {},
      info: () => {},
      log: () => {},
      warn: (line: string) => void warnings.push(line),
      error: () => {},
    };
    const onRedis: MonitorOptions = where === 'on Redis' ? { redis: redis.url } : {};
    const monitor = createMonitor({ app: 'reset', genaiPrices: false, logger, ...onRedis });
    monitor.start();
    await until(() => monitor.flush().then(() => true, () => false)); // prettier-ignore
    const counted = async () => {
      const { operations, complete, gaps } = await monitor.reports.operations({ window: '5m' });
      return { runs: operations['work']?.total_operations ?? 0, complete, gaps };
    };
    for (const runs of [3, 2, 1]) {
      for (let run = 0; run < runs; run++) monitor.track('work', () => {});
      await monitor.flush();
      await monitor.flush();
      expect(await counted()).toEqual({ runs, complete: true, gaps: [] });
      await monitor.reset({ shared: true });
      expect((await counted()).runs).toBe(0);
    }
    expect(warnings).toEqual([]);
    await monitor.stop();
  });
});
