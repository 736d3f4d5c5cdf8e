import { storedCalls } from '../../../../test/fixtures/measured-replica.js';
import { publishingReplica, start, writesOf } from '../../../../test/fixtures/publishing-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { defaultTiers } from '../time-slot.js';

describe('closed states', () => {
  it('are forgotten only when confirmed half an hour after the first acknowledgement', async () => {
    const { clock, replica, run, publisher } = publishingReplica();
    replica.count();
    clock.advance(10_000);
    await run(1);
    expect([publisher.outbox.size, publisher.outbox.pending]).toEqual([1, 0]);
    clock.advance(29 * 60_000);
    await run(1);
    expect(publisher.outbox.size).toBeGreaterThanOrEqual(1);
    clock.advance(60_000);
    await run(3);
    const tiers = [...Array(defaultTiers.length).keys()].map((tier) => publisher.outbox.states({ family: sampleFamily.name, tier: defaultTiers[tier]!, start: start / 1000 }).size); // prettier-ignore
    // The finest slot's write end has come; the 2 min slot was acknowledged less than half an hour ago.
    expect(tiers).toEqual([0, 1, 1, 0]);
  });

  it('that went missing are acknowledged anew: half an hour begins again', async () => {
    const { clock, store, replica, run, publisher } = publishingReplica();
    replica.count();
    clock.advance(130_000);
    await run(1);
    const coarse = { family: sampleFamily.name, tier: defaultTiers[1]!, start: start / 1000 };
    store.fault = () => 'fails';
    clock.advance(40 * 60_000);
    await store.clear();
    store.fault = () => 'none';
    await run(5);
    expect(publisher.outbox.states(coarse).size).toBe(1);
    clock.advance(31 * 60_000);
    await run(5);
    expect(publisher.outbox.states(coarse).size).toBe(0);
  });

  it('are sent again at most three times to a store that keeps losing them', async () => {
    const { clock, store, replica, run, publisher } = publishingReplica();
    replica.count();
    clock.advance(130_000);
    await run(1);
    store.sent.length = 0;
    const { read, publish } = store.inner;
    expect(read).toBeDefined();
    // A store that evicts closed slots at once, while its beats and `born` stay.
    store.inner.publish = async function (publication) {
      const kept = publication.writes.filter(({ encoded }) => encoded === null);
      const receipt = await publish.call(this, { ...publication, writes: kept.map((write) => ({ ...write, slot: { ...write.slot, family: 'gone' } })) }); // prettier-ignore
      return {
        ...receipt,
        results: publication.writes.map(({ encoded }) => ({
          outcome: encoded === null ? 'missing' : 'stored',
          found: null,
        })),
      };
    };
    await run(60);
    const resent = new Map<string, number>();
    for (const { slot, field } of writesOf(store.sent, 'states')) {
      const id = `${slot.tier.slotSeconds}:${slot.start}:${field}`;
      resent.set(id, (resent.get(id) ?? 0) + 1);
    }
    expect(resent.get(`10:${start / 1000}:${replica.replica.field(0)}`)).toBe(3);
    expect(publisher.outbox.counts.givenUp).toBeGreaterThanOrEqual(2);
  });

  it('wait until the write end and not longer, and what was never acknowledged then counts as dropped', async () => {
    const { clock, store, replica, run, publisher } = publishingReplica();
    store.fault = () => 'fails';
    replica.count();
    clock.advance(86_400_000);
    await run(1);
    expect([publisher.outbox.size, publisher.outbox.counts.dropped]).toEqual([2, 2]);
    clock.advance(3 * 86_400_000);
    await run(1);
    expect([publisher.outbox.size, publisher.outbox.counts.dropped, publisher.outbox.bytes]).toEqual([0, 4, 0]);
  });

  it('that arrive after the write end are counted as late by tier, and never sent again', async () => {
    const { clock, store, replica, run, publisher } = publishingReplica();
    store.fault = () => 'fails';
    replica.count();
    await run(1);
    // The store's clock runs ahead of what this replica knows.
    clock.step(10_000 + 1_800_000);
    store.fault = () => 'none';
    clock.advance(9000);
    await run(3);
    expect(publisher.outbox.counts.late).toEqual(new Map([[10, 1]]));
    expect(publisher.outbox.pending).toBe(0);
  });

  it('past the cap are dropped, the oldest of the finest tier first, and counted', async () => {
    const { clock, store, replica, run, publisher } = publishingReplica({ outboxBytes: 2000 });
    store.fault = () => 'fails';
    await run(400, () => replica.count());
    expect(publisher.outbox.bytes).toBeLessThanOrEqual(2000);
    const held = (tier: number) =>
      Array.from({ length: 50 }, (_, index) => start / 1000 + index * defaultTiers[tier]!.slotSeconds).filter(
        (at) => publisher.outbox.states({ family: sampleFamily.name, tier: defaultTiers[tier]!, start: at }).size > 0,
      );
    expect(held(1)).toHaveLength(3);
    const finest = held(0);
    expect(finest.length).toBeGreaterThan(0);
    expect(finest.at(-1)).toBe(start / 1000 + 390);
    expect(finest).toEqual(finest.map((_, index) => finest[0]! + index * 10));
    expect(publisher.outbox.counts.dropped).toBe(40 - finest.length);
    store.fault = () => 'none';
    await run(2);
    expect(await storedCalls(store, defaultTiers[1]!, start, clock.wallMs())).toBe(400);
  });

  it('of a renewed life in a slot that is still open are remembered until half an hour after its end', async () => {
    const { clock, replica, run, publisher } = publishingReplica();
    replica.count();
    replica.accumulator.renew();
    await run(1);
    const six = { family: sampleFamily.name, tier: defaultTiers[3]!, start: start / 1000 - (start / 1000 % 21_600) }; // prettier-ignore
    clock.advance(3_600_000);
    await run(3);
    // Acknowledged an hour ago; a wipe now would take it from a slot of which everything open is restored.
    expect(publisher.outbox.states(six).size).toBe(1);
  });

  it('past the cap: those that the store has go before those that it lacks', async () => {
    const { store, replica, run, publisher } = publishingReplica({ outboxBytes: 2000 });
    await run(60, () => replica.count());
    const acknowledged = publisher.outbox.size;
    expect([publisher.outbox.pending, acknowledged > 4]).toEqual([0, true]);
    store.fault = () => 'fails';
    await run(60, () => replica.count());
    expect(publisher.outbox.counts.dropped).toBe(0);
    // What is no longer remembered is lost should the store be emptied, and then said to be.
    await run(300, () => replica.count());
    const { dropped } = publisher.outbox.counts;
    expect(dropped).toBeGreaterThan(0);
    await store.inner.clear();
    store.fault = () => 'none';
    await run(2);
    const { gaps } = await store.read({ slots: [], beats: false });
    const emptied = gaps.filter(({ reason, slotSeconds }) => reason === 'store_emptied' && slotSeconds === 10);
    expect(emptied[0]).toMatchObject({ from: start / 1000 });
    expect(emptied.at(-1)!.to).toBeGreaterThanOrEqual(start / 1000 + 50);
  });

  it('that closed while their open state was on its way go out with the next publish', async () => {
    const { clock, store, replica, publisher, stored } = publishingReplica();
    clock.advance(9500);
    replica.count();
    store.fault = ({ writes }) => {
      if (writes.length === 0) return 'none';
      store.fault = () => 'none';
      replica.count();
      clock.advance(1000);
      // As a report from own memory does.
      replica.accumulator.settle();
      publisher.collect();
      return 'none';
    };
    publisher.start();
    await publisher.flush();
    expect(publisher.outbox.pending).toBe(0);
    expect(await stored()).toBe(2);
    await publisher.stop(1000);
  });

  it('are asked for in turn, a few slots with each publish', async () => {
    const { store, replica, run } = publishingReplica();
    await run(400, () => replica.count());
    store.sent.length = 0;
    await run(10);
    for (const publication of store.sent) expect(writesOf([publication], 'audits').length).toBeLessThanOrEqual(8);
    const asked = writesOf(store.sent, 'audits').map(({ slot }) => `${slot.tier.slotSeconds}:${slot.start}`);
    expect(new Set(asked).size).toBe(43);
  });
});
