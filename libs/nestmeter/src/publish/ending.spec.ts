import type { FaultyStore } from '../../../../test/fixtures/faulty-store.js';
import { publishingReplica, writesOf } from '../../../../test/fixtures/publishing-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { readHeader } from '../accumulate/encoded-state.js';
import type { MemoryStore } from '../store/memory-store.js';
import { defaultTiers } from '../time-slot.js';

/** All states that a store has. */
const statesIn = ({ inner }: FaultyStore): Buffer[] =>
  [...(inner as MemoryStore).contents.slots.values()].flatMap(({ fields }) =>
    [...fields].filter(([field]) => field.startsWith('r:')).map(([, encoded]) => encoded),
  );

describe('the end', () => {
  it('makes everything final, confirms it, says left and reports that nothing is missing', async () => {
    const { store, replica, run, publisher, storedOfAllTiers } = publishingReplica();
    await run(25, () => replica.count());
    replica.count(7);
    expect(await publisher.stop(1000)).toEqual({ unacknowledged: 0 });
    expect(await storedOfAllTiers()).toEqual(defaultTiers.map(() => replica.counted));
    const { live, beats } = await store.read({ slots: [], beats: true });
    expect([live, beats.map(({ beat }) => beat.left)]).toEqual([[], [true]]);
    const last = new Map<string, boolean>();
    for (const { slot, field, encoded } of writesOf(store.sent, 'states'))
      last.set(`${slot.tier.slotSeconds}:${slot.start}:${field}`, readHeader(encoded!)!.final);
    expect(new Set(last.values())).toEqual(new Set([true]));
    expect(writesOf(store.sent, 'audits').length).toBeGreaterThan(0);
  });

  it('keeps what is recorded while it lasts', async () => {
    const { store, replica, publisher, storedOfAllTiers } = publishingReplica();
    replica.count();
    let during = 3;
    store.fault = () => {
      if (during-- > 0) replica.count();
      return 'none';
    };
    await publisher.stop(1000);
    expect(replica.counted).toBe(4);
    expect(await storedOfAllTiers()).toEqual([4, 4, 4, 4]);
  });

  it('leaves nothing unfinished, although levels go on and calls are recorded to the last', async () => {
    const { clock, store, replica, run, publisher } = publishingReplica();
    await run(15, () => replica.count());
    replica.series.setLevel(sampleFamily.gauge.depth, 3, clock.monotonicMs());
    store.fault = () => {
      clock.advance(100);
      replica.count();
      replica.series.setLevel(sampleFamily.gauge.depth, 4, clock.monotonicMs());
      return 'none';
    };
    await publisher.stop(1000);
    expect(statesIn(store).filter((encoded) => !readHeader(encoded)!.final)).toEqual([]);
  });

  it('makes one state of a level in each slot', async () => {
    const { clock, store, replica, run, publisher } = publishingReplica();
    replica.series.setLevel(sampleFamily.gauge.depth, 3, clock.monotonicMs());
    await run(5);
    store.fault = () => {
      clock.advance(100);
      return 'none';
    };
    await publisher.stop(1000);
    expect(statesIn(store)).toHaveLength(defaultTiers.length);
  });

  it('tries again until the deadline when a call fails', async () => {
    const { store, replica, publisher, stored } = publishingReplica();
    replica.count(5);
    let failures = 2;
    store.fault = () => (failures-- > 0 ? 'fails' : 'none');
    expect(await publisher.stop(3000)).toEqual({ unacknowledged: 0 });
    expect(await stored()).toBe(5);
  });

  it('ends at the deadline when the store is away, and reports what it does not have', async () => {
    const { store, replica, publisher } = publishingReplica();
    replica.count(5);
    store.fault = () => 'fails';
    expect(await publisher.stop(50)).toEqual({ unacknowledged: defaultTiers.length });
    store.fault = () => 'none';
    store.publish = () => new Promise(() => {});
    const began = performance.now();
    await publisher.stop(50);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('sends again what the store lost meanwhile', async () => {
    const { store, replica, run, publisher, stored } = publishingReplica();
    await run(60, () => replica.count());
    await store.clear();
    await publisher.stop(1000);
    expect(await stored()).toBe(60);
  });
});
