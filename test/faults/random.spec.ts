import { EagerKeepers } from '../fixtures/eager-keepers.js';
import { LedgerFleet, shortTiers } from '../fixtures/ledger-fleet.js';
import { playedEpisodes, playFaults } from '../fixtures/play-faults.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { makeFaultScript } from '../model/fault-script.js';

const isLong = process.env['FAULT_FORM'] === 'long';
/** How many seeds, and the first of them: another one each time, printed in the titles. */
const count = Number(process.env['FAULT_SEEDS'] ?? (isLong ? 10 : 2));
const first = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1e6));
const seeds = Array.from({ length: count }, (_, index) => first + index);
const durationMs = isLong ? 40_000 : 9000;

describe('three replicas to whom anything happens', () => {
  it.each(seeds)(
    'have exact numbers or say for which time they have not (FAULT_SEED=%i)',
    async (seed) => {
      const redis = await RedisServer.start();
      const fleet = await LedgerFleet.start(`random-${seed}`, redis, { seed });
      const keepers = new EagerKeepers(fleet.store, shortTiers, 1);
      const script = makeFaultScript({
        seed,
        seats: fleet.seats.length,
        keepers: 1,
        durationMs,
        memoryMs: durationMs / 2,
        writeMs: durationMs / 2,
        episodes: isLong ? 8 : 4,
        kinds: playedEpisodes,
      });
      const happened: string[] = [];
      try {
        await playFaults({ fleet, redis, happened }, script);
        for (const { proxy } of fleet.seats) proxy.heal();
        for (const [seat, { isSuspended }] of fleet.seats.entries()) {
          if (isSuspended) fleet.suspend(seat, false);
          await fleet.fill(seat);
        }
        const found = await fleet.settled(({ unsaid }) => unsaid.length === 0);
        expect(found).toMatchObject({ wrong: [], unsaid: [] });
        expect(found.stored).toBeGreaterThan(0);
        const losing = ['crash', 'wipe', 'store up', 'evict'];
        const mayLose = script.some(({ fault }) => losing.includes(fault.kind));
        expect(found.missing).toBeLessThanOrEqual(mayLose ? Infinity : 0);
      } catch (error) {
        throw new Error(`seed ${seed}: ${happened.join('; ')}`, { cause: error });
      } finally {
        await keepers.stop();
        await fleet.stop();
        await redis.remove();
      }
    },
    durationMs + 60_000,
  );
});
