import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { type Fault, FaultyStore } from '../../../../test/fixtures/faulty-store.js';
import { MeasuredReplica, storedCalls } from '../../../../test/fixtures/measured-replica.js';
import { eventFamily, operationFamily, stageFamily } from '../accumulate/families.js';
import { ManualClock } from '../clock.js';
import { MemoryStore } from '../store/memory-store.js';
import type { StateSource } from '../store/store.js';
import { defaultTiers, type Tier } from '../time-slot.js';

const start = 1_699_920_000_000;

/** Time goes on whenever somebody looks: each step of a publish then takes longer than it may without giving way. */
class RestlessClock extends ManualClock {
  stepMs = 0;

  override monotonicMs(): number {
    this.advance(this.stepMs);
    return super.monotonicMs();
  }
}

/** A replica with several families, so that there are turns between their states. */
function restless() {
  const clock = new RestlessClock(start);
  const inner = new MemoryStore({ clock });
  const store = new FaultyStore(inner);
  /** Calls in a store, or in a replica's own memory. */
  const calls = (source: StateSource, tier: Tier) => storedCalls(source, tier, start - 86_400_000, clock.wallMs());
  /** What the store lacked of what had been counted before, when it was said to have it. */
  const lacking: string[] = [];
  const onPublish = () => {
    const { counted } = replica;
    return () => void calls(inner, defaultTiers[0]!).then((has) => has < counted && lacking.push(`${has} of ${counted}`)); // prettier-ignore
  };
  const replica = new MeasuredReplica(clock, store, { onPublish });
  for (const family of [operationFamily, stageFamily, eventFamily]) {
    const series = replica.accumulator.series(family, family.labels.map(() => 'x')); // prettier-ignore
    replica.accumulator.open(series, clock.monotonicMs());
  }
  const stored = () => Promise.all(defaultTiers.map((tier) => calls(inner, tier)));
  return { clock, inner, store, replica, calls, stored, lacking };
}

const everywhere = (calls: number): number[] => defaultTiers.map(() => calls);

describe('publishing that gives way', () => {
  it('loses and repeats nothing, and never says too early that all is stored, whatever is counted, read or renewed in between', async () => {
    const fault = fc.constantFrom<Fault>('none', 'none', 'none', 'fails', 'loses the reply', 'repeats', 'arrives late');
    const happening = fc.constantFrom('counts', 'counts', 'counts', 'is read', 'renews', 'nothing');
    const step = fc.record({
      stepMs: fc.constantFrom(2.5, 40, 400),
      advance: fc.oneof(fc.nat(3000), fc.nat(30_000)),
      meanwhile: fc.array(happening, { maxLength: 12 }),
      fault,
      delivers: fc.boolean(),
    });
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { clock, store, replica, calls, stored, lacking } = restless();
        const { accumulator, publisher } = replica;
        const wrong: string[] = [];
        // As by a report while the store is away: what is not in the one place must be in the other.
        const isRead = async (): Promise<void> => {
          const has = await calls(replica.ownMemory, defaultTiers[3]!);
          if (has !== replica.counted) wrong.push(`${has} of ${replica.counted} in its own memory`);
        };
        for (const { stepMs, advance, meanwhile, fault: next, delivers } of steps) {
          clock.advance(advance);
          replica.count(3);
          const before = replica.counted;
          store.fault = () => next;
          clock.stepMs = stepMs;
          let isOver = false;
          const over = (succeeded: boolean) => () => {
            isOver = true;
            return succeeded;
          };
          const flushed = publisher.flush().then(over(true), over(false));
          for (const what of meanwhile) {
            await setImmediate();
            const [from, wasOver] = [accumulator.openStart(0), isOver];
            if (what === 'counts') replica.count(1);
            if (what === 'renews') accumulator.renew();
            if (what === 'is read') await isRead();
            if (!wasOver && accumulator.openStart(0) !== from) ended++;
          }
          clock.stepMs = 0;
          if ((await flushed) && next === 'none')
            wrong.push(...(await stored()).filter((has) => has < before).map((has) => `${has} of ${before} stored`));
          if (delivers) await store.deliver();
        }
        store.fault = () => 'none';
        await publisher.flush();
        expect(await stored()).toEqual(everywhere(replica.counted));
        expect([...wrong, ...replica.warnings, ...lacking]).toEqual([]);
      }),
      // To shrink takes longer than a test may.
      { numRuns: 100, endOnFailure: true },
    );
    expect(ended).toBeGreaterThan(50);
  }, 120_000);

  it('has sent all tiers when a slot ends in between in which nothing was counted', async () => {
    const { clock, replica, stored } = restless();
    replica.count(3);
    clock.advance(10_000);
    replica.accumulator.settle();
    clock.stepMs = 700;
    let isOver = false;
    const flushed = replica.publisher.flush().then(() => (isOver = true));
    while (!isOver) {
      replica.accumulator.settle();
      await setImmediate();
    }
    await flushed;
    clock.stepMs = 0;
    expect(await stored()).toEqual(everywhere(3));
  });

  it('comes to an end when each turn takes a quarter of a slot', async () => {
    const { clock, replica, stored } = restless();
    replica.count(3);
    clock.stepMs = 2500;
    let isOver = false;
    const flushed = replica.publisher.flush().then(() => (isOver = true));
    for (let turn = 0; !isOver && turn < 1000; turn++) {
      replica.count(1);
      await setImmediate();
    }
    expect(isOver).toBe(true);
    await flushed;
    for (const has of await stored()) expect(has).toBeGreaterThanOrEqual(3);
  });

  it.each([0, 5, 7, 10, 14])('sends nothing of what was forgotten after %i turns', async (turns) => {
    const { clock, inner, replica, stored } = restless();
    replica.count(3);
    clock.advance(10_000);
    replica.count(4);
    clock.stepMs = 40;
    const flushed = replica.publisher.flush();
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    replica.accumulator.clear();
    replica.publisher.clear();
    await inner.clear();
    await flushed;
    await replica.publisher.flush();
    clock.stepMs = 0;
    expect(await stored()).toEqual(everywhere(0));
  });
});
