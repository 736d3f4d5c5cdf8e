import { KeptFleet, keeperOf } from '../../../../test/fixtures/kept-fleet.js';
import { callsOf } from '../../../../test/fixtures/measured-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';

describe('the lease', () => {
  it('is held by one at a time, and taken over when it ran out', async () => {
    const fleet = await KeptFleet.counted();
    const [first, second] = fleet.replicas.map((replica) => keeperOf(replica));
    await first!.keep();
    await fleet.publish();
    await second!.keep();
    expect([first!.status.isKeeper, second!.status.isKeeper]).toEqual([true, false]);
    expect(fleet.replicas[1]!.publisher.status.lease!.replica).toBe(fleet.replicas[0]!.replica.id);
    await fleet.pass(16_000);
    await second!.keep();
    expect(second!.status.isKeeper).toBe(true);
    await first!.keep();
    expect(first!.status.isKeeper).toBe(false);
  });

  it('is renewed by its holder', async () => {
    const fleet = await KeptFleet.counted();
    const [first, second] = fleet.replicas.map((replica) => keeperOf(replica));
    for (let round = 0; round < 10; round++) {
      await first!.keep();
      await fleet.pass(5000);
      await second!.keep();
    }
    expect([first!.status.isKeeper, second!.status.isKeeper]).toEqual([true, false]);
  });

  it('is handed on when its holder stops', async () => {
    const fleet = await KeptFleet.counted();
    const [first, second] = fleet.replicas.map((replica) => keeperOf(replica));
    await first!.keep();
    await first!.stop();
    await fleet.publish();
    expect(fleet.replicas[1]!.publisher.status.lease).toBeNull();
    await second!.keep();
    expect(second!.status.isKeeper).toBe(true);
  });

  it('goes to a higher schema at once, and not back to a lower one', async () => {
    const fleet = await KeptFleet.counted();
    const keeper = keeperOf(fleet.replicas[0]!);
    await keeper.keep();
    const { upkeep } = fleet.store;
    const lease = await upkeep.claim({ token: 't', replica: 'newer', schema: 2, durationMs: 60_000, folded: 0, lagMs: 0 }); // prettier-ignore
    expect(lease.replica).toBe('newer');
    await fleet.pass(11_000);
    await keeper.keep();
    expect(keeper.status.isKeeper).toBe(false);
  });

  it('is handed on by a holder that has been too slow for a minute, which then leaves it to others for one', async () => {
    const fleet = await KeptFleet.counted();
    const keeper = keeperOf(fleet.replicas[0]!);
    const { fold } = fleet.store.upkeep;
    // Whatever it does, there is more to do.
    fleet.store.upkeep.fold = async () => 'changed';
    await keeper.keep();
    expect(keeper.status).toMatchObject({ isKeeper: true });
    for (let round = 0; round < 13; round++) {
      await fleet.pass(5000);
      // The first to publish after a pause takes the others for silent.
      await fleet.publish();
      await keeper.keep();
    }
    expect(keeper.status.isKeeper).toBe(false);
    expect(keeper.status.lagMs).toBeGreaterThan(60_000);
    fleet.store.upkeep.fold = fold;
    await keeper.keep();
    expect(keeper.status.isKeeper).toBe(false);
    await fleet.pass(61_000);
    await keeper.keep();
    expect(keeper.status.isKeeper).toBe(true);
    expect(callsOf((await fleet.read('5m')).of(sampleFamily))).toBe(6);
  });
});
