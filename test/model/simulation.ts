/*
 * A model of the protocol, small enough to be read and fast enough to be played hundreds of times with faults.
 *
 * Each measurement has a number, and a state is the set of numbers that one replica counted in a slot. So every loss and
 * every repetition is seen, where sums would hide one behind the other. Time is simulated: event-loop.ts jumps from one
 * event to the next, and everything that is random follows from a seed.
 *
 *   fault-script.ts   what happens to the fleet, as data; knows nothing of the model. apply-fault.ts does it to a world
 *   rules.ts          the rules that can be left out, and the event that each prevents; rules.spec.ts proves each one
 *   world.ts          joins the parts of a run: store, network, three seats for replicas, two keepers, two readers
 *   model-store.ts    tables, a clock that can be stepped, the publish script; keeper-scripts.ts has fold and seal;
 *                     journal.ts takes writes back for a fail-over that loses the last ones
 *   network.ts        calls that are lost, repeated, cut before or after the reply, or arrive minutes later (zombies)
 *   model-replica.ts  publishes as the package does; open-slots.ts counts, sent-states.ts knows what is acknowledged,
 *                     model-outbox.ts remembers closed states and audits them, shutdown.ts ends
 *   model-keeper.ts   folds, seals, prunes and writes control documents, with a pause between its read and its write
 *   model-reader.ts   composed reads with a cache; gaps.ts says what an answer must admit to lack
 *   ledger.ts         what really happened; invariants.ts compares; excuses.ts says which loss a fault excuses
 *
 * Of the package itself it uses time-slot (slots, W, expiry), StoreClock (the samples of the store's time), StoreHistory
 * (what a replica concludes from answers: losses for good), resolveWindow and planSlots (which slots make up a window). The rest is written anew, since it must be possible to leave rules out.
 * Horizons are scaled by about 1 : 400 (slots.ts). Numbers of invariants are those the rules were found with:
 *   1 nothing is counted twice, in any slot at any moment     2 what no fault excuses is in the store when W has passed
 *   3, 6 a fold changes nothing, or is refused                4 order, repetition and delay of publishes do not matter
 *   5 final states and sealed slots do not change             7 what the store lacks is in the memory of its replica
 *   8 a cached read equals an uncached one                    9 no measurement is in two slots of a composed read
 *   10 what is missing is covered by a gap, and a calm fleet has none        13 a sealed slot holds `*` and `z` only
 *   16 control writes form one order, by holders of the lease 17 living replicas restore what a wipe took (with 2)
 *
 * Not modelled: bytes and caps of names, schemas and signatures, WAIT, budgets, several families, Redis Cluster.
 */

import { applyFault, endFaults } from './apply-fault.js';
import { describeFault, type EpisodeKind, makeFaultScript, type TimedFault } from './fault-script.js';
import type { Violation } from './invariants.js';
import type { Rules } from './rules.js';
import { confirmAfterMs, longestWriteMs, sealDelayMs, slotOfId } from './slots.js';
import { World } from './world.js';

/** One run. */
export interface RunOptions {
  readonly seed: number;
  readonly rules: Rules;
  /** Kinds of faults; all when left out, none when empty. */
  readonly kinds?: readonly EpisodeKind[];
  /** By which the clocks of all hosts are off, in milliseconds; random within 3 s when left out. */
  readonly skewMs?: number;
  /** Stops at the first violation: enough to know that a rule is needed. */
  readonly stopsEarly?: boolean;
}

/** What came of it. */
export interface RunResult {
  readonly seed: number;
  readonly script: readonly TimedFault[];
  readonly measurements: number;
  readonly violations: readonly Violation[];
}

const seats = 3;
const keepers = 2;
const loadMs = 320_000;
/** After the last seal: time for what follows from it. */
const restMs = 20_000;

/** Plays the script of a seed in simulated time. The same seed and rules give the same result. */
export function run({ seed, rules, kinds, skewMs, stopsEarly = false }: RunOptions): RunResult {
  const plan = {
    seed,
    seats,
    keepers,
    durationMs: loadMs,
    memoryMs: confirmAfterMs,
    writeMs: longestWriteMs,
    episodes: 7,
  };
  const script = kinds?.length === 0 ? [] : makeFaultScript({ ...plan, ...(kinds && { kinds }) });
  const world = new World({ seed, rules, seats, keepers, isCalm: script.length === 0, rate: 0.7, loadMs, skewMs });
  const { violations } = world.invariants;
  for (const { atMs, fault } of script) world.loop.after(atMs, () => applyFault(world, fault));
  const isOver = (): boolean => stopsEarly && violations.length > 0;
  for (let ms = 20_000; ms <= loadMs && !isOver(); ms += 20_000) world.loop.runUntil(ms);
  if (!isOver()) {
    endFaults(world);
    world.loop.runUntil(loadMs + 1000);
    const sealedMs = Math.max(...world.ledger.slotIds().map((id) => slotOfId(id).writeEndMs)) + sealDelayMs + restMs;
    while (world.store.timeMs < sealedMs && !isOver()) world.loop.runUntil(world.loop.nowMs + 20_000);
    world.invariants.bounds();
  }
  return { seed, script, measurements: world.ledger.measurements.length, violations };
}

/** What people need to understand a run that went wrong. */
export function describeRun({ seed, script, violations }: RunResult): string {
  const lines = violations
    .slice(0, 8)
    .map(({ atMs, invariant, text }) => `  ${(atMs / 1000).toFixed(1)} s: invariant ${invariant}: ${text}`);
  const more = violations.length > 8 ? [`  and ${violations.length - 8} more`] : [];
  return [
    `seed ${seed} breaks ${violations.length} times:`,
    ...lines,
    ...more,
    ' script:',
    ...script.map((timed) => `  ${describeFault(timed)}`),
    ` play it again: NESTMETER_MODEL_SEED=${seed} npm run jest -- test/model/model.spec.ts`,
  ].join('\n');
}
