import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../fixtures/redis-server.js';
import { ReplicaProcess } from '../fixtures/replica-process.js';

const isLong = process.env['FAULT_FORM'] === 'long';
const outageMs = isLong ? 20_000 : 4000;
/** Before and after it. */
const calmMs = isLong ? 3000 : 1500;

describe(`a store that is away for ${outageMs / 1000} seconds under load`, () => {
  it.each([
    ['with its data', true],
    ['without its data', false],
  ])(
    'comes back %s to sums that are exact',
    async (_, keepData) => {
      const redis = await RedisServer.start();
      const app = `outage-${keepData}`;
      const replicas = await Promise.all([1, 2, 3].map(() => ReplicaProcess.start(app, redis.url, 300)));
      await sleep(calmMs);
      await redis.stop({ save: keepData });
      await sleep(outageMs);
      const during = await replicas[0]!.ask('report');
      expect(during.providers!.complete).toBe(false);
      await redis.restart();
      await sleep(calmMs);
      const reports = await Promise.all(replicas.map((replica) => replica.ask('pause')));
      const recorded = reports.reduce((sum, report) => sum + report.recorded, 0);
      for (const replica of replicas) await replica.ask('flush');
      for (const replica of replicas) {
        const { providers } = await replica.ask('report');
        expect(providers!.summary.total_requests).toBe(recorded);
        expect(providers!.providers['openai']!.tokens.input_tokens).toBe(100 * recorded);
        expect(providers!.complete).toBe(true);
      }
      await Promise.all(replicas.map((replica) => replica.kill()));
      await redis.remove();
    },
    120_000,
  );
});
