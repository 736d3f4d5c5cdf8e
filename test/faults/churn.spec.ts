import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Clock, systemClock } from '../../libs/nestmeter/src/clock.js';
import { RedisKeys } from '../../libs/nestmeter/src/store/redis-keys.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { beatLifeSeconds } from '../../libs/nestmeter/src/store/store.js';
import { expiresAt, type Tier } from '../../libs/nestmeter/src/time-slot.js';
import { keeperOf } from '../fixtures/kept-fleet.js';
import { MeasuredReplica, storedCalls } from '../fixtures/measured-replica.js';
import { until } from '../fixtures/opened-store.js';
import { RedisServer } from '../fixtures/redis-server.js';

/** Of days in seconds: slots of the first two are sealed one length after their end, those of the last never here. */
const tiers: readonly Tier[] = [
  { slotSeconds: 2, retentionSeconds: 2 },
  { slotSeconds: 8, retentionSeconds: 8 },
  { slotSeconds: 600, retentionSeconds: 600 },
];
const churn = 100;
const keys = new RedisKeys('churn');
const { index, beats, live, stored, finals, control, documents, families } = keys;
/** All that there is of an app beside its slots, however many replicas there were. */
const lasting = [index, beats, live, stored, finals, control, documents, families];
/** A host on which it is so late that nobody needs to know of these replicas any more. */
const dayLater: Clock = { ...systemClock, wallMs: () => Date.now() + 1000 * (beatLifeSeconds + 3600) };

describe('a fleet whose replicas come and go', () => {
  let redis: RedisServer;
  let client: Redis;
  let store: RedisStore;

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = new Redis(redis.url);
    store = new RedisStore({ location: redis.url, app: 'churn', intervalMs: 1000 });
    store.start();
    await until(() => store.status().state === 'ready');
  });
  afterAll(async () => {
    await store.stop();
    client.disconnect();
    await redis.remove();
  });

  const slotKeys = (seconds: number | '*' = '*'): Promise<string[]> => client.keys(`${keys.tag}:sample:${seconds}:*`);
  const startOf = (slot: string): number => Number(slot.split(':').at(-1));
  /** Replicas that take part in a slot by a state (`r`) or by a mark (`m`). */
  const idsOf = (fields: readonly string[], kind: 'r' | 'm'): Set<string> =>
    new Set(fields.filter((field) => field.startsWith(`${kind}:`)).map((field) => field.slice(2).split('.')[0]!));

  /** What must be so at every moment. @returns the slots of 8 s that are sealed, and whether all of them are */
  async function look(): Promise<{ sealed: number[]; isAll: boolean }> {
    const [seconds] = await client.time();
    const slots = await slotKeys();
    const sealed: number[] = [];
    for (const slot of slots) {
      const tier = tiers.find(({ slotSeconds }) => slot.includes(`:${slotSeconds}:`))!;
      expect(expiresAt(startOf(slot), tier)).toBeGreaterThanOrEqual(Number(seconds));
      const fields = await client.hkeys(slot);
      // What takes part in a slot is a state or a mark.
      const marked = new Set(fields.filter((field) => field.startsWith('m:')).map((field) => field.slice(2)));
      expect(fields.filter((field) => field.startsWith('r:') && marked.has(field.slice(2)))).toEqual([]);
      if (!fields.includes('z')) continue;
      expect(fields.sort()).toEqual(['*', 'z']);
      if (tier === tiers[1]) sealed.push(startOf(slot));
    }
    const others = (await client.keys(`${keys.tag}:*`)).filter((key) => !key.startsWith(`${keys.tag}:sample:`));
    expect(lasting).toEqual(expect.arrayContaining(others));
    return { sealed, isAll: sealed.length === slots.filter((slot) => slot.includes(':8:')).length };
  }

  /** Bytes that a publish sends and is answered: the least of several, since now and then a slot ends. */
  async function bytesOfPublish(replica: MeasuredReplica): Promise<{ sent: number; answered: number }> {
    const passed = async (way: 'input' | 'output'): Promise<number> =>
      Number(new RegExp(`total_net_${way}_bytes:(\\d+)`).exec(await redis.info('stats'))![1]);
    // Closed states are asked for with each publish until their slots take no more writes: one of 600 s is there for long.
    await until(async () => {
      await replica.publisher.flush();
      return replica.publisher.outbox.size <= 1;
    });
    const least = { sent: Infinity, answered: Infinity };
    for (let round = 0; round < 7; round++) {
      replica.count();
      const [sent, answered] = [await passed('input'), await passed('output')];
      await replica.publisher.flush();
      least.sent = Math.min(least.sent, (await passed('input')) - sent);
      least.answered = Math.min(least.answered, (await passed('output')) - answered);
    }
    return least;
  }

  it('holds sums alone, and marks while slots are open, publishes no more bytes than before, and a day later knows none of them', async () => {
    const host = new MeasuredReplica(systemClock, store, { tiers });
    const before = await bytesOfPublish(host);
    const keeper = keeperOf(host, { timing: { everyMs: 200, foldAfterMs: 200, sweepEveryMs: 300, sealGraceMs: 300 } });
    keeper.start();
    const sums = new Map<number, number>();
    /** Reads a slot once it is sealed: those of a slow run expire before its end. */
    const note = async (): Promise<boolean> => {
      const { sealed, isAll } = await look();
      for (const start of sealed)
        if (!sums.has(start)) sums.set(start, await storedCalls(store, tiers[1]!, start * 1000, start * 1000));
      return isAll;
    };
    const [killed, stopped] = [new Set<string>(), new Set<string>()];
    let { counted } = host;
    for (let number = 0; number < churn; number++) {
      const replica = new MeasuredReplica(systemClock, store, { tiers });
      replica.count(1 + number);
      counted += 1 + number;
      await replica.publisher.flush();
      const isKilled = number % 3 === 0;
      (isKilled ? killed : stopped).add(replica.replica.id);
      if (!isKilled) await replica.publisher.stop(1000);
      if (number % 5 === 0) await note();
      await setTimeout(50);
    }

    // Of an open slot: states of those that never said that they are done, and marks of all others.
    await until(async () => (await client.zcard(finals)) === 0);
    const open = (await Promise.all((await slotKeys(600)).map((slot) => client.hkeys(slot)))).flat();
    const [states, marks] = [idsOf(open, 'r'), idsOf(open, 'm')];
    for (const ids of [states, marks]) ids.delete(host.replica.id);
    expect([states, marks]).toEqual([killed, stopped]);

    await until(note);
    expect([...sums.values()].reduce((sum, calls) => sum + calls, 0)).toBe(counted);
    expect(await storedCalls(store, tiers[2]!, Date.now() - 600_000, Date.now())).toBe(counted);
    await keeper.stop();

    const after = await bytesOfPublish(host);
    // Numbers have more digits by now, and one state may be asked for; less than three bytes for each that came and went.
    expect(after.sent).toBeLessThan(before.sent + 256);
    // Each answer names those that fell silent lately: 24 characters and a time.
    expect(after.answered).toBeLessThan(before.answered + 64 * killed.size);

    await host.publisher.stop(1000);
    const late = keeperOf(new MeasuredReplica(dayLater, store, { tiers }));
    await until(async () => {
      await late.keep();
      const entries = (await client.hkeys(index)).filter((entry) => entry.startsWith('sample:')).sort();
      return entries.join() === (await slotKeys()).map((slot) => slot.slice(keys.tag.length + 1)).sort().join();
    }); // prettier-ignore
    expect([await client.hlen(beats), await client.zcard(live), await client.hlen(stored)]).toEqual([0, 0, 0]);
    process.stderr.write(`churn of ${churn} replicas: a publish of ${before.sent} and ${before.answered} bytes before, ${after.sent} and ${after.answered} after\n`); // prettier-ignore
  }, 90_000);
});
