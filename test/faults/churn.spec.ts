import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import type { Tier } from '../../libs/nestmeter/src/time-slot.js';
import { keeperOf } from '../fixtures/kept-fleet.js';
import { MeasuredReplica, storedCalls } from '../fixtures/measured-replica.js';
import { until } from '../fixtures/opened-store.js';
import { RedisServer } from '../fixtures/redis-server.js';

/** Of days in seconds: a slot is sealed one length after its end, and gone two later. */
const tiers: readonly Tier[] = [
  { slotSeconds: 2, retentionSeconds: 2 },
  { slotSeconds: 4, retentionSeconds: 4 },
  { slotSeconds: 8, retentionSeconds: 8 },
];
const churn = 100;
const app = 'churn';
const tag = `{nm:${app}}`;

/** Slots of a tier that can be there at once: open, within retention, two more until they expire, one for a late expiry. */
const slotsAtOnce = ({ slotSeconds, retentionSeconds }: Tier): number => retentionSeconds / slotSeconds + 4;

describe('a fleet whose replicas come and go', () => {
  let redis: RedisServer;
  let client: Redis;
  let store: RedisStore;

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = new Redis(redis.url);
    store = new RedisStore({ location: redis.url, app, intervalMs: 1000 });
    store.start();
    await until(() => store.status().state === 'ready');
  });
  afterAll(async () => {
    await store.stop();
    client.disconnect();
    await redis.remove();
  });

  interface Sizes {
    slots: number;
    index: number;
    states: number;
    marks: number;
    waiting: number;
  }

  async function sizes(): Promise<Sizes> {
    const slots = await client.keys(`${tag}:sample:*`);
    const found = { slots: slots.length, index: await client.hlen(`${tag}:index`), states: 0, marks: 0, waiting: await client.zcard(`${tag}:finals`) }; // prettier-ignore
    for (const slot of slots)
      for (const field of await client.hkeys(slot)) {
        if (field.startsWith('r:')) found.states++;
        if (field.startsWith('m:')) found.marks++;
      }
    return found;
  }

  it('holds as many keys, fields and marks as its slots and living replicas need, and all that was counted', async () => {
    const timing = { everyMs: 200, foldAfterMs: 200, sweepEveryMs: 300, sealGraceMs: 300 };
    const host = new MeasuredReplica(systemClock, store, { tiers });
    await host.publisher.flush();
    const keeper = keeperOf(host, { timing });
    keeper.start();
    const most: Sizes = { slots: 0, index: 0, states: 0, marks: 0, waiting: 0 };
    const coarse = tiers[2]!;
    const sealed = new Map<number, number>();
    /** Looks at sizes, and at what each coarse slot holds once it is sealed: slots of a slow run expire before its end. */
    const measure = async (): Promise<boolean> => {
      const now = await sizes();
      for (const size of Object.keys(most) as (keyof Sizes)[]) most[size] = Math.max(most[size], now[size]);
      const slots = await client.keys(`${tag}:sample:8:*`);
      for (const slot of slots) {
        const start = Number(slot.split(':').at(-1));
        if (sealed.has(start) || !(await client.hexists(slot, 'z'))) continue;
        sealed.set(start, await storedCalls(store, coarse, start * 1000, start * 1000));
        expect((await client.hkeys(slot)).sort()).toEqual(['*', 'z']);
      }
      return slots.every((slot) => sealed.has(Number(slot.split(':').at(-1))));
    };
    const startMs = Date.now();
    let counted = 0;
    for (let index = 0; index < churn; index++) {
      const replica = new MeasuredReplica(systemClock, store, { tiers });
      replica.count(1 + index);
      counted += 1 + index;
      await replica.publisher.flush();
      // One in three is killed.
      if (index % 3 > 0) await replica.publisher.stop(1000);
      if (index % 5 === 0) await measure();
      await setTimeout(50);
    }
    const churnMs = Date.now() - startMs;
    await until(measure);
    expect([...sealed.values()].reduce((sum, calls) => sum + calls, 0)).toBe(counted);

    const slots = tiers.reduce((sum, tier) => sum + slotsAtOnce(tier), 0);
    expect(most.slots).toBeLessThanOrEqual(slots);
    // One entry for each slot, pruned at the next sweep, and those of the store itself.
    expect(most.index).toBeLessThanOrEqual(2 * slots + 5);
    // What takes part in an unsealed slot is a state or a mark, never both.
    const unsealedMs = tiers.map(({ slotSeconds, retentionSeconds }) => 1000 * (slotSeconds + retentionSeconds));
    const inSlots = unsealedMs.reduce((sum, ms) => sum + churn * Math.min(1, (ms + 3000) / churnMs), 0);
    expect(most.states + most.marks).toBeLessThanOrEqual(2 * inSlots);
    expect(await client.hlen(`${tag}:beats`)).toBeLessThanOrEqual(churn + 1);
    await until(async () => {
      const { states, marks, waiting } = await sizes();
      return states + marks + waiting === 0;
    });
    await keeper.stop();
    await host.publisher.stop(1000);
    process.stderr.write(`churn of ${churn} replicas in ${churnMs} ms, most at once: ${JSON.stringify(most)}\n`);
  }, 60_000);
});
