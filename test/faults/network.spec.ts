import { jest } from '@jest/globals';
import { EagerKeepers } from '../fixtures/eager-keepers.js';
import { exact, type Findings } from '../fixtures/exactness.js';
import { faultSeed } from '../fixtures/fault-seed.js';
import { LedgerFleet, shortTiers } from '../fixtures/ledger-fleet.js';
import type { NetworkFaults } from '../fixtures/fault-proxy.js';
import { RedisServer } from '../fixtures/redis-server.js';

const isLong = process.env['FAULT_FORM'] === 'long';
/** What must have happened before a fault ends. */
const enough = isLong ? 40 : 6;

jest.setTimeout(isLong ? 240_000 : 60_000);

/** What happens, what makes it happen, and what counts it; in the short form of the suite the first four. */
const faults: readonly (readonly [string, Partial<NetworkFaults>, Parameters<LedgerFleet['count']>[0]])[] = [
  ['replies are cut off after Redis executed the call', { cutReplies: 0.3 }, 'cutReplies'],
  ['half of a reply arrives', { halveReplies: 0.3 }, 'halvedReplies'],
  ['calls arrive after the caller had given them up', { late: 0.3 }, 'late'],
  ['each way takes 200 ms', { delayMs: 200 }, 'calls'],
  ['half of a reply arrives and then nothing, and the connection stays open', { stallReplies: 0.3 }, 'stalledReplies'],
  ['each way takes 1.5 s, so that no answer is in time', { delayMs: 1500 }, 'calls'],
  ['calls are cut off before Redis sees them', { cutRequests: 0.3 }, 'cutRequests'],
  ['calls arrive twice, the second time up to 3 s later', { repeats: 0.5 }, 'repeats'],
  ['a broken middle box drops calls and passes on what comes after them', { swallows: 0.2 }, 'swallowed'],
  ['10 kB pass in a second', { bytesPerSecond: 10_000 }, 'calls'],
];

describe(`three replicas behind a bad network (FAULT_SEED=${faultSeed})`, () => {
  let redis: RedisServer;
  let fleet: LedgerFleet;
  let keepers: EagerKeepers;

  beforeAll(async () => {
    redis = await RedisServer.start();
    fleet = await LedgerFleet.start('network', redis, { seed: faultSeed });
    // What arrives late or twice meets slots that are folded already.
    keepers = new EagerKeepers(fleet.store, shortTiers, 1);
  });
  afterAll(async () => {
    await keepers.stop();
    await fleet.stop();
    await redis.remove();
  });

  /** Lets a fault happen while all record, until it has done something; then all must be there, and nothing twice. */
  async function after(fault: Partial<NetworkFaults>, hasHappened: () => boolean): Promise<Findings> {
    await fleet.goOn();
    const { folded } = keepers.counts;
    fleet.network(fault);
    await fleet.records(150);
    // A replica calls about once a second.
    await fleet.waits(hasHappened, 'the fault happens', 20_000 + 3000 * enough);
    for (const { proxy } of fleet.seats) proxy.heal();
    const isFolded = () => keepers.counts.folded > folded;
    await fleet.waits(isFolded, () => `states are folded meanwhile: ${keepers.report}`);
    return fleet.settled(({ missing, complete }) => missing === 0 && complete);
  }

  it.each(isLong ? faults : faults.slice(0, 4))('is exact when %s', async (_, fault, counted) => {
    const before = fleet.count(counted);
    expect(await after(fault, () => fleet.count(counted) >= before + enough)).toMatchObject(exact);
  });

  it('is exact when nothing passes for longer than a call may take, and nobody is told', async () => {
    const since = performance.now();
    expect(await after({ isStalled: true }, () => performance.now() - since > 5000)).toMatchObject(exact);
  });
});
