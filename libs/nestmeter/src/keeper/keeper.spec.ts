import { jest } from '@jest/globals';
import { KeptFleet, keeperOf, shown, slotContents } from '../../../../test/fixtures/kept-fleet.js';
import { callsOf } from '../../../../test/fixtures/measured-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { decodeInto, encodeState } from '../accumulate/encoded-state.js';
import { type AnyFamily, defineFamily } from '../accumulate/family.js';
import { describeFamily } from '../accumulate/family-definition.js';
import { FamilyState } from '../accumulate/family-state.js';
import type { Clock } from '../clock.js';
import { decodeFolded, decodeSeal } from '../store/folded-state.js';
import type { SlotRef } from '../store/store.js';

const hour = 3_600_000;

const callsIn = async (fleet: KeptFleet, window: string) => {
  const found = await fleet.read(window);
  return callsOf(found.of(sampleFamily));
};

/** Puts a state into a slot as another replica would. */
const intrude = async (fleet: KeptFleet, slot: SlotRef, field: string, encoded: Buffer) => {
  const { beat } = fleet.store.sent[0]!;
  const write = { slot, field, version: 1, encoded };
  await fleet.store.inner.publish({ beat: { ...beat, id: 'left', left: true }, writes: [write], bornCandidate: 'x' });
};

const stateOf = (calls: number, final: boolean, asOfMs = 1_699_920_003_000) => {
  const state = new FamilyState(sampleFamily);
  state.at('a\0b').count(sampleFamily.counter.calls, calls);
  return encodeState(state, { version: 1, final, asOfMs }, { deflate: false });
};

const foreign = (encoded: Buffer) =>
  Buffer.from(encoded.toString('latin1').replace(sampleFamily.signature, 'ffffffff'), 'latin1');

describe('the keeper', () => {
  it('folds the finals of all replicas into one state, and nobody reads a difference', async () => {
    const fleet = await KeptFleet.counted();
    const before = shown(await fleet.read('1m'));
    const keeper = keeperOf(fleet.replicas[0]!);
    await keeper.keep();
    expect(await fleet.fields(fleet.slot(0))).toEqual(['*']);
    expect(shown(await fleet.read('1m'))).toEqual(before);
    expect(await callsIn(fleet, '1m')).toBe(6);
    expect(keeper.status).toMatchObject({ isKeeper: true, folded: 3, failures: 0, lagMs: 0 });
  });

  it('folds what ended replicas counted in slots that are open still', async () => {
    const fleet = await KeptFleet.counted();
    for (let index = 0; index < 5; index++) {
      const brief = fleet.joining();
      brief.count(10);
      await brief.publisher.stop(1000);
    }
    const keeper = keeperOf(fleet.replicas[0]!);
    await keeper.keep();
    const six = fleet.slot(3);
    expect(await fleet.fields(six)).toEqual(['*', ...fleet.replicas.map(({ replica }) => replica.field(0)).sort()]);
    const { contributors } = decodeFolded((await slotContents(fleet.store, six))!.fields.get('*')!);
    expect(contributors).toBe(5);
    expect(await callsIn(fleet, '90d')).toBe(56);
  });

  it('waits for a while, so that the finals of a fleet are folded together', async () => {
    const fleet = await KeptFleet.counted();
    const keeper = keeperOf(fleet.replicas[0]!, { timing: { foldAfterMs: 10_000 } });
    await keeper.keep();
    expect(await fleet.fields(fleet.slot(0))).toHaveLength(3);
    await fleet.pass(10_000);
    await keeper.keep();
    expect(await fleet.fields(fleet.slot(0))).toEqual(['*']);
  });

  it('leaves beside what it cannot merge, which reads as incomplete before and after', async () => {
    const fleet = await KeptFleet.counted();
    const slot = fleet.slot(0);
    await intrude(fleet, slot, 'r:newer.0', foreign(stateOf(100, true)));
    await intrude(fleet, slot, 'r:damaged.0', stateOf(100, true).subarray(0, -3));
    const before = await fleet.read('1m');
    const keeper = keeperOf(fleet.replicas[0]!);
    await keeper.keep();
    expect(await fleet.fields(slot)).toEqual(['*', 'r:damaged.0', 'r:newer.0']);
    const after = await fleet.read('1m');
    expect(shown(after)).toEqual(shown(before));
    expect(after.gaps).toEqual([{ from: slot.start, to: slot.start + 10, reason: 'states of another release' }]);
    expect(await fleet.store.upkeep.waiting(10)).toEqual([]);
  });

  it('leaves alone what another release has folded, and slots of tiers and families that nobody told of', async () => {
    const fleet = await KeptFleet.counted();
    const slot = fleet.slot(0);
    await fleet.store.upkeep.forget(await fleet.store.upkeep.definitions());
    const nothing = keeperOf(fleet.replicas[1]!, { families: [] });
    await nothing.keep();
    expect(await fleet.fields(slot)).toHaveLength(3);
    await nothing.stop();
    const { replicas, store } = fleet;
    const parts = [{ field: replicas[0]!.replica.field(0), version: 2 }];
    const encoded = foreign(stateOf(1, true));
    await store.upkeep.fold({ slot, nonce: null, parts, folded: { nonce: 'n'.repeat(16), encoded } });
    await fleet.pass(10_000);
    const keeper = keeperOf(replicas[0]!);
    await keeper.keep();
    expect(await fleet.fields(slot)).toHaveLength(3);
    expect((await fleet.read('1m')).gaps).toHaveLength(1);
    expect(keeper.status.failures).toBe(0);
  });

  it('folds and seals families that it never used, by what replicas told of them', async () => {
    const fleet = await KeptFleet.counted();
    const [, ...gone] = fleet.replicas.splice(0);
    for (const { publisher } of gone) await publisher.stop(1000);
    const keeper = keeperOf(fleet.joining(), { families: [] });
    await keeper.keep();
    expect(await fleet.fields(fleet.slot(0))).toEqual(['*']);
    fleet.clock.advance(26 * hour);
    await keeper.keep();
    expect(await fleet.fields(fleet.slot(2))).toEqual(['*', 'z']);
    expect([keeper.status.failures, keeper.status.sealed]).toEqual([0, 1]);
    fleet.replicas.push(fleet.joining());
    expect(await callsIn(fleet, '90d')).toBe(6);
  });

  it('folds states of another release by the labels and meters that it told', async () => {
    const fleet = await KeptFleet.counted();
    const { name, help, labels } = sampleFamily;
    const older = defineFamily({ name, help, labels, counters: { calls: { unit: 'calls', help } } }) as AnyFamily;
    const slot = { ...fleet.slot(0), start: fleet.slot(0).start + 10 };
    const state = new FamilyState(older);
    state.at('a\0b').count(0, 5);
    const encoded = encodeState(state, { version: 1, final: true, asOfMs: 1_699_920_013_000 }, { deflate: false });
    const { beat } = fleet.store.sent[0]!;
    const writes = ['r:x.0', 'r:y.0'].map((field) => ({ slot, field, version: 1, encoded }));
    const definitions = [describeFamily(older)];
    await fleet.store.inner.publish({
      beat: { ...beat, id: 'x', left: true },
      writes,
      bornCandidate: 'x',
      definitions,
    });
    await keeperOf(fleet.replicas[0]!).keep();
    const { fields } = (await slotContents(fleet.store, slot))!;
    expect([...fields.keys()]).toEqual(['*']);
    const sum = new FamilyState(older);
    decodeInto(sum, decodeFolded(fields.get('*')!).encoded);
    expect(sum.at('a\0b').counters[0]).toBe(10);
  });

  it('forgets what a family is once nobody can have a slot of it', async () => {
    const fleet = await KeptFleet.counted();
    const { upkeep } = fleet.store;
    const names = async () => (await upkeep.definitions()).map(({ family }) => family);
    const { beat } = fleet.store.sent[0]!;
    const definitions = [{ family: 'custom.job', signature: '00000000', text: '{}' }];
    await fleet.store.inner.publish({
      beat: { ...beat, id: 'job', left: true },
      writes: [],
      bornCandidate: 'x',
      definitions,
    });
    const keeper = keeperOf(fleet.replicas[0]!);
    await fleet.pass(24 * hour, hour);
    await keeper.keep();
    expect(await names()).toEqual(['sample', 'custom.job']);
    await fleet.pass(2 * hour, hour);
    await keeper.keep();
    expect(await names()).toEqual(['sample']);
  });

  it('never folds what is not final, however old, before nobody may write to it', async () => {
    const fleet = await KeptFleet.counted();
    const [dead] = fleet.replicas.splice(2, 1);
    const keeper = keeperOf(fleet.replicas[0]!);
    await fleet.pass(24 * hour, hour);
    await keeper.keep();
    expect(await fleet.fields(fleet.slot(2))).toEqual(['*', dead!.replica.field(0)]);
  });

  it('seals five minutes after the write end: unfinished states are folded and their gap is noted', async () => {
    const fleet = await KeptFleet.counted();
    const [dead] = fleet.replicas.splice(2, 1);
    const keeper = keeperOf(fleet.replicas[0]!);
    const slot = fleet.slot(2);
    await fleet.pass(25.5 * hour - 11_000, hour);
    await fleet.pass(4 * 60_000);
    await keeper.keep();
    expect(await fleet.fields(slot)).toEqual(['*', dead!.replica.field(0)]);
    const before = await fleet.read('4d');
    expect([callsOf(before.of(sampleFamily)), before.replicas]).toEqual([6, 3]);
    await fleet.pass(2 * 60_000);
    await keeper.keep();
    expect(await fleet.fields(slot)).toEqual(['*', 'z']);
    expect(keeper.status.sealed).toBe(1);
    const { fields } = (await slotContents(fleet.store, slot))!;
    const asOf = slot.start + 11;
    expect(decodeSeal(fields.get('z')!)).toEqual({ unfinished: 1, spans: [{ from: asOf, to: asOf + 300 }] });
    expect([...fields.keys()].filter((field) => field.startsWith('m:'))).toEqual([]);
    const after = await fleet.read('4d');
    expect([callsOf(after.of(sampleFamily)), after.replicas, after.gaps]).toEqual([6, 3, before.gaps]);
    expect(after.gaps).toEqual([
      { from: asOf, to: asOf + 300, reason: 'a replica ended or was cut off before it had published all' },
      // Its beat is gone by now.
      { from: asOf, to: asOf + 300, reason: 'a replica fell silent' },
    ]);
  });

  it('removes gap records that no window reaches any more', async () => {
    const fleet = await KeptFleet.counted();
    const from = fleet.clock.wallMs() / 1000 - 10;
    const gap = (at: number) => ({ from: at, to: at + 10, slotSeconds: 10, reason: 'late' }) as const;
    await fleet.store.upkeep.note({ gaps: [gap(from - 90 * 86_400 - 20), gap(from)], since: null });
    await keeperOf(fleet.replicas[0]!).keep();
    expect((await fleet.read('30s')).gaps).toHaveLength(1);
    expect((await fleet.store.read({ slots: [], beats: false })).gaps).toEqual([gap(from)]);
  });
});

describe('a failure of the keeper', () => {
  it('reaches nobody: it is counted, told once for each kind, and tried again', async () => {
    const fleet = await KeptFleet.counted();
    const replica = fleet.replicas[0]!;
    const keeper = keeperOf(replica);
    const { upkeep } = fleet.store;
    const fold = upkeep.fold.bind(upkeep);
    upkeep.fold = () => Promise.reject(new TypeError('broken'));
    for (let round = 0; round < 3; round++) await keeper.keep();
    expect(keeper.status.failures).toBe(3);
    expect(replica.warnings).toHaveLength(1);
    upkeep.fold = fold;
    await keeper.keep();
    expect([await callsIn(fleet, '1m'), await fleet.fields(fleet.slot(0))]).toEqual([6, ['*']]);
  });

  it('is no news when the store is away, which speaks for itself', async () => {
    const fleet = await KeptFleet.counted();
    const keeper = keeperOf(fleet.replicas[0]!);
    await fleet.store.stop();
    await keeper.keep();
    await keeper.stop();
    expect(keeper.status.failures).toBeGreaterThan(0);
    expect(fleet.replicas[0]!.warnings).toEqual([]);
  });
});

describe('a keeper in the background', () => {
  it('looks every few seconds until it is stopped, and leaves no timer', async () => {
    const fleet = await KeptFleet.counted();
    jest.useFakeTimers();
    try {
      const keeper = keeperOf(fleet.replicas[0]!, { timing: { everyMs: 5000 } });
      keeper.start();
      await jest.advanceTimersByTimeAsync(6100);
      expect(keeper.status.isKeeper).toBe(true);
      // Merging gives way to real turns of the event loop: waits for the pass under way.
      await keeper.keep();
      expect(await fleet.fields(fleet.slot(0))).toEqual(['*']);
      await jest.advanceTimersByTimeAsync(0);
      expect(jest.getTimerCount()).toBe(1);
      await keeper.stop();
      expect(jest.getTimerCount()).toBe(0);
      expect(keeper.status.isKeeper).toBe(false);
    } finally {
      jest.useRealTimers();
    }
  });

  it('stops between slots, and gives the lease back', async () => {
    const fleet = await KeptFleet.counted();
    await fleet.pass(60_000, 10_000);
    fleet.replicas.forEach((replica) => replica.count());
    const keeper = keeperOf(fleet.replicas[0]!);
    const keeping = keeper.keep();
    await keeper.stop();
    await keeping;
    expect(keeper.status.isKeeper).toBe(false);
    expect(await fleet.store.upkeep.waiting(100)).not.toEqual([]);
  });

  it('gives way to the event loop while it merges much', async () => {
    const fleet = await KeptFleet.counted();
    for (let index = 0; index < 200; index++) await intrude(fleet, fleet.slot(0), `r:x${index}.0`, stateOf(1, true));
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    // Each look at the clock takes a millisecond, so that the outcome does not depend on the machine.
    let looks = 0;
    const slow: Clock = { monotonicMs: () => ++looks, wallMs: () => fleet.clock.wallMs() };
    setImmediate(turn);
    await keeperOf(fleet.replicas[0]!, { clock: slow }).keep();
    isOver = true;
    expect(await fleet.fields(fleet.slot(0))).toEqual(['*']);
    expect(turns).toBeGreaterThan(40);
  });
});
