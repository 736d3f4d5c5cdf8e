import fc from 'fast-check';
import { EventLoop } from './event-loop.js';
import { makeFaultScript } from './fault-script.js';
import { epochMs, ModelStore } from './model-store.js';
import { Random } from './random.js';
import { rulesWithout } from './rules.js';
import { describeRun, run } from './simulation.js';
import { slotAt } from './slots.js';
import { contentsOf, type Publication } from './store-contents.js';

/*
 * NESTMETER_MODEL_SEEDS   how many seeds are played (200 when unset; thousands before a change of the protocol)
 * NESTMETER_MODEL_FIRST   the first of them (1 when unset)
 * NESTMETER_MODEL_SEED    plays this one alone
 */
const { NESTMETER_MODEL_SEEDS: count = '200', NESTMETER_MODEL_FIRST: first = '1', NESTMETER_MODEL_SEED: only } = process.env; // prettier-ignore
const seeds =
  only === undefined ? Array.from({ length: Number(count) }, (_, at) => Number(first) + at) : [Number(only)];
const seedsPerTest = 40;
const batches = Array.from({ length: Math.ceil(seeds.length / seedsPerTest) }, (_, at) =>
  seeds.slice(at * seedsPerTest, (at + 1) * seedsPerTest),
);
const allRules = rulesWithout();

describe('the protocol with all of its rules', () => {
  it.each(batches.map((batch) => [batch[0]!, batch.at(-1)!, batch] as const))(
    'loses nothing, counts nothing twice and says what is missing, seeds %i to %i',
    (_, __, batch) => {
      const broken = batch
        .map((seed) => run({ seed, rules: allRules }))
        .filter(({ violations }) => violations.length > 0);
      expect(broken.map(describeRun).join('\n\n')).toBe('');
    },
    120_000,
  );

  it('has every number and no gap in a fleet to which nothing happens', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const result = run({ seed, rules: allRules, kinds: [] });
      expect(result.measurements).toBeGreaterThan(400);
      expect(describeRun(result)).toContain('breaks 0 times');
    }
  });

  it('plays the same seed alike', () => {
    const rules = rulesWithout('marks', 'gapOfSilence');
    expect(run({ seed: 10, rules })).toEqual(run({ seed: 10, rules }));
  });
});

describe('a fault script', () => {
  it('depends on its seed alone, is in order and ends in time', () => {
    const plan = { seats: 3, keepers: 2, durationMs: 300_000, memoryMs: 60_000, writeMs: 150_000, episodes: 7 };
    for (let seed = 1; seed <= 200; seed++) {
      const script = makeFaultScript({ ...plan, seed });
      expect(script).toEqual(makeFaultScript({ ...plan, seed }));
      expect(script.map(({ atMs }) => atMs)).toEqual(script.map(({ atMs }) => atMs).sort((a, b) => a - b));
      expect(script.at(-1)!.atMs).toBeLessThanOrEqual(plan.durationMs);
    }
  });
});

describe('the store of the model', () => {
  const slot = slotAt(0, epochMs);

  /** One replica's states of a slot, each a longer prefix of what it counted, each sent once. */
  function publications(replica: number, versions: number): Publication[] {
    return Array.from({ length: versions }, (_, at) => {
      const field = `n${replica}.0`;
      const version = at + 1;
      const ids = Array.from({ length: version }, (__, id) => 100 * replica + id);
      const state = { field, version, final: version === versions, asOfMs: epochMs, ids };
      const beat = { id: `n${replica}`, number: version, left: false, storedUpToMs: [epochMs, epochMs, epochMs] };
      const rest = {
        acknowledgedBeat: 0,
        startedMs: Infinity,
        bornCandidate: 'b',
        missed: [],
        control: null,
      };
      return { beat, writes: [{ slot, field, version, state }], ...rest };
    });
  }

  it('ends with the same contents after any order, repetition and delay of publishes', () => {
    const sent = [publications(1, 4), publications(2, 3), publications(3, 5)].flat();
    const orders = fc.tuple(
      fc.shuffledSubarray(sent, { minLength: sent.length }),
      fc.array(fc.nat({ max: sent.length - 1 }), { maxLength: 12 }),
    );
    fc.assert(
      fc.property(orders, ([order, repeated]) => {
        const watch = { stateWritten: () => {}, folded: () => {}, controlWritten: () => {} };
        const store = new ModelStore(new EventLoop(), new Random(1), allRules, watch);
        for (const publication of [...order, ...repeated.map((at) => sent[at]!)]) store.publish(publication);
        const expected = [4, 3, 5].flatMap(
          (versions, at) => publications(at + 1, versions).at(-1)!.writes[0]!.state!.ids,
        );
        expect([...contentsOf(store.key(slot))].sort((a, b) => a - b)).toEqual(expected);
      }),
    );
  });

  it('takes back what a fail-over loses, and nothing else', () => {
    const loop = new EventLoop();
    const watch = { stateWritten: () => {}, folded: () => {}, controlWritten: () => {} };
    const store = new ModelStore(loop, new Random(1), allRules, watch);
    const [early, ...late] = publications(1, 3);
    store.publish(early!);
    loop.runUntil(1000);
    for (const publication of late) store.publish(publication);
    store.wipe();
    store.journal.rewind(500);
    expect([...contentsOf(store.key(slot))]).toEqual([100]);
    expect(store.beats.get('n1')?.number).toBe(1);
  });
});
