import { setTimeout } from 'node:timers/promises';
import { counted, CountingFleet } from '../fixtures/counting-fleet.js';
import { RedisSentinel } from '../fixtures/redis-sentinel.js';

/** How long a master is away after another one took its place. */
const awayMs = process.env['FAULT_FORM'] === 'long' ? 20_000 : 0;

describe('two replicas whose Redis has Sentinels', () => {
  let sentinel: RedisSentinel;
  let fleet: CountingFleet;

  beforeEach(async () => {
    sentinel = await RedisSentinel.start();
    fleet = new CountingFleet(sentinel.location, 'watched');
    await fleet.publishes();
  }, 60_000);
  afterEach(async () => {
    await fleet.stop();
    await sentinel.remove();
  }, 60_000);

  it('is exact after its master was killed, and after the next one stood still', async () => {
    const first = await sentinel.master();
    await first.kill();
    const second = await sentinel.failedOver(first);
    await fleet.publishes();
    await sentinel.isFollowed(second);
    second.pause();
    const third = await sentinel.failedOver(second);
    await fleet.publishes();
    await setTimeout(awayMs);
    second.resume();
    await fleet.publishes();
    expect(new Set([first, second, third]).size).toBe(3);
    expect(await fleet.settled()).toEqual(counted);
    const { store } = fleet.replicas[0]!;
    expect(store.status()).toMatchObject({ state: 'ready', details: { mode: 'sentinel' } });
  }, 180_000);
});
