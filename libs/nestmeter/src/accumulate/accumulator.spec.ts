import fc from 'fast-check';
import {
  calls,
  callsOf,
  countingAccumulator,
  depth,
  midnight,
  whole,
} from '../../../../test/fixtures/counting-accumulator.js';
import { arbitraryMeasurement, contents, measure, sampleFamily } from '../../../../test/fixtures/random-state.js';
import { defaultTiers } from '../time-slot.js';
import { FamilyState } from './family-state.js';
import type { SlotState } from './slot-state.js';

describe('slots', () => {
  it('hold each record in exactly one slot of each tier: that of its time', () => {
    const { clock, accumulator, count } = countingAccumulator();
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
    const { clock, accumulator, count } = countingAccumulator();
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
    const { clock, accumulator } = countingAccumulator();
    clock.advance(100_000);
    accumulator.roll();
    expect([accumulator.takeClosed(), accumulator.openVersions(0)]).toEqual([[], []]);
  });

  it('that nobody takes are bounded in number, and what is lost is counted', () => {
    const { clock, accumulator, count } = countingAccumulator();
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

describe('levels', () => {
  const seconds = (slot: { state: FamilyState }) => slot.state.at('a\0b').gauges[depth]!;

  it('are weighted with the time for which they held, cut at the ends of slots', () => {
    const { clock, accumulator, series } = countingAccumulator();
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
    const { clock, accumulator, series } = countingAccumulator();
    series.setLevel(depth, 1, clock.monotonicMs());
    clock.advance(35_000);
    accumulator.settle();
    expect(accumulator.takeClosed().map((slot) => seconds(slot).seconds)).toEqual([10]);
    expect(seconds(accumulator.openState(sampleFamily, 0)).seconds).toBe(5);
  });

  it('do not count the time of a step of the clock, forward or back', () => {
    for (const step of [3_600_000, -3_600_000, 7000, -7000]) {
      const { clock, accumulator, series, stepStore } = countingAccumulator();
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
    const { clock, accumulator, series } = countingAccumulator();
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
    const { accumulator, count } = countingAccumulator();
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
    const { clock, accumulator, series, count } = countingAccumulator();
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
        const { clock, accumulator, stepStore } = countingAccumulator();
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
