import fc from 'fast-check';
import { freshReader, keeperOf, KeptFleet, shown } from '../../../../test/fixtures/kept-fleet.js';
import type { MeasuredReplica } from '../../../../test/fixtures/measured-replica.js';
import {
  arbitraryMeasurement,
  contents,
  measure,
  type Measurement,
  sampleFamily,
} from '../../../../test/fixtures/random-state.js';
import { FamilyState } from '../accumulate/family-state.js';
import { Pace } from '../accumulate/pace.js';
import { decodeSlot } from '../query/decode-slot.js';
import { MemoryStore } from '../store/memory-store.js';
import type { Keeper } from './keeper.js';

/*
 * What folding and sealing must never change: what is read. Random histories of three replicas, of which some end and are
 * followed by others, with a keeper at work in between.
 */

interface Step {
  readonly replica: number;
  readonly name: string;
  readonly measurements: readonly Measurement[];
  readonly advanceMs: number;
  readonly does: 'nothing' | 'publishes' | 'renews' | 'ends' | 'dies' | 'folds';
}

const steps = (longest: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      replica: fc.nat(2),
      name: fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
      measurements: fc.array(arbitraryMeasurement, { maxLength: 4 }),
      advanceMs: fc.oneof(fc.nat(8000), fc.nat(longest)),
      does: fc.constantFrom('nothing', 'publishes', 'publishes', 'renews', 'ends', 'dies', 'folds'),
    }),
    { minLength: 1, maxLength: 40 },
  );

/** The same step that does something else where it would do one thing. */
function without(step: Step, one: Step['does'], instead: Step['does']): Step {
  return step.does === one ? { ...step, does: instead } : step;
}

const windows = ['1m', '30m', '6h', '24h', '90d'];

/** Plays a history. @param each called after each step, when everybody has published what is closed */
async function play(given: readonly Step[], each: (fleet: KeptFleet) => Promise<void> = async () => {}) {
  const fleet = new KeptFleet(3);
  const count = ({ accumulator, clock }: MeasuredReplica, { name, measurements }: Step): void => {
    const state = accumulator.series(sampleFamily, [name, 'x']).open(clock.monotonicMs());
    for (const measurement of measurements) measure(state, measurement);
  };
  for (const step of given) {
    const replica = fleet.replicas[step.replica]!;
    count(replica, step);
    fleet.clock.advance(step.advanceMs);
    if (step.does === 'publishes') await fleet.publish();
    if (step.does === 'renews') replica.accumulator.renew();
    if (step.does === 'ends') await replica.publisher.stop(1000);
    if (step.does === 'ends' || step.does === 'dies') fleet.replicas[step.replica] = fleet.joining();
    if (step.does === 'folds') await keep(keeperOf(replica));
    await each(fleet);
  }
  await fleet.publish();
  return fleet;
}

/** Lets a keeper do everything at once, whoever was keeper before. */
async function keep(keeper: Keeper): Promise<void> {
  await keeper.keep();
  await keeper.stop();
  expect(keeper.status.failures).toBe(0);
}

const readAll = async (fleet: KeptFleet) => {
  const found = [];
  for (const window of windows) found.push(shown(await fleet.read(window)));
  return found;
};

describe('folding', () => {
  it('changes nothing that is read: counts, sums, names, contributors, gaps', async () => {
    await fc.assert(
      fc.asyncProperty(steps(2_000_000), async (given) => {
        const fleet = await play(given);
        const before = await readAll(fleet);
        await keep(keeperOf(fleet.replicas[0]!));
        expect(await fleet.store.upkeep.waiting(10)).toEqual([]);
        expect(await readAll(fleet)).toEqual(before);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('is never seen by a reader that has cached what was there before', async () => {
    await fc.assert(
      fc.asyncProperty(steps(200_000), async (given) => {
        let reader: ReturnType<typeof freshReader> | null = null;
        await play(given, async (fleet) => {
          await fleet.publish();
          reader ??= freshReader(fleet.replicas[0]!);
          for (const window of windows) {
            const found = await reader.read({ query: { window }, fallback: '1h', families: [sampleFamily] });
            expect(shown(found)).toEqual(shown(await fleet.read(window)));
          }
        });
      }),
      { numRuns: 30 },
    );
  }, 120_000);

  it('and sealing a day later change nothing either, and leave only `*`, `z` and marks of what is open', async () => {
    await fc.assert(
      fc.asyncProperty(steps(600_000), async (given) => {
        const fleet = await play(given);
        // Long after: everything but slots of 6 h may be sealed, and the windows below do not move while it is.
        await fleet.pass(26 * 3_600_000, 3_600_000);
        const read = async () => [shown(await fleet.read('4d')), shown(await fleet.read('90d'))];
        const before = await read();
        await keep(keeperOf(fleet.replicas[1]!, { timing: { sealGraceMs: 0 } }));
        expect(await read()).toEqual(before);
        for (const { slot, sealed } of await fleet.store.upkeep.slots()) {
          const isDue = (slot.start + slot.slotSeconds + 25 * 3600) * 1000 <= fleet.clock.wallMs();
          if (slot.slotSeconds < 1800) continue;
          expect(sealed).toBe(isDue);
          const level = slot.slotSeconds === 1800 ? 2 : 3;
          const found = await fleet.fields({ ...fleet.slot(level), start: slot.start });
          expect(found.includes('z')).toBe(sealed);
          expect(!sealed || found.every((field) => field === '*' || field === 'z')).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

describe('publications', () => {
  it('in any order, repeated and delayed, with folds in between, end in the same contents', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps(20_000).map((given) => given.map((step) => without(step, 'folds', 'nothing'))),
        fc.infiniteStream(fc.nat()),
        async (given, dice) => {
          const fleet = await play(given);
          const expected = contents((await fleet.read('30m')).of(sampleFamily));
          const draw = (below: number): number => dice.next().value % below;
          const deliveries = fleet.store.sent.flatMap((publication) =>
            Array.from({ length: 1 + draw(3) }, () => ({ publication, at: draw(1000) })),
          );
          deliveries.sort((a, b) => a.at - b.at);
          fleet.store.inner = new MemoryStore({ clock: fleet.clock });
          for (const { publication } of deliveries) {
            await fleet.store.inner.publish(publication);
            if (draw(4) === 0) await keep(keeperOf(fleet.replicas[draw(3)]!));
          }
          expect(contents((await fleet.read('30m')).of(sampleFamily))).toEqual(expected);
          await keep(keeperOf(fleet.replicas[0]!));
          expect(contents((await fleet.read('30m')).of(sampleFamily))).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});

describe('settled slots', () => {
  it('are the same read from the finest tier, from a coarse one and composed, folded or not', async () => {
    await fc.assert(
      fc.asyncProperty(steps(20_000), fc.boolean(), async (given, folds) => {
        // Only the living: what a killed replica had last published of each tier may differ by one interval.
        const alive = given.map((step) => without(step, 'dies', 'ends'));
        const fleet = await play(alive);
        await fleet.pass(200_000, 10_000);
        if (folds) await keep(keeperOf(fleet.replicas[2]!));
        const end = Math.floor(fleet.clock.wallMs() / 120_000) * 120;
        const from = end - 1200;
        const range = { from, to: end };
        const read = (levels: readonly number[]) => readRange(fleet, range, levels);
        const fine = await read([0]);
        expect(await read([1])).toEqual(fine);
        expect(await read([0, 1])).toEqual(fine);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

/** Reads a range on a plan of one's own: each 2 min from the tiers given, in turn. */
async function readRange(fleet: KeptFleet, { from, to }: { from: number; to: number }, levels: readonly number[]) {
  const sum = new FamilyState(sampleFamily);
  for (let start = from; start < to; start += 120) {
    const { tier } = fleet.slot(levels[(start / 120) % levels.length]!);
    for (let at = start; at < start + 120; at += tier.slotSeconds) {
      const slot = { family: sampleFamily.name, tier, start: at };
      const { slots } = await fleet.store.read({ slots: [{ slot, knownRevision: null }], beats: false });
      const [found] = slots;
      if (found !== null && typeof found === 'object')
        sum.merge((await decodeSlot(sampleFamily, found, new Pace(fleet.clock))).state);
    }
  }
  return contents(sum);
}
