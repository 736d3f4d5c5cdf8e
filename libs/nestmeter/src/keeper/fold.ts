import { Pace } from '../accumulate/pace.js';
import type { Clock } from '../clock.js';
import { isFinal } from '../store/folded-state.js';
import { slotId } from '../store/store.js';
import type { Upkeep, WaitingState } from '../store/upkeep.js';
import { familyOf } from './known-families.js';
import { mergeSlot } from './merge-slot.js';
import type { knownSlots, KnownSlot } from './slot-family.js';

/** Final states looked at in one go. */
const atOnce = 500;

/** What a {@link Folding} is made of. */
export interface FoldingOptions {
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  readonly storeNowMs: () => number;
  readonly known: ReturnType<typeof knownSlots>;
  /** A slot is folded once one of its final states has waited so long: finals of a fleet come within a few seconds. */
  readonly foldAfterMs: number;
}

/**
 * Rule 8: folds final states of many replicas into one, each for itself and in open slots too, so that neither a replica
 * that never finishes nor a short-lived one fills a slot.
 */
export class Folding {
  /** States folded, and folds refused because the slot had changed meanwhile. */
  readonly counts = { folded: 0, refused: 0 };
  #lagMs = 0;

  constructor(private readonly options: FoldingOptions) {}

  /** Milliseconds for which the oldest final state had waited when it was last looked; 0 when none was due. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /**
   * Folds all that is due, giving way to the event loop.
   *
   * @param mayGoOn asked before each slot
   */
  async run(mayGoOn: () => Promise<boolean>): Promise<void> {
    const { upkeep, storeNowMs, foldAfterMs } = this.options;
    for (;;) {
      const waiting = await upkeep.waiting(atOnce);
      const dueMs = storeNowMs() - foldAfterMs;
      const due = slotsOf(waiting).filter(([first]) => first!.sinceMs <= dueMs);
      this.#lagMs = due.length === 0 ? 0 : storeNowMs() - due[0]![0]!.sinceMs;
      let isAnyDone = false;
      for (const states of due) {
        if (!(await mayGoOn())) return;
        isAnyDone = (await this.#foldSlot(states)) || isAnyDone;
      }
      // What was refused because it had changed is tried again in the next pass.
      if (!isAnyDone || waiting.length < atOnce) break;
    }
    if (this.#lagMs > 0) {
      const [oldest] = await upkeep.waiting(1);
      this.#lagMs = oldest === undefined ? 0 : Math.max(0, storeNowMs() - oldest.sinceMs);
    }
  }

  /** @returns whether the list of those that wait is shorter now */
  async #foldSlot(states: readonly WaitingState[]): Promise<boolean> {
    const { upkeep, known } = this.options;
    const slot = known(states[0]!.slot);
    const done = slot === null ? states : await this.#fold(slot, states);
    await upkeep.dismiss(done);
    return done.length > 0;
  }

  /** @returns the states that need not be looked at again: folded, gone, or not to be folded by this release */
  async #fold({ slot, families }: KnownSlot, waiting: readonly WaitingState[]): Promise<WaitingState[]> {
    const { upkeep, clock } = this.options;
    const refused = new Set<string>();
    let fields: readonly string[] = waiting.map(({ field }) => field);
    while (fields.length > 0) {
      const parts = await upkeep.parts(slot, fields);
      if (parts === null || parts.sealed) break;
      fields = parts.rest;
      const finals = new Map([...parts.states].filter(([, encoded]) => isFinal(encoded)));
      if (finals.size === 0) continue;
      const merged = await mergeSlot(familyOf(families, parts, finals), parts, finals, new Pace(clock));
      if (merged === null) break;
      if (merged.parts.length === 0) continue;
      if ((await upkeep.fold({ slot, ...merged })) === 'folded') this.counts.folded += merged.parts.length;
      else {
        this.counts.refused++;
        for (const field of [...finals.keys(), ...fields]) refused.add(field);
        break;
      }
    }
    return waiting.filter(({ field }) => !refused.has(field));
  }
}

/** States by slot; slots and states in the order given. */
function slotsOf(waiting: readonly WaitingState[]): WaitingState[][] {
  const slots = new Map<string, WaitingState[]>();
  for (const state of waiting) {
    const id = slotId(state.slot);
    const states = slots.get(id);
    if (states === undefined) slots.set(id, [state]);
    else states.push(state);
  }
  return [...slots.values()];
}
