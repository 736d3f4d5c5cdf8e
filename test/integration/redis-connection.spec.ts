import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import type { Receipt } from '../../libs/nestmeter/src/store/store.js';
import { storeContract } from '../../libs/nestmeter/src/store/store-contract.js';
import { FaultProxy } from '../fixtures/fault-proxy.js';
import { opened, publish, until } from '../fixtures/opened-store.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { RedisTls } from '../fixtures/redis-tls.js';
import { filesBelow, root, textOf } from '../source-files.js';

describe('Redis with TLS', () => {
  let redis: RedisTls;
  beforeAll(async () => {
    redis = await RedisTls.start();
  });
  afterAll(() => redis.remove());

  it('is reached by options and by a client of an address that begins with rediss', async () => {
    const theirs = new Redis(redis.url, { tls: { ca: redis.ca }, lazyConnect: true });
    for (const location of [{ host: '127.0.0.1', port: redis.port, tls: { ca: redis.ca } }, theirs]) {
      const { store } = opened(location);
      await until(() => store.status().state === 'ready');
      expect((await publish(store)).born.id).toBe('x');
      await store.stop();
    }
  });

  it('is refused when its certificate cannot be verified, never spoken to in plain text', async () => {
    const { store, states } = opened(redis.url);
    await until(() => store.status().state === 'unreachable');
    await setTimeout(1000);
    expect(store.status().lastError).toMatch(/certificate/);
    expect(states).toEqual(['connecting', 'unreachable'].slice(-states.length));
    await store.stop();
  });
});

describe('A Redis user with the least permissions', () => {
  const line = /^ACL SETUSER nestmeter .*$/m.exec(textOf('docs/guides/redis.md'))![0];
  const [user, password] = ['nestmeter', 'password'];
  let redis: RedisServer;
  const location = () => ({ port: redis.port, username: user, password });

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.remove());

  /** Makes the user of the guide anew, with changes. */
  const grant = async (keys: string, ...changes: readonly string[]): Promise<void> => {
    const rules = line.replace('~{nm:shop}:*', keys).split(' ');
    expect(await redis.command(`ACL SETUSER ${user} reset`)).toBe('+OK');
    expect(await redis.command([...rules, ...changes].join(' '))).toBe('+OK');
  };

  it('is granted every command of the scripts', () => {
    const folder = 'libs/nestmeter/src/store/lua';
    const scripts = filesBelow(folder, /\.lua$/).map((path) => readFileSync(join(root, folder, path), 'utf8'));
    const used = scripts.flatMap((lua) => [...lua.matchAll(/redis\.p?call\('([A-Z]+)'/g)].map(([, name]) => name!));
    const missing = [...new Set(used)].filter((name) => !line.includes(` +${name.toLowerCase()} `) && !line.endsWith(` +${name.toLowerCase()}`)); // prettier-ignore
    expect(missing).toEqual([]);
  });

  it('publishes and reads its own app, and is refused any other', async () => {
    await grant('~{nm:shop}:*');
    const own = opened(location(), 'shop');
    await until(() => own.store.status().state === 'ready');
    await publish(own.store);
    expect((await own.store.read({ slots: [], beats: true })).live).toEqual(['one']);
    await own.store.settle(50);
    await until(() => 'version' in own.store.status().details);
    expect(own.warnings).toEqual([]);
    const other = opened(location(), 'bank');
    await until(() => other.store.status().state === 'ready');
    await expect(publish(other.store)).rejects.toThrow(/NOPERM/);
    expect(other.store.status()).toMatchObject({ state: 'unreachable', lastError: expect.stringMatching(/NOPERM/) });
    await own.store.stop();
    await other.store.stop();
  });

  it('needs neither INFO nor WAIT: health says that facts are not told', async () => {
    // ioredis says so itself, on the console.
    const said = jest.spyOn(console, 'warn').mockImplementation(() => {});
    await grant('~{nm:shop}:*', '-info', '-wait');
    const { store, warnings } = opened(location(), 'shop');
    await until(() => store.status().state === 'ready');
    await publish(store, 2);
    await until(() => 'info' in store.status().details);
    expect(store.status().details['info']).toMatch(/permission|can't run/);
    await expect(store.settle(50)).rejects.toThrow(/permission/);
    await publish(store, 3);
    said.mockRestore();
    expect([store.status().state, warnings]).toEqual(['ready', []]);
    await store.stop();
  });

  it('is said to have a wrong password, without the password', async () => {
    const { store } = opened({ ...location(), password: 'not-this-one' }, 'shop');
    await until(() => store.status().state === 'unreachable');
    expect(store.status().lastError).toMatch(/WRONGPASS/);
    expect(JSON.stringify(store.status())).not.toContain('not-this-one');
    await store.stop();
  });

  storeContract('RedisStore of a user with the least permissions', async ({ app, intervalMs }) => {
    await grant('~{nm:*}*', '+scan', '+unlink');
    const store = new RedisStore({ location: location(), app, intervalMs });
    store.start();
    await until(() => store.status().state === 'ready');
    return { store, wait: (ms) => setTimeout(ms) };
  });
});

describe('What Redis says of itself', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start('--maxmemory', '3mb', '--maxmemory-policy', 'volatile-lru');
  });
  afterAll(() => redis.remove());

  it('is in the status, with a warning about eviction', async () => {
    const { store, warnings } = opened({ port: redis.port, password: undefined });
    await until(() => 'version' in store.status().details);
    expect(store.status().details).toEqual({
      mode: 'single',
      server: expect.stringMatching(/^(redis|valkey)$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      role: 'master',
      eviction_policy: 'volatile-lru',
      evicted_keys: 0,
      used_memory_bytes: expect.any(Number),
      max_memory_bytes: 3 << 20,
      connected_replicas: 0,
    });
    expect(warnings).toEqual([expect.stringMatching(/noeviction, got volatile-lru/)]);
    await store.stop();
  });

  it('includes that it refuses: one change when writes fail, one when they are taken again, reads going on', async () => {
    await redis.command('CONFIG SET maxmemory-policy noeviction');
    const { store, states } = opened(redis.url, 'full');
    await until(() => store.status().state === 'ready');
    await publish(store, 1);
    await redis.command('CONFIG SET maxmemory 1');
    for (const number of [2, 3]) await expect(publish(store, number)).rejects.toThrow(/OOM/);
    expect(store.status().lastError).toMatch(/^OOM/);
    expect((await store.read({ slots: [], beats: true })).beats).toHaveLength(1);
    expect(store.status().state).toBe('unreachable');
    await redis.command('CONFIG SET maxmemory 0');
    await publish(store, 4);
    expect(states).toEqual(['ready', 'unreachable', 'ready']);
    await store.stop();
  });
});

describe('A master that was made a replica', () => {
  it('is left for a new connection at each write that it refuses, and one change of state tells of all', async () => {
    const redis = await RedisServer.start();
    const client = new Redis(redis.url);
    const { store, states } = opened(redis.url, 'demoted');
    await until(() => store.status().state === 'ready');
    await publish(store);
    const ids = async () => {
      const lines = String(await client.client('LIST')).split('\n');
      return lines.filter((line) => line.includes('nestmeter')).map((line) => /id=\d+/.exec(line)![0]);
    };
    const before = states.length;
    await client.replicaof('127.0.0.1', 1);
    for (const number of [2, 3]) {
      const [left] = await ids();
      await expect(publish(store, number)).rejects.toThrow(/got: READONLY/);
      expect(store.status()).toMatchObject({ state: 'unreachable', lastError: expect.stringMatching(/^READONLY/) });
      await until(async () => {
        const after = await ids();
        return after.length === 1 && after[0] !== left;
      });
      await until(() => store.read({ slots: [], beats: false }).then(() => true, () => false)); // prettier-ignore
    }
    await client.replicaof('NO', 'ONE');
    expect((await publish(store, 4)).previousBeat).toBe(1);
    expect(states.slice(before)).toEqual(['unreachable', 'ready']);
    await store.stop();
    client.disconnect();
    await redis.remove();
  });
});

describe('A connection that lost count of its answers', () => {
  it('is noticed, begun anew, and no answer is taken for that of another call', async () => {
    const redis = await RedisServer.start();
    const proxy = await FaultProxy.start(redis.port, 1);
    const { store } = opened(proxy.url, 'counted');
    await until(() => store.status().state === 'ready');
    await publish(store, 1);
    // A broken middle box drops a call and passes on what comes after it.
    proxy.set({ swallows: 1 });
    const dropped = publish(store, 2).catch((error: unknown) => String(error));
    await until(() => proxy.counts.swallowed === 1);
    proxy.heal();
    await expect(publish(store, 3)).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
    expect(await dropped).toMatch(/the answer to another call/);
    let receipt: Receipt | null = null;
    await until(async () => (receipt = await publish(store, 4).catch(() => null)) !== null);
    expect(receipt).toMatchObject({ previousBeat: 3 });
    expect(store.status().state).toBe('ready');
    await store.stop();
    await proxy.stop();
    await redis.remove();
  });
});

describe('A client that gives up', () => {
  it('is made to connect again for as long as the store is in use', async () => {
    const redis = await RedisServer.start();
    const client = new Redis({ port: redis.port, lazyConnect: true, retryStrategy: () => null });
    const { store, states } = opened(() => client, 'resigned');
    await until(() => store.status().state === 'ready');
    await redis.kill();
    await until(() => client.status === 'end');
    await redis.restart();
    await until(() => store.status().state === 'ready');
    await publish(store);
    expect(states).toEqual(['ready', 'unreachable', 'ready']);
    await redis.kill();
    await until(() => client.status === 'end');
    await store.stop();
    await redis.remove();
    expect(store.status().state).toBe('stopped');
  });
});
