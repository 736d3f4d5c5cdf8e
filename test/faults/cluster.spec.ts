import { setTimeout } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { CountingFleet } from '../fixtures/counting-fleet.js';
import { opened, publish, until } from '../fixtures/opened-store.js';
import { RedisCluster } from '../fixtures/redis-cluster.js';
import { RedisSentinel } from '../fixtures/redis-sentinel.js';
import { Certificate } from '../fixtures/certificate.js';

describe('Redis with Sentinel', () => {
  let sentinel: RedisSentinel;
  beforeAll(async () => {
    sentinel = await RedisSentinel.start();
  }, 60_000);
  afterAll(() => sentinel.remove());

  it('is exact after its master was killed, and after the next one stood still', async () => {
    const fleet = new CountingFleet(sentinel.location, 'watched');
    try {
      await fleet.publishes();
      const first = await sentinel.master();
      await first.kill();
      const second = await sentinel.failedOver(first);
      await fleet.publishes();
      await sentinel.isFollowed(second);
      second.pause();
      await sentinel.failedOver(second);
      await fleet.publishes();
      second.resume();
      await fleet.publishes();
      expect(await fleet.settled()).toEqual([fleet.counted, fleet.counted]);
      const { store } = fleet.replicas[0]!;
      expect(store.status().details['mode']).toBe('sentinel');
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it('is reached by the settings of a client of the application', async () => {
    const theirs = new Redis({ ...sentinel.location, lazyConnect: true });
    const { store } = opened(theirs, 'theirs');
    await until(() => store.status().state === 'ready');
    await publish(store);
    expect(store.status().details['mode']).toBe('sentinel');
    expect(theirs.status).toBe('wait');
    await store.stop();
  });
});

describe('A Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ withReplicas: true });
  }, 60_000);
  afterAll(() => cluster.remove());

  it('is reached by its nodes, by a client of the application and by one that a function makes', async () => {
    const nodes = cluster.nodes.slice(0, 1);
    const theirs = new Cluster(nodes, { lazyConnect: true });
    for (const location of [{ cluster: nodes }, theirs, () => new Cluster(nodes, { lazyConnect: true })]) {
      const { store, warnings } = opened(location, 'forms');
      await until(() => store.status().state === 'ready');
      await publish(store);
      await store.settle(100);
      await until(() => 'version' in store.status().details);
      expect(store.status().details).toMatchObject({ mode: 'cluster', role: 'master', connected_replicas: 1 });
      await store.clear();
      expect((await store.read({ slots: [], beats: true })).beats).toEqual([]);
      expect(warnings).toEqual([]);
      await store.stop();
    }
    expect(theirs.status).toBe('wait');
  });

  it('is warned about when one of its nodes is given as the only one', async () => {
    const { store, warnings } = opened(cluster.servers[0]!.url, 'forms');
    await until(() => warnings.length > 0);
    expect(warnings).toEqual([expect.stringMatching(/redis: \{ cluster:/)]);
    await store.stop();
  });

  it('is exact after the slot of the app was moved under load, again and again', async () => {
    const fleet = new CountingFleet({ cluster: cluster.nodes }, 'moved');
    try {
      await fleet.publishes();
      const before = await cluster.serving('moved');
      for (let round = 0; round < 2; round++) {
        await cluster.move('moved');
        await fleet.publishes();
      }
      expect(await cluster.serving('moved')).not.toBe(before);
      expect(await fleet.settled()).toEqual([fleet.counted, fleet.counted]);
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it('is exact after the master of the app was killed and its replica took over', async () => {
    const fleet = new CountingFleet({ cluster: cluster.nodes }, 'killed');
    try {
      await fleet.publishes();
      const master = await cluster.serving('killed');
      await master.kill();
      await fleet.publishes();
      expect(await fleet.settled()).toEqual([fleet.counted, fleet.counted]);
      await master.restart();
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it('is exact after the master of the app stood still and its replica took over', async () => {
    const fleet = new CountingFleet({ cluster: cluster.nodes }, 'still');
    try {
      await fleet.publishes();
      const master = await cluster.serving('still');
      master.pause();
      await fleet.publishes();
      master.resume();
      await fleet.publishes();
      expect(await fleet.settled()).toEqual([fleet.counted, fleet.counted]);
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it('is exact after all of its nodes stood still', async () => {
    const fleet = new CountingFleet({ cluster: cluster.nodes }, 'all');
    try {
      await fleet.publishes();
      for (const server of cluster.servers) server.pause();
      await until(() => fleet.replicas.every(({ store }) => store.status().state === 'unreachable'));
      await setTimeout(3000);
      for (const server of cluster.servers) server.resume();
      await fleet.publishes();
      expect(await fleet.settled()).toEqual([fleet.counted, fleet.counted]);
    } finally {
      await fleet.stop();
    }
  }, 120_000);
});

describe('A Redis Cluster with TLS', () => {
  let certificate: Certificate;
  let cluster: RedisCluster;
  beforeAll(async () => {
    certificate = await Certificate.make();
    cluster = await RedisCluster.start({ withReplicas: true, certificate });
  }, 60_000);
  afterAll(async () => {
    await cluster.remove();
    await certificate.remove();
  });

  it('is exact after the master of the app was killed and its replica took over', async () => {
    const options = { redisOptions: { tls: { ca: certificate.contents.cert } } };
    const fleet = new CountingFleet({ cluster: cluster.nodes.slice(0, 1), options }, 'secret');
    try {
      await fleet.publishes();
      const master = await cluster.serving('secret');
      await master.kill();
      await fleet.publishes();
      expect(await fleet.settled()).toEqual([fleet.counted, fleet.counted]);
      const { store } = fleet.replicas[0]!;
      expect(store.status()).toMatchObject({ state: 'ready', details: { mode: 'cluster' } });
      expect((await cluster.serving('secret')).port).not.toBe(master.port);
      await master.restart();
    } finally {
      await fleet.stop();
    }
  }, 120_000);

  it('is refused when its certificate cannot be verified', async () => {
    const { store, states } = opened({ cluster: cluster.nodes, options: { redisOptions: { tls: {} } } }, 'secret');
    await until(() => store.status().state === 'unreachable');
    await setTimeout(1000);
    expect(states).not.toContain('ready');
    expect(store.status().lastError).toMatch(/certificate|refresh slots|closed/i);
    await store.stop();
  });
});
