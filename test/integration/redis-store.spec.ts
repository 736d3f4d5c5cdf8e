import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { MemoryReservations } from '../../libs/nestmeter/src/store/memory-reservations.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import type { Beat, StoreStatus } from '../../libs/nestmeter/src/store/store.js';
import { storeContract } from '../../libs/nestmeter/src/store/store-contract.js';
import { encoded as stateOf } from '../../libs/nestmeter/src/store/store-under-test.js';
import { RedisServer } from '../fixtures/redis-server.js';

let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.remove());

/** Waits until something holds; fails after ten seconds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await holds()) return;
    await setTimeout(25);
  }
  throw new Error(`it must hold within 10 s: ${holds.toString()}`);
}

const ready = async (store: RedisStore): Promise<RedisStore> => {
  store.start();
  await until(() => store.status().state === 'ready');
  return store;
};

const beat = (number: number): Beat => ({ id: 'one', number, intervalMs: 1000, left: false }) as Beat;

storeContract('RedisStore', async ({ app, intervalMs }) => ({
  store: await ready(new RedisStore({ location: redis.url, app, intervalMs })),
  wait: (ms) => setTimeout(ms),
}));

/** When a key expires, Unix seconds; -1 for never. Redis 6.2 has no EXPIRETIME. */
const expiryOf = `local left = redis.call('PTTL', KEYS[1])
if left < 0 then return left end
local now = redis.call('TIME')
return math.floor((now[1] * 1000 + now[2] / 1000 + left) / 1000 + 0.5)`;

describe('RedisStore', () => {
  const publish = (store: RedisStore, number = 1) =>
    store.publish({ beat: beat(number), writes: [], bornCandidate: 'x' });

  it('says each change between reachable and unreachable once, rejects at once while it is not, and comes back', async () => {
    const changes: StoreStatus['state'][] = [];
    const other = await RedisServer.start();
    const store = await ready(
      new RedisStore({
        location: other.url,
        app: 'changes',
        intervalMs: 1000,
        onChange: (state) => changes.push(state),
      }),
    );
    try {
      await publish(store);
      await other.stop();
      await until(() => store.status().state === 'unreachable');
      await expect(publish(store)).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
      await setTimeout(500);
      await other.restart();
      await until(() => store.status().state === 'ready');
      expect((await publish(store, 2)).previousBeat).toBeNull();
      expect(changes).toEqual(['ready', 'unreachable', 'ready']);
    } finally {
      await store.stop();
      await other.remove();
    }
  });

  it('settles every call when the server stands still, and answers once it goes on', async () => {
    const store = await ready(new RedisStore({ location: redis.url, app: 'still', intervalMs: 1000, timeoutMs: 300 }));
    redis.pause();
    try {
      await expect(publish(store)).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
    } finally {
      redis.resume();
    }
    await until(() =>
      publish(store, 2).then(
        () => true,
        () => false,
      ),
    );
    await store.stop();
  });

  it('starts while no server is there, and stops without one at once', async () => {
    const store = new RedisStore({ location: 'redis://user:secret@127.0.0.1:1', app: 'none', intervalMs: 1000 });
    store.start();
    await until(() => store.status().state === 'unreachable');
    await expect(publish(store)).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
    expect(JSON.stringify(store.status())).not.toContain('secret');
    await store.stop();
    expect(store.status().state).toBe('stopped');
  });

  it('takes a client of the application by its settings, never its connection', async () => {
    const theirs = new Redis(redis.url, { lazyConnect: true });
    const store = await ready(new RedisStore({ location: theirs, app: 'theirs', intervalMs: 1000 }));
    await publish(store);
    expect(theirs.status).toBe('wait');
    await store.stop();
    theirs.disconnect();
  });

  it('takes a client that a function makes, connected already or not', async () => {
    for (const lazyConnect of [true, false]) {
      const client = new Redis(redis.url, { lazyConnect });
      if (!lazyConnect) await until(() => client.status === 'ready');
      const store = await ready(new RedisStore({ location: () => client, app: 'made', intervalMs: 1000 }));
      expect((await publish(store)).born.id).toBe('x');
      await store.stop();
    }
  });

  it('lets all keys of an app live on one node of a cluster and expire, but for the index and beats', async () => {
    const client = new Redis(redis.url);
    const app = 'hostile {app}:*';
    const store = await ready(new RedisStore({ location: redis.url, app, intervalMs: 1000 }));
    const { timeMs } = await publish(store);
    const tier = { slotSeconds: 10, retentionSeconds: 1800 };
    const start = Math.floor(timeMs / 10_000) * 10;
    const slots = ['a', '{b}', 'c:d'].map((family) => ({ family, tier, start }));
    const writes = slots.map((slot) => ({
      slot,
      field: 'r:x.0',
      version: 1,
      encoded: Buffer.from(`${'0'.repeat(24)}1`),
    }));
    await store.publish({ beat: beat(2), writes, bornCandidate: 'x' });
    const keys = (await client.keys('*')).filter((key) => key.includes('hostile'));
    expect(keys).toHaveLength(7);
    // What decides the node is the text in the first braces.
    expect(new Set(keys.map((key) => /^\{(.+?)\}/.exec(key)![1])).size).toBe(1);
    const lives = await Promise.all(
      keys.map(async (key) => [key.split('}')[1]!, await client.eval(expiryOf, 1, key)] as const),
    );
    const expected = start + 10 + 1800 + 20;
    expect(new Map(lives)).toEqual(
      new Map([
        [':index', -1],
        [':beats', -1],
        [':live', -1],
        [':stored', -1],
        [`:a:10:${start}`, expected],
        [`:%7Bb%7D:10:${start}`, expected],
        [`:c%3Ad:10:${start}`, expected],
      ]),
    );
    await store.clear();
    expect((await client.keys('*')).filter((key) => key.includes('hostile'))).toEqual([]);
    await store.stop();
    client.disconnect();
  });

  it('indexes again what it still has when the index was evicted, and says of an evicted slot that it was lost', async () => {
    const client = new Redis(redis.url);
    const store = await ready(new RedisStore({ location: redis.url, app: 'evicted', intervalMs: 1000 }));
    const { timeMs } = await publish(store);
    const start = Math.floor(timeMs / 10_000) * 10;
    const slot = { family: 'f', tier: { slotSeconds: 10, retentionSeconds: 1800 }, start };
    const write = { slot, field: 'r:x.0', version: 1, encoded: stateOf(1) };
    const send = (number: number, audit = false) =>
      store.publish({ beat: beat(number), writes: [{ ...write, encoded: audit ? null : write.encoded }], bornCandidate: 'x' }); // prettier-ignore
    const fields = async () => {
      const [found] = (await store.read({ slots: [{ slot, knownRevision: null }], beats: false })).slots;
      return typeof found === 'object' && found !== null ? [...found.fields.keys()].sort() : found;
    };
    await send(2);
    await client.del('{nm:evicted}:index');
    expect(await fields()).toBeNull();
    expect((await send(3, true)).results[0]!.outcome).toBe('have');
    expect(await fields()).toEqual(['r:x.0']);
    await client.del(`{nm:evicted}:f:10:${start}`);
    expect(await fields()).toBe('lost');
    expect((await send(4)).results[0]!.outcome).toBe('stored');
    // `e` makes it a gap for whoever reads it, also when the replicas that could send theirs again have.
    expect(await fields()).toEqual(['e', 'r:x.0']);
    await store.stop();
    client.disconnect();
  });

  it('replaces what is not a state, so that one broken field does not stop publishing', async () => {
    const client = new Redis(redis.url);
    const store = await ready(new RedisStore({ location: redis.url, app: 'broken', intervalMs: 1000 }));
    const { timeMs } = await publish(store);
    const slot = {
      family: 'f',
      tier: { slotSeconds: 10, retentionSeconds: 1800 },
      start: Math.floor(timeMs / 10_000) * 10,
    };
    await client.hset(`{nm:broken}:f:10:${slot.start}`, 'r:x.0', 'garbage');
    const encoded = Buffer.from('01'.padEnd(24, '0') + '1rest');
    const { results } = await store.publish({
      beat: beat(2),
      writes: [{ slot, field: 'r:x.0', version: 1, encoded }],
      bornCandidate: 'x',
    });
    expect(results).toEqual([{ outcome: 'stored', found: 0 }]);
    await store.stop();
    client.disconnect();
  });

  it('sums up reservations of replicas that stopped a minute ago or are gone for a day, and keeps the sum', async () => {
    const store = await ready(new RedisStore({ location: redis.url, app: 'summed', intervalMs: 1000 }));
    const client = new Redis(redis.url);
    try {
      const key = '{nm:summed}:reserved:daily%3A%3A0';
      const field = (held: number, spent: number, ageMs: number, final: boolean): string =>
        `3|${held}|${spent}|${Date.now() - ageMs}|${final ? '1' : ''}`;
      for (let number = 0; number < 50; number++)
        await client.hset(key, `stopped ${number}`, field(2, 2, 61_000, true));
      for (let number = 0; number < 10; number++)
        await client.hset(key, `gone ${number}`, field(3, 1, 26 * 3_600_000, false));
      for (let number = 0; number < 5; number++)
        await client.hset(key, `killed ${number}`, field(1, 0, 3_600_000, false));
      const reserve = (version: number, used = 0) =>
        store.upkeep.reserve({ account: 'daily::0', expiresAt: Math.floor(Date.now() / 1000) + 60, holder: 'me', version, acknowledged: version - 1, spent: 0, held: 0, wanted: 1000, limit: 200, used, final: false }); // prettier-ignore
      expect(await reserve(1)).toEqual({ held: 65, version: 1, free: 0 });
      expect(await client.hlen(key)).toBe(7);
      expect(await client.hget(key, '*')).toBe('130|110');
      expect(await reserve(2)).toEqual({ held: 65, version: 2, free: 0 });
      // 25 are held beyond what their holders spent.
      expect(await reserve(3, 170)).toEqual({ held: 5, version: 3, free: 0 });
    } finally {
      client.disconnect();
      await store.stop();
    }
  });

  it('reserves as the memory store does, whatever replicas ask for, again or too late', async () => {
    const store = await ready(new RedisStore({ location: redis.url, app: 'alike', intervalMs: 1000 }));
    const amount = fc.nat({ max: 40 });
    const ask = fc.record({ holder: fc.nat({ max: 3 }), again: fc.nat({ max: 3 }), spent: amount, more: amount, wish: amount, used: fc.nat({ max: 130 }) }); // prettier-ignore
    let account = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(ask, { maxLength: 15 }), async (asked) => {
          account++;
          const memory = new MemoryReservations();
          const versions = new Map<number, number>();
          for (const { holder, again, spent, more, wish, used } of asked) {
            const before = versions.get(holder) ?? 0;
            const version = Math.max(1, before + 1 - again);
            versions.set(holder, Math.max(before, version));
            const reservation = {
              account: `any ${account}`,
              expiresAt: Math.floor(Date.now() / 1000) + 600,
              holder: String(holder),
              version,
              acknowledged: 0,
              spent,
              held: spent + more,
              wanted: spent + more + wish,
              limit: 100,
              used,
              final: false,
            };
            expect(await store.upkeep.reserve(reservation)).toEqual(memory.reserve(reservation, Date.now()));
          }
        }),
        { numRuns: 150 },
      );
    } finally {
      await store.stop();
    }
  });
});
