import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { defaultTiers } from '../../libs/nestmeter/src/time-slot.js';
import { FaultProxy } from '../fixtures/fault-proxy.js';
import { faultSeed } from '../fixtures/fault-seed.js';
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
  let redis: RedisServer;
  let proxies: FaultProxy[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    proxies = await Promise.all(seats.map((seat) => FaultProxy.start(redis.port, faultSeed * 100 + seat)));
  });
  afterEach(async () => {
    for (const proxy of proxies) await proxy.stop();
    await redis.remove();
  });

  /** What each tier of a store has once each replica has published what it counted, so often as it takes. */
  async function byStates(): Promise<number[]> {
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
    let stored: number[] = [];
    await untilDone(async () => {
      const sums = defaultTiers.map((tier) => storedCalls(stores[0]!, tier, startMs - 20_000, Date.now() + 20_000));
      stored = await Promise.all(sums);
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

  it(`has exact sums, where shared increments are off by more than 5 % (FAULT_SEED=${faultSeed})`, async () => {
    const percent = (stored: number): string => `${(100 * (stored / recorded - 1)).toFixed(1)} %`;
    for (const proxy of proxies) proxy.set({ cutReplies });
    const states = await byStates();
    const cutStates = cuts();
    for (const proxy of proxies) proxy.set({ cutReplies });
    const increments = await byIncrements();
    const cutIncrements = cuts() - cutStates;
    process.stderr.write(
      `of ${recorded} calls, seed ${faultSeed}: states of each tier ${states.join(', ')} (${cutStates} replies cut), ` +
        `increments ${increments} (${percent(increments)}, ${cutIncrements} cut)\n`,
    );
    expect(states).toEqual(defaultTiers.map(() => recorded));
    // Of a hundred thousand seeds one has so few that the last two do not hold.
    expect(Math.min(cutStates, cutIncrements)).toBeGreaterThan(15);
    expect(increments).toBeGreaterThan(1.05 * recorded);
  }, 60_000);
});
