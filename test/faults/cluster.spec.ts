import { setTimeout } from 'node:timers/promises';
import { Certificate } from '../fixtures/certificate.js';
import { counted, CountingFleet } from '../fixtures/counting-fleet.js';
import { until } from '../fixtures/opened-store.js';
import { RedisCluster } from '../fixtures/redis-cluster.js';

const isLong = process.env['FAULT_FORM'] === 'long';
/** How long a node is away after another one took its place, or after it was missed. */
const awayMs = isLong ? 20_000 : 3000;
const moves = isLong ? 5 : 2;

describe('two replicas over a Redis Cluster', () => {
  let cluster: RedisCluster;
  let fleet: CountingFleet;

  beforeAll(async () => {
    cluster = await RedisCluster.start({ withReplicas: true });
  }, 60_000);
  afterEach(() => fleet.stop(), 60_000);
  afterAll(() => cluster.remove());

  async function counting(app: string): Promise<void> {
    fleet = new CountingFleet({ cluster: cluster.nodes }, app);
    await fleet.publishes();
  }

  it('is exact after the slot of the app was moved under load, again and again', async () => {
    await counting('moved');
    for (let move = 0; move < moves; move++) {
      const before = await cluster.serving('moved');
      await cluster.move('moved');
      await fleet.publishes();
      expect((await cluster.serving('moved')).port).not.toBe(before.port);
    }
    expect(await fleet.settled()).toEqual(counted);
  }, 120_000);

  it('is exact after the master of the app was killed and its replica took over', async () => {
    await counting('killed');
    const master = await cluster.isFollowed('killed');
    await master.kill();
    const next = await cluster.failedOver('killed', master);
    await fleet.publishes();
    await setTimeout(awayMs);
    await master.restart();
    await fleet.publishes();
    expect((await cluster.failedOver('killed', master)).port).toBe(next.port);
    expect(await fleet.settled()).toEqual(counted);
  }, 120_000);

  it('is exact after the master of the app stood still and its replica took over', async () => {
    await counting('still');
    const master = await cluster.isFollowed('still');
    master.pause();
    const next = await cluster.failedOver('still', master);
    await fleet.publishes();
    await setTimeout(awayMs);
    master.resume();
    await fleet.publishes();
    expect((await cluster.failedOver('still', master)).port).toBe(next.port);
    expect(await fleet.settled()).toEqual(counted);
  }, 120_000);

  it('is exact after all of its nodes stood still', async () => {
    await counting('all');
    for (const server of cluster.servers) server.pause();
    await until(() => fleet.replicas.every(({ store }) => store.status().state === 'unreachable'));
    await setTimeout(awayMs);
    for (const server of cluster.servers) server.resume();
    await fleet.publishes();
    expect(await fleet.settled()).toEqual(counted);
  }, 120_000);
});

describe('two replicas over a Redis Cluster with TLS', () => {
  let certificate: Certificate;
  let cluster: RedisCluster;
  let fleet: CountingFleet;

  beforeAll(async () => {
    certificate = await Certificate.make();
    cluster = await RedisCluster.start({ withReplicas: true, certificate });
    const options = { redisOptions: { tls: { ca: certificate.contents.cert } } };
    fleet = new CountingFleet({ cluster: cluster.nodes.slice(0, 1), options }, 'secret');
    await fleet.publishes();
  }, 90_000);
  afterAll(async () => {
    await fleet.stop();
    await cluster.remove();
    await certificate.remove();
  }, 60_000);

  it('is exact after the master of the app was killed and its replica took over', async () => {
    const master = await cluster.isFollowed('secret');
    await master.kill();
    const next = await cluster.failedOver('secret', master);
    await fleet.publishes();
    await setTimeout(awayMs);
    await master.restart();
    await fleet.publishes();
    expect((await cluster.failedOver('secret', master)).port).toBe(next.port);
    expect(await fleet.settled()).toEqual(counted);
    const { store } = fleet.replicas[0]!;
    expect(store.status()).toMatchObject({ state: 'ready', details: { mode: 'cluster' } });
  }, 120_000);
});
