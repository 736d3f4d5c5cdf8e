import fc from 'fast-check';
import {
  calls,
  callsOf,
  countingAccumulator,
  depth,
  midnight,
} from '../../../../test/fixtures/counting-accumulator.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { ManualClock, StoreClock } from '../clock.js';
import { defaultTiers } from '../time-slot.js';
import { Accumulator } from './accumulator.js';

describe('a step of the clock', () => {
  it('forward goes on in the slot of the new time', () => {
    const { accumulator, count, stepStore } = countingAccumulator();
    count();
    stepStore(3_600_000);
    accumulator.settle();
    count();
    expect(accumulator.openStart(0)).toBe(midnight / 1000 + 3600);
    expect(accumulator.takeClosed().map((slot) => slot.start)).toEqual([
      midnight / 1000,
      midnight / 1000,
      midnight / 1000,
    ]);
    expect(accumulator.counts.renewals).toBe(0);
  });

  it('back by less than a slot stays in the current slot, and no slot is opened twice', () => {
    const { clock, accumulator, count, stepStore } = countingAccumulator();
    clock.advance(12_000);
    count();
    stepStore(-5000);
    accumulator.settle();
    count();
    expect([accumulator.openStart(0), accumulator.counts.renewals]).toEqual([midnight / 1000 + 10, 0]);
    expect(callsOf(accumulator.openState(sampleFamily, 0).state)).toBe(2);
    expect(accumulator.takeClosed()).toEqual([]);
  });

  it('back by more than a slot renews and follows the clock', () => {
    const { clock, accumulator, count, stepStore } = countingAccumulator();
    clock.advance(600_000);
    count();
    stepStore(-300_000);
    accumulator.settle();
    count(2);
    expect([accumulator.generation, accumulator.openStart(0)]).toEqual([1, midnight / 1000 + 300]);
    expect(accumulator.takeClosed().map((slot) => [slot.generation, callsOf(slot.state)])).toEqual(
      defaultTiers.map(() => [0, 1]),
    );
    expect(callsOf(accumulator.openState(sampleFamily, 3).state)).toBe(2);
  });
});

describe('renewing', () => {
  it('makes all states final and goes on from zero in the same slots', () => {
    const { accumulator, count } = countingAccumulator();
    count(5);
    accumulator.renew();
    expect(accumulator.takeClosed().map((slot) => [slot.final, slot.generation, callsOf(slot.state)])).toEqual(
      defaultTiers.map(() => [true, 0, 5]),
    );
    count(2);
    for (let tier = 0; tier < defaultTiers.length; tier++) {
      const open = accumulator.openState(sampleFamily, tier);
      expect([open.generation, callsOf(open.state)]).toEqual([1, 2]);
    }
    expect(callsOf(accumulator.lifetime(sampleFamily))).toBe(7);
  });

  it('closes what has ended before', () => {
    const { clock, accumulator, count, series } = countingAccumulator();
    series.setLevel(depth, 4, 0);
    count();
    clock.advance(14_000);
    accumulator.renew();
    const finest = accumulator.takeClosed().filter((slot) => slot.tier === defaultTiers[0]);
    expect(finest.map((slot) => [slot.start - midnight / 1000, slot.state.at('a\0b').gauges[0]!.seconds])).toEqual([
      [0, 10],
      [10, 4],
    ]);
  });
});

describe('slots that wait for the time of the store', () => {
  it('are named by it, each coarse one with what its finest ones have, whatever the clock of the host was', () => {
    const history = fc.record({
      startMs: fc.nat(21_600_000),
      before: fc.array(fc.tuple(fc.nat(3700), fc.nat(3)), { maxLength: 8 }),
      aheadMs: fc.oneof(fc.integer({ min: -20_000, max: 20_000 }), fc.integer({ min: -9_000_000, max: 9_000_000 })),
      after: fc.array(fc.tuple(fc.nat(400_000), fc.nat(3)), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(history, ({ startMs, before, aheadMs, after }) => {
        const clock = new ManualClock(midnight + startMs);
        const storeClock = new StoreClock(clock);
        const accumulator = new Accumulator(storeClock, defaultTiers);
        accumulator.awaitStoreTime();
        const series = accumulator.series(sampleFamily, ['a', 'b']);
        let expected = 0;
        const act = ([advanceMs, by]: readonly [number, number]): void => {
          clock.advance(advanceMs);
          series.open(clock.monotonicMs()).count(calls, by);
          expected += by;
        };
        before.forEach(act);
        clock.step(aheadMs);
        const atMs = clock.wallMs();
        storeClock.sample(clock.monotonicMs(), clock.monotonicMs(), atMs);
        after.forEach(act);
        clock.advance(22_000_000);
        accumulator.renew();
        const counts = defaultTiers.map(() => new Map<number, number>());
        for (const { tier, start, state } of accumulator.takeClosed()) {
          expect(start % tier.slotSeconds).toBe(0);
          const level = defaultTiers.indexOf(tier);
          counts[level]!.set(start, (counts[level]!.get(start) ?? 0) + callsOf(state));
        }
        for (const [level, { slotSeconds }] of defaultTiers.entries()) {
          const fromFinest = new Map<number, number>();
          for (const [start, sum] of counts[0]!) {
            const coarse = Math.floor(start / slotSeconds) * slotSeconds;
            fromFinest.set(coarse, (fromFinest.get(coarse) ?? 0) + sum);
          }
          expect(counts[level]).toEqual(fromFinest);
          expect([...counts[level]!.values()].reduce((sum, count) => sum + count, 0)).toBe(expected);
        }
        // What is moved is off by half a slot at most.
        const passedMs = before.reduce((sum, [ms]) => sum + ms, 0);
        const first = Math.min(...counts[0]!.keys());
        expect(first * 1000).toBeGreaterThan(atMs - passedMs - 16_000);
      }),
      { numRuns: 500 },
    );
  });
});
