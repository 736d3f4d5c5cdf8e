import { EagerKeepers } from '../fixtures/eager-keepers.js';
import type { Findings } from '../fixtures/exactness.js';
import { faultSeed } from '../fixtures/fault-seed.js';
import { LedgerFleet, readPatienceMs, shortTiers } from '../fixtures/ledger-fleet.js';
import { playedEpisodes, playFaults } from '../fixtures/play-faults.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { makeFaultScript, type TimedFault } from '../model/fault-script.js';

const isLong = process.env['FAULT_FORM'] === 'long';
/** How many seeds. */
const count = Number(process.env['FAULT_SEEDS'] ?? (isLong ? 10 : 2));
const seeds = Array.from({ length: count }, (_, index) => faultSeed + index);
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
        fleet.storeLost = losesData(script);
        const isExplained = ({ unsaid, unexplained }: Findings) => unsaid.length === 0 && unexplained.length === 0;
        const found = await fleet.settled(isExplained, readPatienceMs);
        expect(found).toMatchObject({ wrong: [], unsaid: [], unexplained: [] });
        expect(found.stored).toBeGreaterThan(0);
        const lost = `${found.missing} calls are lost, ${found.unheard} of them of processes that Redis never heard of`;
        const rest = `${found.stored} stored in the finest tier; gaps: ${found.gaps.join(', ') || 'none'}`;
        process.stderr.write(`seed ${seed}: after ${happened.length} events ${lost}, ${rest}\n`);
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
 * Whether the store loses data: then what processes had that ended may be gone, and nothing of the others. Without that
 * nothing is lost but what processes recorded after the store last had all of theirs, and which ended without an answer:
 * killed, or told to stop while the store was out of their reach.
 */
function losesData(script: readonly TimedFault[]): boolean {
  return script.some(
    ({ fault }) => ['wipe', 'evict'].includes(fault.kind) || (fault.kind === 'store up' && fault.isEmpty),
  );
}
