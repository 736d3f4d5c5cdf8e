import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { Pace } from '../../libs/nestmeter/src/accumulate/pace.js';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { createMonitor, type PerformanceMonitor } from '../../libs/nestmeter/src/core.js';
import type { Keeper } from '../../libs/nestmeter/src/keeper/keeper.js';
import { decodeSeal } from '../../libs/nestmeter/src/store/folded-state.js';
import { decodeSlot } from '../../libs/nestmeter/src/query/decode-slot.js';
import type { HealthAnswer } from '../../libs/nestmeter/src/serve/health.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import type { SlotContents } from '../../libs/nestmeter/src/store/store.js';
import { beatOf, contractFamily, encoded } from '../../libs/nestmeter/src/store/store-under-test.js';
import { slotStart } from '../../libs/nestmeter/src/time-slot.js';
import { freshReader, keeperOf, KeptFleet } from '../fixtures/kept-fleet.js';
import { callsOf, MeasuredReplica, storedSlots } from '../fixtures/measured-replica.js';
import { arbitraryMeasurement, contents, measure, sampleFamily } from '../fixtures/random-state.js';
import { RedisServer } from '../fixtures/redis-server.js';

let redis: RedisServer;
let client: Redis;
const servers: RedisServer[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  for (const server of [redis, ...servers]) await server.remove();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 800; attempt++) {
    if (await holds()) return;
    await setTimeout(25);
  }
  throw new Error(`it must hold within 20 s: ${holds.toString()}`);
}

async function storeOf(app: string, url = redis.url): Promise<RedisStore> {
  const store = new RedisStore({ location: url, app, intervalMs: 1000 });
  store.start();
  await until(() => store.status().state === 'ready');
  return store;
}

/** Waits until a monitor that may not be connected yet has published. */
const flushed = (monitor: PerformanceMonitor) =>
  until(() =>
    monitor.flush().then(
      () => true,
      () => false,
    ),
  );

/** Lets a keeper do everything at once, whoever was keeper before. */
async function keep(keeper: Keeper): Promise<void> {
  await keeper.keep();
  await keeper.stop();
}

describe('a keeper on Redis', () => {
  it('folds any history, published in any order, repeated and with folds in between, to the same contents', async () => {
    const store = await storeOf('laws');
    const step = fc.record({
      replica: fc.nat(2),
      measurements: fc.array(arbitraryMeasurement, { maxLength: 3 }),
      advanceMs: fc.nat(15_000),
      renews: fc.boolean(),
    });
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 15 }),
          fc.infiniteStream(fc.nat()),
          async (given, dice) => {
            await store.clear();
            const fleet = new KeptFleet(3, { startMs: Date.now() - 300_000 });
            for (const { replica: index, measurements, advanceMs, renews } of given) {
              const { series, accumulator } = fleet.replicas[index]!;
              const state = series.open(fleet.clock.monotonicMs());
              for (const measurement of measurements) measure(state, measurement);
              fleet.clock.advance(advanceMs);
              if (renews) accumulator.renew();
              await fleet.publish();
            }
            const expected = contents((await fleet.read('30m')).of(sampleFamily));
            const draw = (below: number): number => dice.next().value % below;
            const deliveries = fleet.store.sent.flatMap((publication) =>
              Array.from({ length: 1 + draw(2) }, () => ({ publication, at: draw(1000) })),
            );
            const replica = new MeasuredReplica(fleet.clock, store);
            const read = async () => {
              const request = { query: { window: '30m' }, fallback: '1h', families: [sampleFamily] };
              return contents((await freshReader(replica).read(request)).of(sampleFamily));
            };
            for (const { publication } of deliveries.sort((a, b) => a.at - b.at)) {
              await store.publish(publication);
              if (draw(4) === 0) await keep(keeperOf(replica, { timing: { foldAfterMs: -1000 } }));
            }
            expect(await read()).toEqual(expected);
            await keep(keeperOf(replica, { timing: { foldAfterMs: -600_000 } }));
            expect(await read()).toEqual(expected);
          },
        ),
        { numRuns: 25 },
      );
    } finally {
      await store.stop();
    }
  }, 120_000);

  it('leaves of a slot, after many short-lived replicas, only `*`, `z` and what cannot be decoded', async () => {
    // W is 4 s after the end of a slot, which is there for 8 s more.
    const tiers = [{ slotSeconds: 4, retentionSeconds: 4 }];
    const store = await storeOf('churn');
    const timing = { everyMs: 200, foldAfterMs: 300, sweepEveryMs: 300, sealGraceMs: 500 };
    const host = new MeasuredReplica(systemClock, store, { tiers });
    await host.publisher.flush();
    const keeper = keeperOf(host, { timing });
    keeper.start();
    const counted = new Map<number, number>();
    const unfinished = new Map<number, number>();
    const dies = (index: number): boolean => index % 3 === 0;
    const first = slotStart((await store.read({ slots: [], beats: false })).timeMs, 4);
    for (let index = 0; index < 120; index++) {
      const replica = new MeasuredReplica(systemClock, store, { tiers });
      replica.count(1 + index);
      const start = replica.accumulator.openStart(0);
      await replica.publisher.flush();
      // One whose slot ended meanwhile has published its final.
      const isUnfinished = dies(index) && replica.accumulator.openStart(0) === start;
      if (isUnfinished) unfinished.set(start, (unfinished.get(start) ?? 0) + 1);
      if (!dies(index)) await replica.publisher.stop(1000);
      counted.set(start, (counted.get(start) ?? 0) + 1 + index);
      if (index === 100) await client.hset(`{nm:churn}:sample:4:${start}`, 'r:damaged.0', 'damaged');
      await setTimeout(60);
    }
    const last = Math.max(...counted.keys());
    await until(async () => (await store.read({ slots: [], beats: false })).timeMs > (last + 4 + 4 + 2) * 1000);
    expect(keeper.status.failures).toBe(0);
    let sealed = 0;
    for (let start = first; start <= last; start += 4) {
      const key = `{nm:churn}:sample:4:${start}`;
      const fields = (await client.hkeys(key)).sort();
      if (fields.length === 0) continue;
      sealed++;
      expect(fields.filter((field) => field !== 'r:damaged.0')).toEqual(['*', 'z']);
      await client.hdel(key, 'r:damaged.0');
      const [stored] = await storedSlots(store, tiers[0]!, start * 1000, start * 1000 + 1);
      expect(stored!.calls).toBe(counted.get(start));
      const note = decodeSeal((await client.hget(key, 'z'))!);
      expect(note.unfinished).toBe(unfinished.get(start) ?? 0);
    }
    expect(sealed).toBeGreaterThanOrEqual(2);
    const names = (await client.hkeys('{nm:churn}:index')).filter((name) => name.includes(':'));
    // Entries outlive their slots by minutes, so that a clock that steps back finds them lost.
    expect(names).toHaveLength(counted.size);
    expect(await client.zcard('{nm:churn}:finals')).toBe(0);
    await keeper.stop();
    await host.publisher.stop(1000);
    await store.stop();
  }, 60_000);

  it('frees memory when Redis has none left and refuses every publish', async () => {
    const other = await RedisServer.start('--maxmemory-policy', 'noeviction');
    servers.push(other);
    const admin = new Redis(other.url);
    const store = await storeOf('full', other.url);
    try {
      const replica = new MeasuredReplica(systemClock, store);
      await replica.publisher.flush();
      const { timeMs } = await store.read({ slots: [], beats: false });
      const tier = { slotSeconds: 600, retentionSeconds: 600 };
      const slot = { family: contractFamily.name, tier, start: slotStart(timeMs, 600) };
      // Of one series with a long name: their sum is no larger than each of them.
      const state = encoded(1, 1, { final: true, padding: 20_000 });
      const write = (field: string) => ({ slot, field, version: 1, encoded: state });
      for (let index = 0; index < 40; index++)
        await store.publish({ beat: beatOf('x', index), writes: [write(`r:x${index}.0`)], bornCandidate: 'x' });
      const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))![1]);
      await admin.config('SET', 'maxmemory', String(used - 100_000));
      const publish = () => store.publish({ beat: beatOf('x', 100), writes: [write('r:y.0')], bornCandidate: 'x' });
      await expect(publish()).rejects.toMatchObject({ message: expect.stringContaining('OOM') });
      const families = [contractFamily];
      const tiers = [tier];
      const keeper = keeperOf(replica, { families, tiers, timing: { foldAfterMs: -1000 } });
      await keeper.keep();
      expect(keeper.status).toMatchObject({ folded: 40, failures: 0 });
      expect((await publish()).results).toEqual([{ outcome: 'stored', found: null }]);
      await keeper.keep();
      const [found] = (await store.read({ slots: [{ slot, knownRevision: null }], beats: false })).slots;
      const { state: sum, replicas } = await decodeSlot(contractFamily, found as SlotContents, new Pace(systemClock));
      expect([[...sum.series.values()][0]!.counters[0], replicas]).toEqual([41, 41]);
    } finally {
      admin.disconnect();
      await store.stop();
    }
  }, 60_000);

  it('folds custom metrics and tags of a job that is gone, which it never had itself, also after a wipe', async () => {
    const job = createMonitor({
      app: 'jobs',
      redis: redis.url,
      tags: ['team'],
      genaiPrices: false,
      logLevel: 'silent',
    });
    const store = await storeOf('jobs');
    const keeper = keeperOf(new MeasuredReplica(systemClock, store), {
      families: [],
      timing: { foldAfterMs: -1000 },
    });
    const fieldsOf = async (family: string) => {
      const slots = (await client.keys(`{nm:jobs}:${family}:*`)).sort();
      return new Set((await Promise.all(slots.map((slot) => client.hkeys(slot)))).flat().map((field) => field[0]));
    };
    job.start();
    const rows = job.counter('rows', { labels: ['table'], unit: 'rows' });
    const count = () => {
      rows.add(3, { table: 'users' });
      job.recordLLMCall({ provider: 'openai', model: 'gpt-5', durationMs: 5, inputTokens: 2, tags: { team: 'a' } });
    };
    count();
    await flushed(job);
    await client.del(await client.keys('{nm:jobs}:*'));
    count();
    await job.stop();
    expect([await fieldsOf('custom.rows'), await fieldsOf('tag.team')]).toEqual([new Set('r'), new Set('r')]);
    await keep(keeper);
    expect([await fieldsOf('custom.rows'), await fieldsOf('tag.team')]).toEqual([new Set('*m'), new Set('*m')]);
    const reader = createMonitor({ app: 'jobs', redis: redis.url, genaiPrices: false, logLevel: 'silent' });
    reader.start();
    await flushed(reader);
    expect(await reader.prometheus({ scope: 'fleet' })).toMatch(/nestmeter_fleet_rows[a-z_]*\{table="users"\} 6\n/);
    await reader.stop();
    await store.stop();
  }, 30_000);

  it('is beside the point when a slot is evicted: what is left of it reads as incomplete, for ever', async () => {
    const store = await storeOf('evicted');
    const [living, ended] = [new MeasuredReplica(systemClock, store), new MeasuredReplica(systemClock, store)];
    living.count(2);
    ended.count(3);
    await living.publisher.flush();
    await ended.publisher.stop(1000);
    await keep(keeperOf(living, { timing: { foldAfterMs: -1000 } }));
    const read = async () =>
      freshReader(living).read({ query: { window: '1m' }, fallback: '1h', families: [sampleFamily] });
    const whole = await read();
    expect([callsOf(whole.of(sampleFamily)), whole.gaps]).toEqual([5, []]);
    const [slot] = (await client.keys('{nm:evicted}:sample:10:*')).sort();
    await client.del(slot!);
    const from = Number(slot!.split(':').at(-1));
    const gap = { from, to: from + 10, reason: 'the store lost what it had' };
    const without = await read();
    expect([callsOf(without.of(sampleFamily)), without.gaps]).toEqual([0, [gap]]);
    living.count(1);
    await living.publisher.flush();
    await living.publisher.flush();
    const after = await read();
    expect([callsOf(after.of(sampleFamily)), after.gaps]).toEqual([3, [gap]]);
    await store.stop();
  });

  it('is one of the replicas, whom all others name in their health', async () => {
    const listen = { host: '127.0.0.1', port: 0 };
    const options = { app: 'health', redis: redis.url, genaiPrices: false, logLevel: 'silent' as const, listen };
    const monitors = [createMonitor(options), createMonitor(options)];
    for (const monitor of monitors) monitor.start();
    const keepers = async () =>
      Promise.all(
        monitors.map(async ({ ownPort }) => {
          if (ownPort === null) return null;
          const answer = await fetch(`http://127.0.0.1:${ownPort}/performance/health`);
          return ((await answer.json()) as HealthAnswer).keeper;
        }),
      );
    try {
      await until(async () => (await keepers()).every((keeper) => keeper !== null));
      const [one, two] = await keepers();
      expect(one!.id).toBe(two!.id);
      expect(one!.self).toBe(!two!.self);
      const [own] = one!.self ? monitors.splice(0, 1) : monitors.splice(1, 1);
      await own!.stop();
      await until(async () => (await keepers())[0]?.self === true);
    } finally {
      await Promise.all(monitors.map((monitor) => monitor.stop()));
    }
  }, 40_000);
});
