import { exact, type Findings } from '../fixtures/exactness.js';
import { shortTiers, LedgerFleet } from '../fixtures/ledger-fleet.js';
import { EagerKeepers } from '../fixtures/eager-keepers.js';
import { RedisServer } from '../fixtures/redis-server.js';

describe('three replicas, one of which fails', () => {
  let redis: RedisServer;
  let fleet: LedgerFleet;

  beforeAll(async () => {
    redis = await RedisServer.start();
    fleet = await LedgerFleet.start('replica', redis);
    await fleet.records(300);
  });
  afterAll(async () => {
    await fleet.stop();
    await redis.remove();
  });

  /** What is found once a fault is over. */
  async function after(fault: () => Promise<unknown>): Promise<Findings> {
    await fleet.goOn();
    await fault();
    return fleet.settled(({ missing, complete }) => missing === 0 && complete);
  }

  it('is exact when each in turn is terminated under load and another takes its place', async () => {
    expect(
      await after(async () => {
        for (const seat of fleet.seats.keys()) {
          await fleet.empty(seat, 'terminate');
          await fleet.fill(seat);
        }
      }),
    ).toMatchObject(exact);
  });

  it('is exact when one is suspended over the end of its slot and continued', async () => {
    expect(
      await after(async () => {
        fleet.suspend(0, true);
        await fleet.records(900);
        fleet.suspend(0, false);
      }),
    ).toMatchObject(exact);
  });

  it('is exact when the event loop of one is blocked for three seconds', async () => {
    expect(
      await after(async () => {
        await fleet.seats[1]!.replica!.ask('block');
      }),
    ).toMatchObject(exact);
  });

  it('is exact while two keepers fold at the same time, each of whom loses the lease at any moment', async () => {
    const control = `{nm:replica}:control`;
    const takeLease = async (): Promise<void> => void (await redis.command(`HDEL ${control} lease`));
    const keepers = new EagerKeepers(fleet.store, shortTiers, 2, takeLease);
    const { folded } = keepers.counts;
    expect(
      await after(async () => {
        await fleet.records(600);
        await fleet.waits(() => keepers.counts.folded > folded + 10, 'states are folded');
        // What is final does not change: it was the other who had folded it in between.
        await fleet.waits(() => keepers.counts.refused > 0, 'folds are refused');
      }),
    ).toMatchObject(exact);
    await keepers.stop();
  });

  it('loses at most what one counted since its last publish when it is killed, and says for which time', async () => {
    await fleet.goOn();
    const { sure: before } = fleet.ledgerOf(2).total();
    expect((await fleet.seats[2]!.replica!.ask('flush')).error).toBeNull();
    await fleet.records(100);
    await fleet.empty(2, 'kill');
    const found = await fleet.settled(({ unsaid, complete }) => unsaid.length === 0 && !complete);
    expect(found).toMatchObject({ wrong: [], unsaid: [], complete: false });
    expect(found.missing).toBeLessThanOrEqual(fleet.ledgerOf(2).total().most - before);
  });
});
