import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { Fault } from '../../../../test/fixtures/faulty-store.js';
import { MeasuredReplica, storedCalls } from '../../../../test/fixtures/measured-replica.js';
import { publishingReplica, start, unreachable, writesOf } from '../../../../test/fixtures/publishing-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { ManualClock } from '../clock.js';
import { MemoryStore } from '../store/memory-store.js';
import { defaultTiers } from '../time-slot.js';

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
        const { clock, store, replica, publisher, run, storedOfAllTiers } = publishingReplica();
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
    const { store, replica, run, publisher, storedOfAllTiers } = publishingReplica();
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
    const { store, replica, run, storedOfAllTiers, publisher } = publishingReplica();
    await run(900, () => replica.count());
    await store.clear();
    await run(8);
    expect(await storedOfAllTiers()).toEqual([900, 900, 900, 900]);
    expect(publisher.outbox.counts.givenUp).toBe(0);
  });

  it('comes back after a wipe noticed only by another `born`, when others had restored this beat', async () => {
    const { store, replica, run, stored } = publishingReplica();
    await run(60, () => replica.count());
    const { beat } = store.sent.at(-1)!;
    await store.clear();
    await store.inner.publish({ beat: { ...beat, number: beat.number }, writes: [], bornCandidate: 'another' });
    await run(3);
    expect(await stored()).toBe(60);
  });

  it('comes back when the store returns to an older state of itself, noticed by the number of the beat', async () => {
    const { clock, store, replica, run, storedOfAllTiers } = publishingReplica();
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
    const { store, replica, run, stored } = publishingReplica();
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
    const { clock, store, replica, publisher } = publishingReplica();
    publisher.start();
    replica.count();
    await pass(clock, 5);
    expect(store.sent.length).toBeGreaterThanOrEqual(4);
    expect(store.sent.length).toBeLessThanOrEqual(6);
    expect(store.inFlight.most).toBe(1);
    expect(writesOf(store.sent, 'states')).toHaveLength(defaultTiers.length);
    expect(store.sent.map(({ beat }) => beat.number)).toEqual(store.sent.map((_, index) => index + 1));
  });

  it('sends coarser tiers once per finest slot when all of them together are large', async () => {
    const { clock, store, replica, publisher } = publishingReplica();
    for (let index = 0; index < 60; index++) {
      const series = replica.accumulator.series(llmFamily, ['provider', `model ${index}`, 'chat']);
      for (let ms = 0.001; ms < 3.6e6; ms *= 1.01) series.open(0).record(0, ms);
    }
    publisher.start();
    await pass(clock, 2, () => replica.count());
    store.sent.length = 0;
    await pass(clock, 60, () => replica.count());
    const sent = writesOf(store.sent, 'states').filter(({ slot }) => slot.tier === defaultTiers[3]);
    expect(sent.length).toBeGreaterThanOrEqual(5);
    expect(sent.length).toBeLessThanOrEqual(8);
    expect(writesOf(store.sent, 'states').filter(({ slot }) => slot.tier === defaultTiers[0]).length).toBeGreaterThan(
      50,
    );
  });

  it('goes on after failures, with smaller calls', async () => {
    const { clock, store, replica, publisher } = publishingReplica();
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
    const { clock, store, publisher } = publishingReplica();
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
    const { replica, publisher, stored, store } = publishingReplica();
    replica.count(2);
    const first = publisher.flush();
    replica.count(3);
    await Promise.all([first, publisher.flush(), publisher.flush()]);
    expect(await stored()).toBe(5);
    expect(store.inFlight.most).toBe(1);
  });

  it('rejects when the store does not answer, and counts nothing twice afterwards', async () => {
    const { replica, publisher, stored, store } = publishingReplica();
    replica.count(2);
    store.fault = () => 'loses the reply';
    await expect(publisher.flush()).rejects.toMatchObject(unreachable);
    store.fault = () => 'none';
    await publisher.flush();
    expect(await stored()).toBe(2);
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
