import fc from 'fast-check';
import { FaultyStore } from '../../../../test/fixtures/faulty-store.js';
import { callsOf, MeasuredReplica, storedCalls } from '../../../../test/fixtures/measured-replica.js';
import { contents, sampleFamily } from '../../../../test/fixtures/random-state.js';
import { encodeState } from '../accumulate/encoded-state.js';
import { FamilyState } from '../accumulate/family-state.js';
import { ManualClock } from '../clock.js';
import { MemoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { defaultTiers } from '../time-slot.js';
import { WindowReader, type WindowContents } from './window-reader.js';

const start = 1_699_920_000_000;
const families = [sampleFamily];

const fixture = (replicaCount = 2) => {
  const clock = new ManualClock(start);
  const store = new FaultyStore(new MemoryStore({ clock }));
  const replicas = Array.from({ length: replicaCount }, () => new MeasuredReplica(clock, store));
  return {
    clock,
    store,
    replicas,
    reader: replicas[0]!.reader,
    publish: () => Promise.all(replicas.map((replica) => replica.publisher.flush())),
  };
};

/** A reader that has read nothing yet. */
const freshReader = (clock: ManualClock, store: Store, cacheBytes = 64 << 20): WindowReader =>
  new WindowReader({
    store,
    ownMemory: store,
    tiers: defaultTiers,
    clock,
    storeNowMs: () => clock.wallMs(),
    lastContactMs: () => null,
    beforeRead: async () => {},
    cacheBytes,
  });

const calls = (found: WindowContents): number => callsOf(found.of(sampleFamily));

describe('a window', () => {
  const steps = fc.array(
    fc.record({ advanceMs: fc.oneof(fc.nat(20_000), fc.nat(4_000_000)), replica: fc.nat(2), calls: fc.nat(9) }),
    { minLength: 1, maxLength: 40 },
  );

  it('of any length contains exactly what was recorded since its start, of all replicas, cached or not', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(30_000), async (given, waitMs) => {
        const { clock, store, replicas, reader, publish } = fixture(3);
        const records: { atMs: number; calls: number }[] = [];
        for (const { advanceMs, replica, calls: count } of given) {
          clock.advance(advanceMs);
          replicas[replica]!.count(count);
          records.push({ atMs: clock.wallMs(), calls: count });
          await publish();
          for (const window of ['30s', '30m', '6h', '4d', '90d']) {
            const request = { query: { window }, fallback: '1h', families };
            const found = await reader.read(request);
            const since = records.filter(({ atMs }) => atMs >= found.window.from * 1000);
            expect(calls(found)).toBe(since.reduce((sum, record) => sum + record.calls, 0));
            const uncached = await freshReader(clock, store).read(request);
            expect(contents(found.of(sampleFamily))).toEqual(contents(uncached.of(sampleFamily)));
            expect([found.gaps, found.window]).toEqual([[], uncached.window]);
          }
        }
        clock.advance(waitMs);
        await publish();
        const recorded = records.reduce((sum, record) => sum + record.calls, 0);
        expect(calls(await reader.read({ query: { window: '90d' }, fallback: '1h', families }))).toBe(recorded);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('of settled slots is the same, composed, by the finest tier and by a coarse one', async () => {
    const { clock, store, replicas, reader, publish } = fixture();
    for (let second = 0; second < 1500; second += 7) {
      clock.advance(7000);
      replicas[second % 2]!.count(1 + (second % 5));
      if (second % 3 === 0) await publish();
    }
    await publish();
    const recorded = replicas[0]!.counted + replicas[1]!.counted;
    for (const tier of [0, 1])
      expect(await storedCalls(store, defaultTiers[tier]!, start, clock.wallMs())).toBe(recorded);
    for (const window of ['30m', '6h', '24h', '90d'])
      expect(calls(await reader.read({ query: { window }, fallback: '1h', families }))).toBe(recorded);
  });

  it('is cut into points of whole slots that add up to it', async () => {
    const { clock, replicas, reader, publish } = fixture();
    for (let minute = 0; minute < 600; minute++) {
      clock.advance(60_000);
      replicas[minute % 2]!.count(minute % 11);
      await publish();
    }
    for (const [window, points] of [
      ['30m', 7],
      ['6h', 30],
      ['24h', 5],
      ['90d', 200],
    ] as const) {
      // prettier-ignore
      const found = await reader.read({ query: { window }, fallback: '1h', families, points });
      expect(found.points.length).toBeLessThanOrEqual(points);
      expect(found.points.reduce((sum, point) => sum + callsOf(point.of(sampleFamily)), 0)).toBe(calls(found));
      expect([found.points[0]!.from, found.points.at(-1)!.to]).toEqual([found.window.from, found.window.to]);
    }
  });

  it('says how many replicas contributed and for how long anybody published', async () => {
    const { clock, replicas, reader, publish } = fixture(3);
    replicas[0]!.count();
    replicas[1]!.count();
    replicas[1]!.accumulator.renew();
    replicas[1]!.count();
    await publish();
    clock.advance(15_000);
    replicas[2]!.count();
    await publish();
    const found = await reader.read({ query: { window: '1m' }, fallback: '1h', families });
    expect([found.replicas, found.publishedSeconds, calls(found)]).toEqual([2, 15, 4]);
    expect([...found.live].sort()).toEqual(replicas.map(({ replica }) => replica.id).sort());
    expect(found.born!.since).toBe(start / 1000);
  });

  it('cannot be read with a query that is not understood', async () => {
    const { reader } = fixture();
    const read = reader.read({ query: { window: 'soon' }, fallback: '1h', families });
    await expect(read).rejects.toMatchObject({ code: 'NM_QUERY_INVALID' });
  });
});

describe('reading', () => {
  it('once serves all who ask at the same time, and what they recorded before', async () => {
    const { store, replicas, reader, publish } = fixture(1);
    await publish();
    let reads = 0;
    const read = store.read.bind(store);
    store.read = (request) => {
      reads++;
      return read(request);
    };
    const request = { query: { window: '1h' }, fallback: '1h', families };
    const first = reader.read(request);
    replicas[0]!.count(5);
    await publish();
    const found = await Promise.all([first, ...Array.from({ length: 50 }, () => reader.read(request))]);
    expect(reads).toBe(2);
    expect(found.slice(1).map(calls)).toEqual(Array.from({ length: 50 }, () => 5));
    await reader.read(request);
    expect(reads).toBe(3);
  });

  it('asks only for what changed since', async () => {
    const { clock, store, replicas, reader, publish } = fixture(1);
    for (let slot = 0; slot < 20; slot++) {
      replicas[0]!.count();
      clock.advance(10_000);
      await publish();
    }
    const answers: unknown[][] = [];
    const read = store.read.bind(store);
    store.read = async (request) => {
      const reply = await read(request);
      answers.push(reply.slots.filter((slot) => slot !== null && slot !== 'unchanged'));
      return reply;
    };
    const request = { query: { window: '5m' }, fallback: '1h', families };
    for (let round = 0; round < 2; round++) expect(calls(await reader.read(request))).toBe(20);
    replicas[0]!.count();
    await publish();
    expect(calls(await reader.read(request))).toBe(21);
    expect(answers.map((changed) => changed.length)).toEqual([20, 0, 1]);
  });

  it('keeps its cache within its bytes, and answers the same with a cache too small for anything', async () => {
    const { clock, store, replicas, publish } = fixture(1);
    for (let slot = 0; slot < 60; slot++) {
      replicas[0]!.count();
      clock.advance(10_000);
      await publish();
    }
    for (const cacheBytes of [0, 5000, 20_000]) {
      const small = freshReader(clock, store, cacheBytes);
      for (let round = 0; round < 3; round++) {
        expect(calls(await small.read({ query: { window: '30m' }, fallback: '1h', families }))).toBe(60);
        expect(small.cacheBytes).toBeLessThanOrEqual(cacheBytes);
      }
    }
  });

  it('notices a wiped store', async () => {
    const { store, replicas, reader, publish } = fixture(1);
    replicas[0]!.count(3);
    await publish();
    const request = { query: { window: '5m' }, fallback: '1h', families };
    expect(calls(await reader.read(request))).toBe(3);
    await store.clear();
    expect(calls(await reader.read(request))).toBe(0);
  });

  it('counts nothing of a state that does not decode wholly or is of another release, and says so', async () => {
    const { store, replicas, reader, publish } = fixture(1);
    replicas[0]!.count(3);
    await publish();
    const state = new FamilyState(sampleFamily);
    state.at('a\0b').count(0, 1000);
    state.at('a\0b').record(0, 5);
    const encoded = encodeState(state, { version: 1, final: true, asOfMs: start }, { deflate: false });
    const foreign = Buffer.from(encoded.toString('latin1').replace(sampleFamily.signature, 'ffffffff'), 'latin1');
    const slot = { family: sampleFamily.name, tier: defaultTiers[0]!, start: start / 1000 };
    const broken = [foreign, encoded.subarray(0, -3), Buffer.from('hello'), Buffer.alloc(0)];
    const { beat } = store.sent[0]!;
    const writes = broken.map((each, index) => ({ slot, field: `r:broken${index}.0`, version: 1, encoded: each }));
    await store.inner.publish({ beat: { ...beat, id: 'other' }, writes, bornCandidate: 'x' });
    for (let round = 0; round < 2; round++) {
      const found = await reader.read({ query: { window: '1m' }, fallback: '1h', families });
      expect([calls(found), found.replicas]).toEqual([3, 1]);
      expect(found.gaps).toEqual([{ from: slot.start, to: slot.start + 10, reason: 'states of another release' }]);
    }
  });

  it('gives way to the event loop while it merges much, within one slot too', async () => {
    const clock = new ManualClock(start);
    const store = new MemoryStore({ clock });
    const state = new FamilyState(sampleFamily);
    state.at('a\0b').count(0, 1);
    const encoded = encodeState(state, { version: 1, final: true, asOfMs: start }, { deflate: false });
    const slot = { family: sampleFamily.name, tier: defaultTiers[0]!, start: start / 1000 };
    const writes = Array.from({ length: 300 }, (_, index) => ({ slot, field: `r:x${index}.0`, version: 1, encoded }));
    const { beat } = await sentBy(clock);
    await store.publish({ beat, writes, bornCandidate: 'x' });
    // Each look at the clock takes a millisecond, so that the outcome does not depend on the machine.
    const slow = new ManualClock(start);
    slow.monotonicMs = () => (slow.advance(1), slow.wallMs() - start);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const reader = freshReader(slow, store);
    const found = await reader
      .read({ query: { window: '1m' }, fallback: '1h', families })
      .finally(() => (isOver = true));
    expect([calls(found), found.replicas]).toEqual([300, 300]);
    expect(turns).toBeGreaterThan(40);
  });
});

async function sentBy(clock: ManualClock) {
  const store = new FaultyStore(new MemoryStore({ clock }));
  await new MeasuredReplica(clock, store).publisher.flush();
  return store.sent[0]!;
}

describe('while the store is unreachable', () => {
  it('this replica answers from its own memory, says since when, and keeps what it had read before', async () => {
    const { clock, store, replicas, reader, publish } = fixture();
    const [own, other] = replicas as [MeasuredReplica, MeasuredReplica];
    own.count(3);
    other.count(4);
    await publish();
    const request = { query: { window: '10m' }, fallback: '1h', families };
    expect(calls(await reader.read(request))).toBe(7);
    const { cacheBytes } = reader;
    clock.advance(25_000);
    own.count(5);
    const read = store.read.bind(store);
    store.read = () => Promise.reject(new Error('away'));
    store.fault = () => 'fails';
    await expect(own.publisher.flush()).rejects.toMatchObject({ code: 'NM_STORE_UNREACHABLE' });
    const found = await reader.read(request);
    expect([calls(found), found.live]).toEqual([8, [own.replica.id]]);
    expect(found.gaps).toEqual([
      { from: start / 1000, to: start / 1000 + 25, reason: 'store unreachable: only what this replica counted' },
    ]);
    expect(reader.cacheBytes).toBe(cacheBytes);
    store.read = read;
    store.fault = () => 'none';
    await publish();
    const after = await reader.read(request);
    expect([calls(after), after.gaps]).toEqual([12, []]);
  });

  it('this replica reads its open slot and both lives of a renewed one', async () => {
    const { store, replicas, reader } = fixture(1);
    store.read = () => Promise.reject(new Error('away'));
    replicas[0]!.count(2);
    replicas[0]!.accumulator.renew();
    replicas[0]!.count(3);
    expect(calls(await reader.read({ query: { window: '1m' }, fallback: '1h', families }))).toBe(5);
  });
});
