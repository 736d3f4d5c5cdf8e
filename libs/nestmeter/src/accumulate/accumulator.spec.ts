import fc from 'fast-check';
import { arbitraryMeasurement, contents, measure, sampleFamily } from '../../../../test/fixtures/random-state.js';
import { ManualClock, StoreClock } from '../clock.js';
import { defaultTiers } from '../time-slot.js';
import { Accumulator } from './accumulator.js';
import type { SlotState } from './slot-state.js';
import { FamilyState } from './family-state.js';

/** The start of a UTC day, so that all tiers begin a slot. */
const midnight = 1_699_920_000_000;
const { calls } = sampleFamily.counter;
const { depth } = sampleFamily.gauge;

const fixture = (cap?: number) => {
  const clock = new ManualClock(midnight);
  const storeClock = new StoreClock(clock);
  const accumulator = new Accumulator(storeClock, defaultTiers, { cap });
  const series = accumulator.series(sampleFamily, ['a', 'b']);
  return {
    clock,
    accumulator,
    series,
    count: (by = 1) => series.open(clock.monotonicMs()).count(calls, by),
    /** Lets the store's clock be `ms` ahead of where it was, as the next answer of the store would tell. */
    stepStore(ms: number): void {
      clock.step(ms);
      storeClock.sample(clock.monotonicMs(), clock.monotonicMs(), clock.wallMs());
    },
  };
};

const callsOf = (state: FamilyState): number =>
  [...state.series.values()].reduce((sum, series) => sum + series.counters[calls]!, 0);

/** Closed and open states of one tier, added up. */
const whole = (accumulator: Accumulator, closed: readonly SlotState[], tier: number): FamilyState => {
  const sum = new FamilyState(sampleFamily);
  for (const slot of closed) if (slot.tier === defaultTiers[tier]) sum.merge(slot.state);
  if (accumulator.families().length > 0) sum.merge(accumulator.openState(sampleFamily, tier).state);
  return sum;
};

describe('slots', () => {
  it('hold each record in exactly one slot of each tier: that of its time', () => {
    const { clock, accumulator, count } = fixture();
    const recordedAt: number[] = [];
    for (const pauseMs of [0, 9999, 1, 110_000, 5000, 1_799_000, 21_600_000, 10_000]) {
      clock.advance(pauseMs);
      recordedAt.push(clock.wallMs() / 1000);
      count();
    }
    clock.advance(22_000_000);
    accumulator.roll();
    const closed = accumulator.takeClosed();
    for (const tier of defaultTiers) {
      const expected = new Map<number, number>();
      for (const second of recordedAt) {
        const start = Math.floor(second / tier.slotSeconds) * tier.slotSeconds;
        expected.set(start, (expected.get(start) ?? 0) + 1);
      }
      const found = closed.filter((slot) => slot.tier === tier).map((slot) => [slot.start, callsOf(slot.state)]);
      expect(found).toEqual([...expected]);
    }
    expect(closed.every((slot) => slot.final)).toBe(true);
  });

  it('close with the state that was open, one version later', () => {
    const { clock, accumulator, count } = fixture();
    count(3);
    const open = defaultTiers.map((_, tier) => accumulator.openState(sampleFamily, tier));
    expect(open.map((slot) => [slot.final, callsOf(slot.state), slot.asOfMs])).toEqual(
      defaultTiers.map(() => [false, 3, midnight]),
    );
    clock.advance(86_400_000);
    accumulator.roll();
    const closed = accumulator.takeClosed();
    expect(closed.map((slot) => [slot.tier, slot.start, callsOf(slot.state)])).toEqual(
      open.map((slot) => [slot.tier, slot.start, 3]),
    );
    closed.forEach((slot, tier) => expect(slot.version).toBeGreaterThan(open[tier]!.version));
    expect(closed.map((slot) => slot.asOfMs)).toEqual(defaultTiers.map((tier) => midnight + tier.slotSeconds * 1000));
    expect(accumulator.takeClosed()).toEqual([]);
  });

  it('in which nothing was recorded do not exist', () => {
    const { clock, accumulator } = fixture();
    clock.advance(100_000);
    accumulator.roll();
    expect([accumulator.takeClosed(), accumulator.openVersions(0)]).toEqual([[], []]);
  });

  it('that nobody takes are bounded in number, and what is lost is counted', () => {
    const { clock, accumulator, count } = fixture();
    for (let slot = 0; slot < 4500; slot++) {
      count();
      clock.advance(10_000);
    }
    accumulator.roll();
    const taken = accumulator.takeClosed().length;
    expect(taken).toBeLessThanOrEqual(4000);
    expect(accumulator.counts.droppedSlots + taken).toBeGreaterThan(4500);
  });
});

describe('a step of the clock', () => {
  it('forward goes on in the slot of the new time', () => {
    const { accumulator, count, stepStore } = fixture();
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
    const { clock, accumulator, count, stepStore } = fixture();
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
    const { clock, accumulator, count, stepStore } = fixture();
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
    const { accumulator, count } = fixture();
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
    const { clock, accumulator, count, series } = fixture();
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

describe('levels', () => {
  const seconds = (slot: { state: FamilyState }) => slot.state.at('a\0b').gauges[depth]!;

  it('are weighted with the time for which they held, cut at the ends of slots', () => {
    const { clock, accumulator, series } = fixture();
    series.setLevel(depth, 2, clock.monotonicMs());
    clock.advance(4000);
    series.setLevel(depth, 10, clock.monotonicMs());
    clock.advance(9000);
    accumulator.settle();
    expect(accumulator.takeClosed().map(seconds)).toEqual([{ weighted: 2 * 4 + 10 * 6, seconds: 10, min: 2, max: 10 }]);
    expect(seconds(accumulator.openState(sampleFamily, 0))).toEqual({ weighted: 30, seconds: 3, min: 10, max: 10 });
    expect(seconds(accumulator.openState(sampleFamily, 1))).toEqual({ weighted: 98, seconds: 13, min: 2, max: 10 });
  });

  it('are unknown while the process stands still over whole slots', () => {
    const { clock, accumulator, series } = fixture();
    series.setLevel(depth, 1, clock.monotonicMs());
    clock.advance(35_000);
    accumulator.settle();
    expect(accumulator.takeClosed().map((slot) => seconds(slot).seconds)).toEqual([10]);
    expect(seconds(accumulator.openState(sampleFamily, 0)).seconds).toBe(5);
  });

  it('do not count the time of a step of the clock, forward or back', () => {
    for (const step of [3_600_000, -3_600_000, 7000, -7000]) {
      const { clock, accumulator, series, stepStore } = fixture();
      clock.advance(1000);
      series.setLevel(depth, 1, clock.monotonicMs());
      clock.advance(2000);
      stepStore(step);
      series.setLevel(depth, 3, clock.monotonicMs());
      clock.advance(1000);
      accumulator.settle();
      const sum = whole(accumulator, accumulator.takeClosed(), 0).at('a\0b').gauges[depth]!;
      expect(sum).toEqual({ weighted: 5, seconds: 3, min: 1, max: 3 });
    }
  });

  it('end when cleared, and a reading from before the last settling counts no time twice', () => {
    const { clock, accumulator, series } = fixture();
    series.setLevel(depth, 5, 0);
    clock.advance(3000);
    accumulator.settle();
    series.setLevel(depth, 7, 1000);
    clock.advance(1000);
    series.clearLevel(depth, clock.monotonicMs());
    clock.advance(4000);
    accumulator.settle();
    expect(series.level(depth)).toBeNull();
    expect(seconds(accumulator.openState(sampleFamily, 0))).toEqual({ weighted: 22, seconds: 4, min: 5, max: 7 });
  });
});

describe('versions', () => {
  it('grow with every change and not without one', () => {
    const { accumulator, count } = fixture();
    const versions = () => defaultTiers.map((_, tier) => accumulator.openVersions(tier)[0]?.version ?? 0);
    expect(versions()).toEqual([0, 0, 0, 0]);
    count();
    const first = versions();
    expect(versions()).toEqual(first);
    count();
    versions().forEach((version, tier) => expect(version).toBeGreaterThan(first[tier]!));
  });
});

describe('clearing', () => {
  it('forgets everything and keeps handles and levels', () => {
    const { clock, accumulator, series, count } = fixture();
    count(3);
    series.setLevel(depth, 4, 0);
    clock.advance(5000);
    accumulator.clear();
    expect(callsOf(accumulator.lifetime(sampleFamily))).toBe(0);
    count(2);
    clock.advance(1000);
    accumulator.settle();
    const state = accumulator.openState(sampleFamily, 3).state.at('a\0b');
    expect([state.counters[calls], state.gauges[depth]!.seconds, series.level(depth)]).toEqual([2, 1, 4]);
    expect(accumulator.series(sampleFamily, ['a', 'b'])).toBe(series);
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

describe('any sequence of records, pauses, steps and renewals', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('record' as const), fc.nat(5), arbitraryMeasurement) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('advance' as const), fc.oneof(fc.nat(15_000), fc.nat(8_000_000))) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('step' as const), fc.integer({ min: -8_000_000, max: 8_000_000 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('settle' as const)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('renew' as const)) },
  );

  it('leaves in each tier, and in the lifetime, exactly what was recorded', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { clock, accumulator, stepStore } = fixture();
        const expected = new FamilyState(sampleFamily);
        const closed: SlotState[] = [];
        for (const [kind, first, measurement] of actions) {
          if (kind === 'advance') clock.advance(first);
          else if (kind === 'step') stepStore(first);
          else if (kind === 'settle') accumulator.settle();
          else if (kind === 'renew') accumulator.renew();
          else {
            const series = accumulator.series(sampleFamily, ['series', first]);
            measure(series.open(clock.monotonicMs()), measurement);
            measure(expected.at(series.key), measurement);
          }
          closed.push(...accumulator.takeClosed());
        }
        for (let tier = 0; tier < defaultTiers.length; tier++)
          expect(contents(whole(accumulator, closed, tier))).toEqual(contents(expected));
        expect(contents(accumulator.lifetime(sampleFamily))).toEqual(contents(expected));
        const slots = closed.map((slot) => `${slot.tier.slotSeconds}:${slot.start}:${slot.generation}`);
        expect(new Set(slots).size).toBe(slots.length);
      }),
      { numRuns: 300 },
    );
  });
});
