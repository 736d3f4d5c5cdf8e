import { jest } from '@jest/globals';
import fc from 'fast-check';
import { type Fault, FaultyStore } from '../../../../test/fixtures/faulty-store.js';
import { MeasuredReplica, storedCalls } from '../../../../test/fixtures/measured-replica.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { ManualClock } from '../clock.js';
import { MemoryStore } from '../store/memory-store.js';
import { defaultTiers } from '../time-slot.js';

const start = 1_699_920_000_000;

/** Makes the open states too large to be published in all tiers each time, and to go in one call. */
function grow(replica: MeasuredReplica): void {
  for (let index = 0; index < 60; index++) {
    const series = replica.accumulator.series(llmFamily, ['provider', `model ${index}`, 'chat']);
    for (let ms = 0.001; ms < 3.6e6; ms *= 1.01) series.open(replica.clock.monotonicMs()).record(0, ms);
  }
}

describe('what a beat says to be stored', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  it('is stored, in each tier, whatever happened to calls: what a kill loses then lies after it', async () => {
    const fault = fc.constantFrom<Fault>('none', 'none', 'none', 'fails', 'loses the reply', 'repeats', 'arrives late');
    const step = fc.record({
      advance: fc.oneof(fc.nat(3000), fc.nat(30_000), fc.nat(200_000)),
      calls: fc.nat(9),
      // What happens while a call is under way, which takes less than 2 s or fails.
      flight: fc.record({ ms: fc.constantFrom(0, 0, 1, 500, 1900), calls: fc.nat(2), collects: fc.boolean() }),
      fault,
      delivers: fc.boolean(),
      renews: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, isLarge) => {
        const clock = new ManualClock(start);
        const inner = new MemoryStore({ clock });
        const store = new FaultyStore(inner);
        const replica = new MeasuredReplica(clock, store);
        replica.publisher.start();
        const counted: { readonly atMs: number; readonly calls: number }[] = [];
        const count = (calls: number): void => {
          if (calls > 0) replica.count(calls);
          // As this replica knows the time: it names slots by it.
          const atMs = Math.max(replica.storeClock.nowMs(), replica.accumulator.openStart(0) * 1000);
          counted.push({ atMs, calls });
        };
        for (const { advance, calls, flight, fault: next, delivers, renews } of steps) {
          clock.advance(advance);
          if (isLarge) grow(replica);
          count(calls);
          if (renews) replica.accumulator.renew();
          store.fault = () => {
            clock.advance(flight.ms);
            count(flight.calls);
            // As a report from own memory does.
            if (flight.collects) replica.publisher.collect();
            return next;
          };
          // By the timer, which sends coarser tiers in their turn: a flush would send all.
          await jest.advanceTimersByTimeAsync(1100);
          if (delivers) await store.deliver();
          const beat = inner.contents.beats.get(replica.replica.id);
          for (const [slotSeconds, upToMs] of beat?.storedUpTo ?? []) {
            const tier = defaultTiers.find((one) => one.slotSeconds === slotSeconds)!;
            // It is read as at most the time at which the store got it: ours is that of the store to half a flight only.
            const untilMs = Math.min(upToMs, beat!.atMs);
            const due = counted.filter(({ atMs }) => atMs < untilMs).reduce((sum, one) => sum + one.calls, 0);
            expect(await storedCalls(inner, tier, start - 86_400_000, clock.wallMs())).toBeGreaterThanOrEqual(due);
          }
        }
      }),
      // To shrink takes longer than a test may.
      { numRuns: 25, endOnFailure: true },
    );
  }, 120_000);
});
