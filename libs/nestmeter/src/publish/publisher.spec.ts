import { jest } from '@jest/globals';
import fc from 'fast-check';
import { type Fault, FaultyStore } from '../../../../test/fixtures/faulty-store.js';
import { MeasuredReplica, storedCalls, storedSlots } from '../../../../test/fixtures/measured-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { readHeader } from '../accumulate/encoded-state.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { ManualClock } from '../clock.js';
import { MemoryStore } from '../store/memory-store.js';
import type { Publication } from '../store/store.js';
import { defaultTiers } from '../time-slot.js';

const start = 1_699_920_000_000;
const unreachable = { code: 'NM_STORE_UNREACHABLE' };

const fixture = (options: ConstructorParameters<typeof MeasuredReplica>[2] = {}) => {
  const clock = new ManualClock(start);
  const store = new FaultyStore(new MemoryStore({ clock }));
  const replica = new MeasuredReplica(clock, store, options);
  return {
    clock,
    store,
    replica,
    publisher: replica.publisher,
    /** Lets time pass, and publishes each second as the timer would. */
    async run(seconds: number, each: () => void = () => {}): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1000);
        each();
        await replica.publisher.flush().catch(() => {});
      }
    },
    stored: (tier = 0) => storedCalls(store, defaultTiers[tier]!, start, clock.wallMs()),
    storedOfAllTiers: () =>
      Promise.all(
        defaultTiers.map((tier) => storedCalls(store, tier, start - 86_400_000, clock.wallMs() + 86_400_000)),
      ),
  };
};

/** The slots that publications ask for or send, by what they do. */
const of = (publications: readonly Publication[], what: 'audits' | 'states') =>
  publications.flatMap(({ writes }) => writes.filter(({ encoded }) => (encoded === null) === (what === 'audits')));

describe('what is published', () => {
  it('equals what was counted in each tier, whatever happens to calls', async () => {
    const fault = fc.constantFrom<Fault>('none', 'none', 'fails', 'loses the reply', 'repeats', 'arrives late');
    const step = fc.record({
      advance: fc.oneof(fc.nat(3000), fc.nat(200_000)),
      calls: fc.nat(9),
      fault,
      delivers: fc.boolean(),
      wipes: fc.integer({ min: 0, max: 19 }).map((dice) => dice === 0),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { clock, store, replica, publisher, run, storedOfAllTiers } = fixture();
        for (const { advance, calls, fault: next, delivers, wipes } of steps) {
          clock.advance(advance);
          if (calls > 0) replica.count(calls);
          if (wipes) await store.clear();
          store.fault = () => next;
          await publisher.flush().catch(() => {});
          if (delivers) await store.deliver();
        }
        store.fault = () => 'none';
        await store.deliver();
        await run(12);
        expect(await storedOfAllTiers()).toEqual(defaultTiers.map(() => replica.counted));
        expect(await replica.read('6h')).toBe(replica.counted);
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('survives an outage over many closed slots, which the application does not notice', async () => {
    const { store, replica, run, publisher, storedOfAllTiers } = fixture();
    store.fault = () => 'fails';
    await run(200, () => replica.count(3));
    expect(publisher.status).toMatchObject({ failing: true, failures: 200 });
    expect(publisher.outbox.pending).toBe(20 + 1);
    store.fault = () => 'none';
    await run(1);
    expect(await storedOfAllTiers()).toEqual([600, 600, 600, 600]);
    expect(publisher.status.failing).toBe(false);
    expect(publisher.outbox.pending).toBe(0);
  });

  it('comes back after a wipe: open slots and closed ones of half an hour', async () => {
    const { store, replica, run, storedOfAllTiers, publisher } = fixture();
    await run(900, () => replica.count());
    await store.clear();
    await run(8);
    expect(await storedOfAllTiers()).toEqual([900, 900, 900, 900]);
    expect(publisher.outbox.counts.givenUp).toBe(0);
  });

  it('comes back after a wipe noticed only by another `born`, when others had restored this beat', async () => {
    const { store, replica, run, stored } = fixture();
    await run(60, () => replica.count());
    const { beat } = store.sent.at(-1)!;
    await store.clear();
    await store.inner.publish({ beat: { ...beat, number: beat.number }, writes: [], bornCandidate: 'another' });
    await run(3);
    expect(await stored()).toBe(60);
  });

  it('comes back when the store returns to an older state of itself, noticed by the number of the beat', async () => {
    const { clock, store, replica, run, storedOfAllTiers } = fixture();
    const backup = new MemoryStore({ clock });
    const current = store.inner;
    let isBackedUp = true;
    store.fault = () => 'none';
    const publish = current.publish.bind(current);
    current.publish = async (publication) => {
      if (isBackedUp) await backup.publish(publication);
      return publish(publication);
    };
    await run(100, () => replica.count());
    isBackedUp = false;
    await run(100, () => replica.count());
    store.inner = backup;
    await run(4);
    expect(await storedOfAllTiers()).toEqual([200, 200, 200, 200]);
  });

  it('is not taken back by calls that arrive late', async () => {
    const { store, replica, run, stored } = fixture();
    store.fault = () => 'arrives late';
    await run(5, () => replica.count());
    store.fault = () => 'none';
    await run(5, () => replica.count());
    await store.deliver();
    expect(await stored()).toBe(10);
    const { beats } = await store.read({ slots: [], beats: true });
    expect(beats[0]!.beat.number).toBe(store.sent.at(-1)!.beat.number);
  });
});

describe('another process under the same id', () => {
  it('is noticed by its higher versions: this replica goes on under an id of its own', async () => {
    const { store, replica, run, clock } = fixture();
    await run(3, () => replica.count());
    const [write] = store.sent.at(-1)!.writes;
    const id = replica.replica.id;
    await store.inner.publish({
      beat: store.sent.at(-1)!.beat,
      writes: [{ ...write!, version: 1000, encoded: Buffer.from(write!.encoded!.toString('latin1').replace(/^(.{10}).{15}/s, '$1000000000001000'), 'latin1') }], // prettier-ignore
      bornCandidate: 'x',
    });
    await run(2, () => replica.count());
    expect(replica.replica.id).not.toBe(id);
    expect(replica.warnings).toHaveLength(1);
    expect(replica.accumulator.generation).toBe(1);
    await run(3, () => replica.count());
    const slots = await storedSlots(store, defaultTiers[0]!, start, clock.wallMs());
    expect(slots[0]!.fields.filter((field) => field.startsWith(`r:${replica.replica.id}`))).toHaveLength(1);
    expect(replica.warnings).toHaveLength(1);
  });

  it('is noticed by the higher number of its beat', async () => {
    const { store, replica, run } = fixture();
    await run(2, () => replica.count());
    const { beat } = store.sent.at(-1)!;
    await store.inner.publish({ beat: { ...beat, number: beat.number + 50 }, writes: [], bornCandidate: 'x' });
    await run(1);
    expect(replica.replica.id).not.toBe(beat.id);
  });
});

describe('a copy of this process, with all it remembers', () => {
  const copied = async () => {
    const { store, replica, run, clock } = fixture();
    await run(3, () => replica.count());
    return { store, replica, run, clock, id: replica.replica.id, beat: store.sent.at(-1)!.beat };
  };
  const other = (publication: Publication, more: Partial<Publication>): Publication => ({ ...publication, call: 'other', ...more }); // prettier-ignore

  it('is noticed when it publishes the very number and version that this process publishes next', async () => {
    const { store, replica, run, clock, id } = await copied();
    const { inner } = store;
    let isFirst = true;
    store.fault = (publication) => {
      // The copy counted other calls, as many.
      if (isFirst) void inner.publish(other(publication, {}));
      isFirst = false;
      return 'none';
    };
    await run(1, () => replica.count());
    expect(replica.replica.id).not.toBe(id);
    expect(replica.warnings).toHaveLength(1);
    await run(1);
    const now = clock.wallMs() / 1000;
    const { gaps } = await store.read({ slots: [], beats: false });
    expect(gaps).toEqual([{ from: now - 17, to: now - 1, slotSeconds: null, reason: 'same_id' }]);
  });

  it('is noticed when it has made a state final that this one still counts in', async () => {
    const { store, replica, run, id } = await copied();
    const sent = store.sent.at(-1)!;
    const [write] = sent.writes;
    const encoded = Buffer.from(write!.encoded!);
    encoded[25] = 0x31;
    // Final and folded away, at a version that this process has passed.
    await store.inner.publish(other(sent, { writes: [{ ...write!, slot: { ...write!.slot }, encoded, version: write!.version + 1 }] })); // prettier-ignore
    replica.count(5);
    await run(1);
    expect(replica.replica.id).not.toBe(id);
  });

  it('is not suspected of a call of our own that arrives twice', async () => {
    const { store, replica, run, id } = await copied();
    store.fault = () => 'repeats';
    await run(5, () => replica.count());
    expect([replica.replica.id, replica.warnings]).toEqual([id, []]);
  });
});

describe('closed states', () => {
  it('are forgotten only when confirmed half an hour after the first acknowledgement', async () => {
    const { clock, replica, run, publisher } = fixture();
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
    const { clock, store, replica, run, publisher } = fixture();
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
    const { clock, store, replica, run, publisher } = fixture();
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
    for (const { slot, field } of of(store.sent, 'states')) {
      const id = `${slot.tier.slotSeconds}:${slot.start}:${field}`;
      resent.set(id, (resent.get(id) ?? 0) + 1);
    }
    expect(resent.get(`10:${start / 1000}:${replica.replica.field(0)}`)).toBe(3);
    expect(publisher.outbox.counts.givenUp).toBeGreaterThanOrEqual(2);
  });

  it('wait until the write end and not longer, and what was never acknowledged then counts as dropped', async () => {
    const { clock, store, replica, run, publisher } = fixture();
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
    const { clock, store, replica, run, publisher } = fixture();
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
    const { clock, store, replica, run, publisher } = fixture({ outboxBytes: 2000 });
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
    const { clock, replica, run, publisher } = fixture();
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
    const { store, replica, run, publisher } = fixture({ outboxBytes: 2000 });
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

  it('are asked for in turn, a few slots with each publish', async () => {
    const { store, replica, run } = fixture();
    await run(400, () => replica.count());
    store.sent.length = 0;
    await run(10);
    for (const publication of store.sent) expect(of([publication], 'audits').length).toBeLessThanOrEqual(8);
    const asked = of(store.sent, 'audits').map(({ slot }) => `${slot.tier.slotSeconds}:${slot.start}`);
    expect(new Set(asked).size).toBe(43);
  });
});

describe('the timer', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const pass = async (clock: ManualClock, seconds: number, each: () => void = () => {}): Promise<void> => {
    for (let tick = 0; tick < seconds * 10; tick++) {
      clock.advance(100);
      if (tick % 10 === 0) each();
      await jest.advanceTimersByTimeAsync(100);
    }
  };

  it('publishes each interval, one call at a time, only what changed', async () => {
    const { clock, store, replica, publisher } = fixture();
    publisher.start();
    replica.count();
    await pass(clock, 5);
    expect(store.sent.length).toBeGreaterThanOrEqual(4);
    expect(store.sent.length).toBeLessThanOrEqual(6);
    expect(store.inFlight.most).toBe(1);
    expect(of(store.sent, 'states')).toHaveLength(defaultTiers.length);
    expect(store.sent.map(({ beat }) => beat.number)).toEqual(store.sent.map((_, index) => index + 1));
  });

  it('sends coarser tiers once per finest slot when all of them together are large', async () => {
    const { clock, store, replica, publisher } = fixture();
    for (let index = 0; index < 60; index++) {
      const series = replica.accumulator.series(llmFamily, ['provider', `model ${index}`, 'chat']);
      for (let ms = 0.001; ms < 3.6e6; ms *= 1.01) series.open(0).record(0, ms);
    }
    publisher.start();
    await pass(clock, 2, () => replica.count());
    store.sent.length = 0;
    await pass(clock, 60, () => replica.count());
    const sent = of(store.sent, 'states').filter(({ slot }) => slot.tier === defaultTiers[3]);
    expect(sent.length).toBeGreaterThanOrEqual(5);
    expect(sent.length).toBeLessThanOrEqual(8);
    expect(of(store.sent, 'states').filter(({ slot }) => slot.tier === defaultTiers[0]).length).toBeGreaterThan(50);
  });

  it('goes on after failures, with smaller calls', async () => {
    const { clock, store, replica, publisher } = fixture();
    store.fault = () => 'fails';
    publisher.start();
    for (let index = 0; index < 40; index++)
      replica.accumulator
        .series(sampleFamily, [`${index}`, 'x'.repeat(190)])
        .open(0)
        .count(0);
    await pass(clock, 400, () => replica.count());
    expect(publisher.status.failing).toBe(true);
    const largest = Math.max(...store.sent.slice(-5).map(({ writes }) => writes.reduce((sum, { encoded }) => sum + (encoded?.length ?? 0), 0))); // prettier-ignore
    expect(largest).toBeLessThanOrEqual(16 << 10);
    store.fault = () => 'none';
    await pass(clock, 20);
    expect(await storedCalls(store, defaultTiers[0]!, start, clock.wallMs())).toBe(440);
  });

  it('stops when told to', async () => {
    const { clock, store, publisher } = fixture();
    publisher.start();
    await pass(clock, 2);
    jest.useRealTimers();
    await publisher.stop(1000);
    const { length } = store.sent;
    clock.advance(5000);
    expect(store.sent).toHaveLength(length);
  });
});

describe('flush', () => {
  it('returns when all that was counted before is in the store', async () => {
    const { replica, publisher, stored, store } = fixture();
    replica.count(2);
    const first = publisher.flush();
    replica.count(3);
    await Promise.all([first, publisher.flush(), publisher.flush()]);
    expect(await stored()).toBe(5);
    expect(store.inFlight.most).toBe(1);
  });

  it('rejects when the store does not answer, and counts nothing twice afterwards', async () => {
    const { replica, publisher, stored, store } = fixture();
    replica.count(2);
    store.fault = () => 'loses the reply';
    await expect(publisher.flush()).rejects.toMatchObject(unreachable);
    store.fault = () => 'none';
    await publisher.flush();
    expect(await stored()).toBe(2);
  });
});

describe('the end', () => {
  it('makes everything final, confirms it, says left and reports that nothing is missing', async () => {
    const { store, replica, run, publisher, storedOfAllTiers } = fixture();
    await run(25, () => replica.count());
    replica.count(7);
    expect(await publisher.stop(1000)).toEqual({ unacknowledged: 0 });
    expect(await storedOfAllTiers()).toEqual(defaultTiers.map(() => replica.counted));
    const { live, beats } = await store.read({ slots: [], beats: true });
    expect([live, beats.map(({ beat }) => beat.left)]).toEqual([[], [true]]);
    const last = new Map<string, boolean>();
    for (const { slot, field, encoded } of of(store.sent, 'states'))
      last.set(`${slot.tier.slotSeconds}:${slot.start}:${field}`, readHeader(encoded!)!.final);
    expect(new Set(last.values())).toEqual(new Set([true]));
    expect(of(store.sent, 'audits').length).toBeGreaterThan(0);
  });

  it('keeps what is recorded while it lasts', async () => {
    const { store, replica, publisher, storedOfAllTiers } = fixture();
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

  it('tries again until the deadline when a call fails', async () => {
    const { store, replica, publisher, stored } = fixture();
    replica.count(5);
    let failures = 2;
    store.fault = () => (failures-- > 0 ? 'fails' : 'none');
    expect(await publisher.stop(3000)).toEqual({ unacknowledged: 0 });
    expect(await stored()).toBe(5);
  });

  it('ends at the deadline when the store is away, and reports what it does not have', async () => {
    const { store, replica, publisher } = fixture();
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
    const { store, replica, run, publisher, stored } = fixture();
    await run(60, () => replica.count());
    await store.clear();
    await publisher.stop(1000);
    expect(await stored()).toBe(60);
  });
});

describe('an embedded store', () => {
  it('gets open slots only before a read, with a beat each time, and closed ones need no audit', async () => {
    const clock = new ManualClock(start);
    const store = new MemoryStore({ clock });
    const replica = new MeasuredReplica(clock, store);
    for (let slot = 0; slot < 5; slot++) {
      replica.count();
      clock.advance(10_000);
      await replica.publisher.flush();
    }
    expect(replica.publisher.outbox.size).toBe(0);
    clock.advance(60_000);
    await replica.publisher.flush();
    const { live, beats } = await store.read({ slots: [], beats: true });
    expect(live).toEqual([replica.replica.id]);
    expect(beats[0]!.beat.number).toBe(6);
    expect(await replica.read()).toBe(5);
  });
});
