import { freshReader, keeperOf, KeptFleet } from '../../../../test/fixtures/kept-fleet.js';
import { MeasuredReplica, callsOf } from '../../../../test/fixtures/measured-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { MemoryStore } from '../store/memory-store.js';
import { defaultTiers } from '../time-slot.js';
import { Losses } from './losses.js';

const began = 1_699_920_000;

const gapsOf = async (fleet: KeptFleet) => (await fleet.store.read({ slots: [], beats: false })).gaps;
const read = async (fleet: KeptFleet, window = '1h') => {
  const found = await fleet.read(window);
  return { calls: callsOf(found.of(sampleFamily)), gaps: found.gaps, since: found.born?.since };
};

describe('what this replica knows to be lost', () => {
  it('waits for the store, joined, and is told once', async () => {
    const losses = new Losses();
    const { store } = new KeptFleet(0);
    const slot = (after: number) => ({ family: 'f', tier: defaultTiers[0]!, start: began + after });
    for (const after of [20, 0, 10]) losses.add(slot(after), 'dropped');
    losses.addTime({ from: 5, to: 5, reason: 'store_emptied' });
    const { note } = store.upkeep;
    store.upkeep.note = () => Promise.reject(new Error('away'));
    await expect(losses.note(store.upkeep)).rejects.toThrow('away');
    const told: unknown[] = [];
    store.upkeep.note = async function (given) {
      told.push(given);
      return note.call(this, given);
    };
    await losses.note(store.upkeep);
    await losses.note(store.upkeep);
    const gaps = [{ from: began, to: began + 30, slotSeconds: 10, reason: 'dropped' }];
    expect(told).toEqual([{ gaps, since: null }]);
    expect((await store.read({ slots: [], beats: false })).gaps).toEqual(gaps);
  });

  it('is a gap for all readers: states dropped by the cap of the outbox while the store was away', async () => {
    const fleet = new KeptFleet(1);
    const small = new MeasuredReplica(fleet.clock, fleet.store, { outboxBytes: 2000 });
    await fleet.publish();
    fleet.store.fault = ({ beat }) => (beat.id === small.replica.id ? 'fails' : 'none');
    for (let second = 0; second < 400; second += 5) {
      small.count();
      fleet.clock.advance(5000);
      await small.publisher.flush().catch(() => {});
      await fleet.publish();
    }
    const { dropped } = small.publisher.outbox.counts;
    expect(dropped).toBeGreaterThan(5);
    fleet.store.fault = () => 'none';
    await small.publisher.flush();
    expect(await gapsOf(fleet)).toEqual([
      { from: began, to: began + dropped * 10, slotSeconds: 10, reason: 'dropped' },
    ]);
    const found = await read(fleet, '10m');
    expect(found.calls).toBe(80 - dropped * 2);
    expect(found.gaps).toEqual([
      { from: began, to: began + dropped * 10, reason: 'states that the store did not get in time' },
    ]);
    // From coarser slots nothing is missing.
    await small.publisher.stop(1000);
    await fleet.pass(2_400_000, 60_000);
    expect(await read(fleet, '1h')).toMatchObject({ calls: 80, gaps: [] });
  });

  it('is a gap for all readers: states that came too late', async () => {
    const fleet = new KeptFleet(2);
    const [cut] = fleet.replicas;
    cut!.count(5);
    fleet.store.fault = ({ beat }) => (beat.id === cut!.replica.id ? 'fails' : 'none');
    for (let minute = 0; minute < 35; minute++) {
      fleet.clock.advance(60_000);
      for (const { publisher } of fleet.replicas) await publisher.flush().catch(() => {});
    }
    fleet.store.fault = () => 'none';
    await fleet.publish();
    expect(await gapsOf(fleet)).toEqual([{ from: began, to: began + 10, slotSeconds: 10, reason: 'dropped' }]);
    expect(await read(fleet, '6h')).toMatchObject({ calls: 5, gaps: [] });
  });

  it('is no gap when a state is late that the store has from a call whose answer was lost', async () => {
    const fleet = new KeptFleet(1);
    const [replica] = fleet.replicas;
    replica!.count(5);
    fleet.clock.advance(10_000);
    fleet.store.fault = () => 'loses the reply';
    await replica!.publisher.flush().catch(() => {});
    fleet.store.fault = () => 'none';
    // The store's clock runs ahead of what this replica knows.
    fleet.clock.step(1_800_000);
    await replica!.publisher.flush();
    expect(replica!.publisher.outbox.counts.late).toEqual(new Map());
    expect(await gapsOf(fleet)).toEqual([]);
  });
});

describe('a store that lost what it had', () => {
  const wiped = 'the store lost what it had';
  const counted = async (minutes: number, size = 2) => {
    const fleet = new KeptFleet(size);
    fleet.replicas.forEach((replica) => replica.count(3));
    await fleet.publish();
    await fleet.pass(minutes * 60_000, 30_000);
    // At their interval, so that none takes another for silent.
    await fleet.pass(2000, 1000);
    return fleet;
  };
  const again = async (fleet: KeptFleet) => {
    await fleet.pass(3000, 1000);
    return read(fleet);
  };

  it('is complete again when all who counted live and remember all of it', async () => {
    const fleet = await counted(10);
    await fleet.store.clear();
    expect(await again(fleet)).toEqual({ calls: 6, gaps: [], since: began });
    await fleet.pass(60_000, 1000);
    expect((await read(fleet)).gaps).toEqual([]);
  });

  it('lacks what is older than the living remember, and says so since its first contents', async () => {
    const fleet = await counted(50);
    await fleet.store.clear();
    const wipedAt = fleet.clock.wallMs() / 1000;
    const { gaps, since } = await again(fleet);
    expect(since).toBe(began);
    expect(gaps).toEqual([{ from: began, to: wipedAt - 1800, reason: wiped }]);
  });

  it('lacks what replicas counted that had ended, folded or not', async () => {
    const fleet = await counted(10, 3);
    const [ended] = fleet.replicas.splice(2, 1);
    await ended!.publisher.stop(1000);
    const endedAt = fleet.clock.wallMs() / 1000;
    await fleet.pass(60_000, 1000);
    await keeperOf(fleet.replicas[0]!).keep();
    await fleet.store.clear();
    expect(await again(fleet)).toEqual({ calls: 6, gaps: [{ from: began, to: endedAt, reason: wiped }], since: began });
  });

  it('lacks what replicas counted that were killed at the same time', async () => {
    const fleet = await counted(10, 3);
    fleet.replicas.splice(2, 1);
    await fleet.store.clear();
    const wipedAt = fleet.clock.wallMs() / 1000;
    // As long as nobody knows whether it will come back and send again what it had.
    const silent = { from: began, reason: 'a replica fell silent' };
    expect(await again(fleet)).toMatchObject({ calls: 6, gaps: [{ ...silent, to: wipedAt + 3 }] });
    await fleet.pass(26 * 3_600_000, 60_000);
    await keeperOf(fleet.replicas[0]!).keep();
    expect((await fleet.read('4d')).gaps).toEqual([expect.objectContaining(silent)]);
  });

  it('lacks nothing of a replica that was slow to come back', async () => {
    const fleet = await counted(10, 3);
    const [slow] = fleet.replicas.splice(2, 1);
    await fleet.store.clear();
    await fleet.pass(4 * 60_000, 1000);
    expect(await read(fleet)).toMatchObject({ calls: 6, gaps: [{ from: began, reason: 'a replica fell silent' }] });
    fleet.replicas.push(slow!);
    expect(await again(fleet)).toEqual({ calls: 9, gaps: [], since: began });
  });

  it('says so once, however many replicas notice', async () => {
    const fleet = await counted(50, 5);
    await fleet.store.clear();
    await again(fleet);
    expect(await gapsOf(fleet)).toHaveLength(1);
    // A reader that comes later knows as much.
    const late = fleet.joining();
    await late.publisher.flush();
    const found = await freshReader(late).read({ query: { window: '1h' }, fallback: '1h', families: [sampleFamily] });
    expect([found.gaps.length, found.born!.since]).toEqual([1, began]);
  });

  it('is told again what it was told before', async () => {
    const fleet = await counted(10, 1);
    const [replica] = fleet.replicas;
    fleet.store.fault = () => 'fails';
    replica!.count(5);
    await fleet.store.upkeep.note({ gaps: [], since: null });
    fleet.clock.advance(35 * 60_000);
    await replica!.publisher.flush().catch(() => {});
    fleet.store.fault = () => 'none';
    await fleet.pass(1000);
    const before = (await gapsOf(fleet)).filter(({ reason }) => reason === 'dropped');
    expect(before).toHaveLength(1);
    await fleet.store.clear();
    await fleet.pass(1000);
    expect(await gapsOf(fleet)).toEqual(expect.arrayContaining(before));
  });

  it('lacks what ended replicas counted since a copy of it, also when the first answer of that copy is lost', async () => {
    const fleet = await counted(10, 2);
    const backup = new MemoryStore({ clock: fleet.clock });
    for (const publication of fleet.store.sent) await backup.publish(publication);
    const savedAt = fleet.clock.wallMs() / 1000;
    await fleet.pass(30_000, 1000);
    const brief = fleet.joining();
    brief.count(7);
    await brief.publisher.flush();
    await fleet.pass(2000, 1000);
    await brief.publisher.stop(1000);
    const endedAt = fleet.clock.wallMs() / 1000;
    await fleet.pass(1000);
    fleet.store.inner = backup;
    fleet.store.fault = () => 'loses the reply';
    await fleet.publish().catch(() => {});
    for (const { publisher } of fleet.replicas) await publisher.flush().catch(() => {});
    fleet.store.fault = () => 'none';
    await fleet.pass(1000);
    const [gap] = await gapsOf(fleet);
    expect(gap).toMatchObject({ from: savedAt, reason: 'store_went_back', slotSeconds: null });
    expect(gap!.to).toBeGreaterThanOrEqual(endedAt);
    expect((await read(fleet)).calls).toBe(6);
  });

  it('knows of a replica that was cut off when it was emptied: what it counts from then on is missing', async () => {
    const fleet = await counted(10, 3);
    const [cut] = fleet.replicas.splice(2, 1);
    await fleet.pass(20_000, 1000);
    await fleet.store.clear();
    await fleet.pass(3000, 1000);
    const { silent } = await fleet.store.read({ slots: [], beats: false });
    expect(silent.map(({ id }) => id)).toEqual([cut!.replica.id]);
    const reasons = (await read(fleet)).gaps.map(({ reason }) => reason);
    expect(reasons).toContain('a replica fell silent');
    await cut!.publisher.flush();
    await fleet.pass(1000);
    expect((await fleet.store.read({ slots: [], beats: false })).silent).toEqual([]);
  });

  it('lacks what is older than the living remember when it went back to an older state of itself', async () => {
    const fleet = await counted(2);
    const backup = new MemoryStore({ clock: fleet.clock });
    const current = fleet.store.inner;
    // What the backup has is what was published up to now.
    for (const publication of fleet.store.sent) await backup.publish(publication);
    await fleet.pass(1000);
    for (const publication of fleet.store.sent.slice(-2)) await backup.publish(publication);
    const savedAt = fleet.clock.wallMs() / 1000;
    await fleet.pass(40 * 60_000, 30_000);
    await fleet.pass(2000, 1000);
    expect(fleet.store.inner).toBe(current);
    fleet.store.inner = backup;
    await fleet.publish();
    const now = fleet.clock.wallMs() / 1000;
    expect(await gapsOf(fleet)).toEqual([
      { from: savedAt, to: now - 1800, slotSeconds: null, reason: 'store_went_back' },
    ]);
    await fleet.pass(1000);
    expect((await read(fleet)).calls).toBe(6);
  });
});
