import { setTimeout } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { Certificate } from '../fixtures/certificate.js';
import { opened, publish, until } from '../fixtures/opened-store.js';
import { RedisCluster } from '../fixtures/redis-cluster.js';
import { RedisSentinel } from '../fixtures/redis-sentinel.js';

describe('Redis with Sentinel', () => {
  let sentinel: RedisSentinel;
  beforeAll(async () => {
    sentinel = await RedisSentinel.start();
  }, 60_000);
  afterAll(() => sentinel.remove());

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
});

describe('A Redis Cluster with TLS', () => {
  let certificate: Certificate;
  let cluster: RedisCluster;
  beforeAll(async () => {
    certificate = await Certificate.make();
    cluster = await RedisCluster.start({ certificate });
  }, 60_000);
  afterAll(async () => {
    await cluster.remove();
    await certificate.remove();
  });

  it('is reached by one of its nodes', async () => {
    const options = { redisOptions: { tls: { ca: certificate.contents.cert } } };
    const { store } = opened({ cluster: cluster.nodes.slice(0, 1), options }, 'secret');
    await until(() => store.status().state === 'ready');
    expect((await publish(store)).born.id).toBe('x');
    await store.stop();
  });

  it('is refused when its certificate cannot be verified', async () => {
    const { store, states } = opened({ cluster: cluster.nodes, options: { redisOptions: { tls: {} } } }, 'secret');
    await until(() => store.status().state === 'unreachable');
    await setTimeout(1000);
    expect(states).not.toContain('ready');
    expect(store.status().lastError).toMatch(/certificate|refresh slots|closed/i);
    await store.stop();
  });
});
