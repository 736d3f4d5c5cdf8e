import { ManualClock } from '../../libs/nestmeter/src/clock.js';
import { MemoryStore } from '../../libs/nestmeter/src/store/memory-store.js';
import { defaultTiers } from '../../libs/nestmeter/src/time-slot.js';
import { FaultyStore } from '../fixtures/faulty-store.js';
import { MeasuredReplica, storedCalls, storedSlots } from '../fixtures/measured-replica.js';

/*
 * Clocks of this process: that of a real Redis cannot be set here without that of the whole machine. The memory store
 * keeps the contract of the Redis store, with which it shares its tests.
 */
const startMs = Date.UTC(2026, 0, 1, 12);
const minute = 60_000;

describe('three replicas whose clocks are wrong', () => {
  let hosts: ManualClock[];
  let store: FaultyStore;
  let replicas: MeasuredReplica[];

  /** A fleet on hosts whose clocks are off by so much. */
  function fleet(offsetsMs: readonly number[]): void {
    const clock = new ManualClock(startMs);
    hosts = [clock, ...offsetsMs.map((offsetMs) => new ManualClock(startMs + offsetMs))];
    store = new FaultyStore(new MemoryStore({ clock }));
    replicas = hosts.slice(1).map((host) => new MeasuredReplica(host, store));
  }

  /** All clocks go on, all replicas count and publish, second by second. */
  async function seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      for (const replica of replicas) {
        replica.count(1);
        await replica.publisher.flush();
      }
      for (const host of hosts) host.advance(1000);
    }
  }

  /** Calls that are stored in the three finest tiers, as shares of what was counted. */
  async function storedShares(): Promise<number[]> {
    for (const { publisher } of replicas) await publisher.flush();
    const counted = replicas.reduce((sum, replica) => sum + replica.counted, 0);
    const shares: number[] = [];
    for (const tier of defaultTiers.slice(0, 3))
      shares.push((await storedCalls(store, tier, startMs - 120 * minute, startMs + 120 * minute)) / counted);
    return shares;
  }

  it.each([5000, -5000, 10 * minute, -10 * minute, 60 * minute, -60 * minute])(
    'count in the slots of the store when a host is off by %i ms, from their second publish on',
    async (offsetMs) => {
      fleet([0, offsetMs, -offsetMs / 2]);
      // Before the first answer they have nothing but their own clocks, and the next publish opens the right slot.
      for (let time = 0; time < 2; time++) for (const { publisher } of replicas) await publisher.flush();
      await seconds(25);
      expect(await storedShares()).toEqual([1, 1, 1]);
      const slots = await storedSlots(store, defaultTiers[0]!, startMs - 120 * minute, startMs + 120 * minute);
      expect(slots.map(({ start, calls }) => [start - startMs / 1000, calls])).toEqual([
        [0, 30],
        [10, 30],
        [20, 15],
      ]);
    },
  );

  it('lack in the finest tier alone, and count as dropped, what a host that is an hour behind counted before the first answer', async () => {
    fleet([0, -60 * minute]);
    for (const replica of replicas) replica.count(7);
    await seconds(25);
    for (const { publisher } of replicas) await publisher.flush();
    const counted = replicas.reduce((sum, replica) => sum + replica.counted, 0);
    const stored = (level: number) => storedCalls(store, defaultTiers[level]!, startMs - 120 * minute, startMs + 120 * minute); // prettier-ignore
    expect([await stored(1), await stored(2), await stored(3)]).toEqual([counted, counted, counted]);
    // Those of two seconds too: the first answer ends the first, and the next publish opens the right slot.
    expect(await stored(0)).toBe(counted - 9);
    // No window is read from that tier so far back.
    expect(replicas[1]!.publisher.outbox.counts.dropped).toBe(1);
  });

  it.each([5000, -5000, 10 * minute, -10 * minute, -60 * minute])(
    'count all once when the clock of a host is stepped by %i ms',
    async (stepMs) => {
      fleet([0, 0, 0]);
      await seconds(25);
      hosts[1]!.step(stepMs);
      await seconds(25);
      expect(await storedShares()).toEqual([1, 1, 1]);
    },
  );

  it.each([5000, -5000, -12_000, 10 * minute, -10 * minute, -60 * minute])(
    'count all once when the clock of the store is stepped by %i ms',
    async (stepMs) => {
      fleet([0, 0, 0]);
      await seconds(25);
      hosts[0]!.step(stepMs);
      await seconds(25);
      expect(await storedShares()).toEqual([1, 1, 1]);
    },
  );
});
