import { EagerKeepers } from '../fixtures/eager-keepers.js';
import { LedgerFleet, readPatienceMs, shortTiers } from '../fixtures/ledger-fleet.js';
import { playedEpisodes, playFaults } from '../fixtures/play-faults.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { makeFaultScript, type TimedFault } from '../model/fault-script.js';

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
        const found = await fleet.settled(({ unsaid }) => unsaid.length === 0, readPatienceMs);
        expect(found).toMatchObject({ wrong: [], unsaid: [] });
        expect(found.stored).toBeGreaterThan(0);
        expect(found.missing).toBeLessThanOrEqual(mayLose(script) ? Infinity : 0);
      } catch (error) {
        throw new Error(`seed ${seed}: ${happened.join('; ')}`, { cause: error });
      } finally {
        await keepers.stop();
        await fleet.stop();
        await redis.remove();
      }
    },
    durationMs + readPatienceMs + 40_000,
  );
});

/**
 * Whether anything of a script may lose counts by what is promised: what ends a replica or the store's contents without
 * warning, or tells a replica to stop that is cut off, so that its deadline passes without an answer.
 */
function mayLose(script: readonly TimedFault[]): boolean {
  const losing = ['crash', 'wipe', 'store up', 'evict'];
  const cutOff = new Set<number>();
  return script.some(({ fault }) => {
    if (fault.kind === 'partition') cutOff.add(fault.seat);
    if (fault.kind === 'heal') cutOff.delete(fault.seat);
    return losing.includes(fault.kind) || (fault.kind === 'shutdown' && cutOff.has(fault.seat));
  });
}
