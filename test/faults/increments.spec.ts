import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { defaultTiers } from '../../libs/nestmeter/src/time-slot.js';
import { FaultProxy } from '../fixtures/fault-proxy.js';
import { MeasuredReplica, storedCalls } from '../fixtures/measured-replica.js';
import { RedisServer } from '../fixtures/redis-server.js';

const replicas = 5;
const publishesOfEach = 60;
/** Counted before each publish. */
const callsOfEach = 4;
const recorded = replicas * publishesOfEach * callsOfEach;
const cutReplies = 0.12;

const seats = Array.from({ length: replicas }, (_, seat) => seat);

/** Repeats what may have been lost, as any application does. */
async function untilDone(call: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const isDone = await call().then(
      () => true,
      () => false,
    );
    if (isDone) return;
    await setTimeout(20);
  }
  throw new Error('a call must succeed within 500 attempts');
}

describe('five replicas that publish 300 times while 12 % of the replies are cut', () => {
  const seed = Number(process.env['FAULT_SEED'] ?? 1);
  let redis: RedisServer;
  let proxies: FaultProxy[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    proxies = await Promise.all(seats.map((seat) => FaultProxy.start(redis.port, seed * 100 + seat)));
  });
  afterEach(async () => {
    for (const proxy of proxies) await proxy.stop();
    await redis.remove();
  });

  /** What a store has once each replica has published what it counted, so often as it takes. */
  async function byStates(): Promise<number> {
    const stores = proxies.map(({ url }) => new RedisStore({ location: url, app: 'states', intervalMs: 1000 }));
    for (const store of stores) store.start();
    const startMs = Date.now();
    await Promise.all(
      stores.map(async (store) => {
        const replica = new MeasuredReplica(systemClock, store);
        for (let publish = 0; publish < publishesOfEach; publish++) {
          replica.count(callsOfEach);
          await untilDone(() => replica.publisher.flush());
        }
      }),
    );
    for (const proxy of proxies) proxy.heal();
    let stored = 0;
    await untilDone(async () => {
      stored = await storedCalls(stores[0]!, defaultTiers[0]!, startMs - 20_000, Date.now() + 20_000);
    });
    for (const store of stores) await store.stop();
    return stored;
  }

  /** What one key has once each replica has added what it counted, by a client of ioredis with its default options. */
  async function byIncrements(): Promise<number> {
    const clients = proxies.map(({ url }) => new Redis(url));
    for (const client of clients) client.on('error', () => {});
    await Promise.all(
      clients.map(async (client) => {
        for (let publish = 0; publish < publishesOfEach; publish++)
          await untilDone(() => client.hincrby('shared', 'calls', callsOfEach));
      }),
    );
    for (const proxy of proxies) proxy.heal();
    const stored = Number(await clients[0]!.hget('shared', 'calls'));
    for (const client of clients) client.disconnect();
    return stored;
  }

  const cuts = (): number => proxies.reduce((sum, { counts }) => sum + counts.cutReplies, 0);

  it(`has exact sums, where shared increments are off by more than 5 % (seed ${seed})`, async () => {
    const percent = (stored: number): string => `${(100 * (stored / recorded - 1)).toFixed(1)} %`;
    for (const proxy of proxies) proxy.set({ cutReplies });
    const states = await byStates();
    const cutStates = cuts();
    for (const proxy of proxies) proxy.set({ cutReplies });
    const increments = await byIncrements();
    const cutIncrements = cuts() - cutStates;
    process.stderr.write(
      `of ${recorded} calls, seed ${seed}: states ${states} (${percent(states)}, ${cutStates} replies cut), ` +
        `increments ${increments} (${percent(increments)}, ${cutIncrements} cut)\n`,
    );
    expect(states).toBe(recorded);
    expect(Math.min(cutStates, cutIncrements)).toBeGreaterThan(15);
    expect(increments).toBeGreaterThan(1.05 * recorded);
  }, 60_000);
});
