import { Redis } from 'ioredis';
import { readHeader } from '../../libs/nestmeter/src/accumulate/encoded-state.js';
import { createMonitor } from '../../libs/nestmeter/src/core.js';
import { until } from '../fixtures/opened-store.js';
import { RedisServer } from '../fixtures/redis-server.js';

describe('A replica that is told to stop', () => {
  let redis: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    redis = await RedisServer.start();
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.remove();
  });

  it('leaves no state of its levels unfinished, so that no deploy makes reports of memory and queues incomplete', async () => {
    const monitor = createMonitor({ app: 'deploy', redis: redis.url, genaiPrices: false, logLevel: 'silent' });
    monitor.start();
    await until(() => monitor.flush().then(() => true, () => false)); // prettier-ignore
    monitor.recordQueueDepth('mail', 3);
    monitor.gauge('rooms').set(2);
    await monitor.flush();
    await monitor.stop();
    const finals = new Map<string, boolean>();
    for (const key of await client.keys('{nm:deploy}:*:*'))
      for (const [field, state] of Object.entries(await client.hgetallBuffer(key).catch(() => ({}))))
        if (field.startsWith('r:')) finals.set(`${key} ${field}`, readHeader(state)!.final);
    expect([...finals.keys()].some((name) => name.includes('process'))).toBe(true);
    expect([...finals].filter(([, isFinal]) => !isFinal)).toEqual([]);
  });
});
