import { storedSlots } from '../../../../test/fixtures/measured-replica.js';
import { publishingReplica, start } from '../../../../test/fixtures/publishing-replica.js';
import type { Publication } from '../store/store.js';
import { defaultTiers } from '../time-slot.js';

describe('another process under the same id', () => {
  it('is noticed by its higher versions: this replica goes on under an id of its own', async () => {
    const { store, replica, run, clock } = publishingReplica();
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
    const { store, replica, run } = publishingReplica();
    await run(2, () => replica.count());
    const { beat } = store.sent.at(-1)!;
    await store.inner.publish({ beat: { ...beat, number: beat.number + 50 }, writes: [], bornCandidate: 'x' });
    await run(1);
    expect(replica.replica.id).not.toBe(beat.id);
  });
});

describe('a copy of this process, with all it remembers', () => {
  const copied = async () => {
    const { store, replica, run, clock } = publishingReplica();
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
