import { EventLoop } from './event-loop.js';
import type { EpisodeKind } from './fault-script.js';
import { fold, planFold } from './keeper-scripts.js';
import { epochMs, ModelStore } from './model-store.js';
import { Random } from './random.js';
import { type RuleName, type Rules, rulesWithout, ruleTexts } from './rules.js';
import { describeRun, run } from './simulation.js';
import { sealDelayMs, slotAt } from './slots.js';
import { contentsOf } from './store-contents.js';

/** Which run goes wrong without a rule. */
interface Proof {
  readonly seed: number;
  /** Kinds of faults to draw from; all when left out. */
  readonly kinds?: readonly EpisodeKind[];
  /** By which the clocks of all hosts are off. */
  readonly skewMs?: number;
  /** A rule that hides the want of this one, and is left out too. */
  readonly beside?: RuleName;
  /** Number of the first invariant that breaks. */
  readonly breaks: number;
}

/** Two sequences need more luck than seeds have; they are written out below. */
const proofs: Record<Exclude<RuleName, 'foldNonce' | 'sealFlag'>, Proof> = {
  renewOnStepBack: { seed: 4, kinds: ['clock step'], breaks: 7 },
  timeBeforeStates: { seed: 1, kinds: [], skewMs: -3_600_000, breaks: 10 },
  renewAtShutdown: { seed: 3, kinds: ['rolling deploy'], breaks: 10 },
  closingIsAChange: { seed: 1, kinds: [], breaks: 10 },
  replaceOnlyByNewer: { seed: 68, kinds: ['bad network'], breaks: 10 },
  finalRefuses: { seed: 2, kinds: ['copy', 'bad network'], breaks: 5 },
  marks: { seed: 13, breaks: 1 },
  writeEndBeforeSeal: { seed: 4, kinds: ['partition', 'outage'], breaks: 2 },
  foldFinalOnly: { seed: 1, kinds: [], breaks: 10 },
  confirm: { seed: 2, kinds: ['outage'], breaks: 10 },
  confirmAfterEnd: { seed: 4, kinds: ['clock step', 'wipe'], breaks: 2 },
  audit: { seed: 4, kinds: ['wipe'], breaks: 2 },
  tiersApart: { seed: 89, kinds: ['outage', 'partition'], breaks: 9 },
  acknowledgedGoFirst: { seed: 122, kinds: ['outage'], breaks: 2 },
  foreignVersion: { seed: 3, kinds: ['copy'], breaks: 10 },
  revisions: { seed: 2, kinds: ['partition', 'crash and start'], breaks: 8 },
  settledOnly: { seed: 41, breaks: 10 },
  gapOfMissingKey: { seed: 1, kinds: ['evict'], breaks: 10 },
  gapOfUnfinished: { seed: 2, kinds: ['crash and start', 'short life'], beside: 'gapOfPrunedBeat', breaks: 10 },
  gapOfSilence: { seed: 6, kinds: ['crash and start'], breaks: 10 },
  gapOfDropped: { seed: 13, kinds: ['partition'], breaks: 10 },
  gapOfEarlierSince: { seed: 3, kinds: ['wipe', 'rolling deploy'], breaks: 10 },
  sinceFirstCount: { seed: 10, kinds: ['wipe'], breaks: 10 },
  gapOfRegress: { seed: 14, kinds: ['fail over', 'rolling deploy', 'short life'], breaks: 10 },
  gapOfRecreated: { seed: 3, kinds: ['evict', 'crash and start'], breaks: 10 },
  beatSaysStoredUpTo: { seed: 3, kinds: ['crash and start', 'short life'], breaks: 10 },
  indexOutlivesKeys: { seed: 16, kinds: ['clock step'], breaks: 8 },
  offerBeats: { seed: 10, kinds: ['partition', 'wipe', 'fail over'], breaks: 10 },
  gapOfPrunedBeat: { seed: 3, kinds: ['crash and start'], breaks: 10 },
  leaseInScript: { seed: 3, kinds: ['keeper pause', 'bad network'], breaks: 16 },
  controlParent: { seed: 13, kinds: ['bad network', 'keeper pause'], breaks: 16 },
  offerControlAgain: { seed: 2, kinds: ['wipe', 'outage'], breaks: 16 },
};

describe.each(Object.entries(proofs))('the rule %s', (name, { breaks, beside, ...options }) => {
  it(`prevents that invariant ${breaks} breaks: ${ruleTexts[name as RuleName]}`, () => {
    const others = beside === undefined ? [] : [beside];
    expect(describeRun(run({ ...options, rules: rulesWithout(...others) }))).toContain('breaks 0 times');
    const without = run({ ...options, rules: rulesWithout(...others, name as RuleName), stopsEarly: true });
    expect(without.violations[0]?.invariant).toBe(breaks);
  });
});

const slot = slotAt(1, epochMs);

/** A store and two things that happen to it: a replica publishes its final state, a keeper reads. */
function scene(rules: Rules) {
  const watch = { stateWritten: () => {}, folded: () => {}, controlWritten: () => {} };
  const store = new ModelStore(new EventLoop(), new Random(1), rules, watch);
  const publish = (replica: number): void => {
    const field = `n${replica}.0`;
    const state = { field, version: 1, final: true, asOfMs: epochMs, ids: [replica] };
    const beat = { id: `n${replica}`, number: 1, left: false, storedUpToMs: [epochMs, epochMs, epochMs] };
    const rest = { acknowledgedBeat: 0, startedMs: Infinity, bornCandidate: 'b', missed: [] };
    store.publish({ beat, writes: [{ slot, field, version: 1, state }], control: null, ...rest });
  };
  const read = (seals = false) => planFold(slot, store.key(slot)!, seals, rules)!;
  const contents = () => [...contentsOf(store.key(slot))].sort((a, b) => a - b);
  return { store, publish, read, contents };
}

describe('the rule foldNonce', () => {
  /**
   * A keeper reads a slot that holds one folded state and one final one, and stands still. The store is wiped; of three
   * replicas two come back, and another keeper folds one of them. Then the first keeper's fold arrives.
   */
  function foldAfterWipe(rules: Rules): number[] {
    const { store, publish, read, contents } = scene(rules);
    publish(1);
    fold(store, read());
    publish(2);
    const old = read();
    store.wipe();
    publish(3);
    fold(store, read());
    publish(2);
    fold(store, old);
    publish(1);
    publish(3);
    return contents();
  }

  it(`prevents that a fold planned before a wipe undoes one made after it: ${ruleTexts.foldNonce}`, () => {
    expect(foldAfterWipe(rulesWithout())).toEqual([1, 2, 3]);
    expect(foldAfterWipe(rulesWithout('foldNonce'))).toEqual([1, 1, 2]);
  });
});

describe('the rule sealFlag', () => {
  /** A slot is sealed, a node takes over whose clock is before W, and a packet arrives that was long under way. */
  function publishAfterSeal(rules: Rules): number[] {
    const { store, publish, read, contents } = scene(rules);
    publish(1);
    const untilSealMs = slot.writeEndMs - epochMs + sealDelayMs;
    store.stepClock(untilSealMs);
    expect(fold(store, read(true))).toBe(true);
    store.stepClock(-untilSealMs);
    publish(1);
    return contents();
  }

  it(`prevents that a packet is counted again when the clock is before W once more: ${ruleTexts.sealFlag}`, () => {
    expect(publishAfterSeal(rulesWithout())).toEqual([1]);
    expect(publishAfterSeal(rulesWithout('sealFlag'))).toEqual([1, 1]);
  });
});
