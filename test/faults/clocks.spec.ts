import { ManualClock } from '../../libs/nestmeter/src/clock.js';
import { MemoryStore } from '../../libs/nestmeter/src/store/memory-store.js';
import { defaultTiers } from '../../libs/nestmeter/src/time-slot.js';
import { freshReader } from '../fixtures/kept-fleet.js';
import { FaultyStore } from '../fixtures/faulty-store.js';
import { MeasuredReplica, storedCalls, storedSlots } from '../fixtures/measured-replica.js';
import { sampleFamily } from '../fixtures/random-state.js';

/*
 * Clocks of this process, with a memory store: it keeps the contract of the Redis store, with which it shares its tests.
 * Some of this is tried with processes and a real Redis by process-clocks.spec.ts.
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
    replicas = hosts.slice(1).map((host) => new MeasuredReplica(host, store, { knowsTime: false }));
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

  it.each([10 * minute, -10 * minute, 60 * minute, -60 * minute])(
    'count in the slots of the store from the first call on when a host is off by %i ms',
    async (offsetMs) => {
      fleet([0, offsetMs, -offsetMs / 2]);
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

  it.each([2000, -2000, 5000, -5000, 123_456, -654_321])(
    'count all once, in these slots or the ones beside them, when a host is off by %i ms',
    async (offsetMs) => {
      fleet([0, offsetMs]);
      await seconds(25);
      expect(await storedShares()).toEqual([1, 1, 1]);
      const slots = await storedSlots(store, defaultTiers[0]!, startMs - 120 * minute, startMs + 120 * minute);
      const starts = slots.map(({ start }) => start - startMs / 1000);
      expect(starts.every((start) => start >= -10 && start <= 30)).toBe(true);
    },
  );

  it.each([60 * minute, -60 * minute])(
    'count in the slots of the store what they counted up to half a minute before its first answer, on a host that is off by %i ms',
    async (offsetMs) => {
      fleet([offsetMs]);
      const [replica] = replicas as [MeasuredReplica];
      store.fault = () => 'fails';
      for (let second = 0; second < 25; second++) {
        replica.count(1);
        await expect(replica.publisher.flush()).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
        for (const host of hosts) host.advance(1000);
      }
      // No state was named by the host's clock, in a call that may have arrived.
      expect(store.sent.flatMap(({ writes }) => writes)).toEqual([]);
      store.fault = () => 'none';
      await seconds(10);
      expect(await storedShares()).toEqual([1, 1, 1]);
      const slots = await storedSlots(store, defaultTiers[0]!, startMs - 120 * minute, startMs + 120 * minute);
      expect(slots.map(({ start, calls }) => [start - startMs / 1000, calls])).toEqual([
        [0, 10],
        [10, 10],
        [20, 10],
        [30, 5],
      ]);
      expect(replica.publisher.outbox.counts.dropped).toBe(0);
    },
  );

  it('lack in the finest tier alone, and count as dropped, what a host that is an hour behind counted longer before', async () => {
    fleet([-60 * minute]);
    const [replica] = replicas as [MeasuredReplica];
    store.fault = () => 'fails';
    replica.count(7);
    for (let second = 0; second < 45; second++) {
      await expect(replica.publisher.flush()).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
      for (const host of hosts) host.advance(1000);
    }
    store.fault = () => 'none';
    await seconds(25);
    await replica.publisher.flush();
    const stored = (level: number) => storedCalls(store, defaultTiers[level]!, startMs - 120 * minute, startMs + 120 * minute); // prettier-ignore
    expect([await stored(0), await stored(1), await stored(2)]).toEqual([24, 32, 32]);
    expect(replica.publisher.outbox.counts.dropped).toBe(2);
  });

  it('lose nothing of a process that ends before its first publish, on a host that is an hour behind', async () => {
    fleet([-60 * minute]);
    const [replica] = replicas as [MeasuredReplica];
    replica.count(7);
    expect(await replica.publisher.stop(1000)).toEqual({ unacknowledged: 0 });
    expect(await storedShares()).toEqual([1, 1, 1]);
  });

  it('say that something may be missing when one is killed between its first two calls', async () => {
    fleet([0, -60 * minute]);
    const [witness, killed] = replicas as [MeasuredReplica, MeasuredReplica];
    await witness.publisher.flush();
    killed.count(1);
    for (const host of hosts) host.advance(700);
    store.fault = ({ beat }) => (beat.number > 1 ? 'fails' : 'none');
    await expect(killed.publisher.flush()).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
    store.fault = () => 'none';
    for (const host of hosts) host.advance(10_000);
    await witness.publisher.flush();
    const { gaps } = await freshReader(witness).read({
      query: { window: '1m' },
      fallback: '1m',
      families: [sampleFamily],
    });
    expect(gaps).toEqual([expect.objectContaining({ from: startMs / 1000, reason: 'a replica fell silent' })]);
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
