import { lossOf } from './excuses.js';
import { gapsOf, isCovered } from './gaps.js';
import type { Measurement } from './ledger.js';
import type { StoreWatch } from './model-store.js';
import type { ModelSlot } from './slots.js';
import { type ControlDocument, contentsOf, type SlotKey, type State, type Write } from './store-contents.js';
import type { World } from './world.js';

/** Something that the protocol promises and that did not hold. */
export interface Violation {
  readonly atMs: number;
  /** Number in the list of invariants that the rules were found with. */
  readonly invariant: number;
  readonly text: string;
}

/** What was counted so lately may still be on its way. */
const onItsWayMs = 4500;

/** Checks what must always hold: at each write, at each read, and once a slot takes no more writes. */
export class Invariants implements StoreWatch {
  readonly violations: Violation[] = [];
  /** Set once the world is made, which needs the watch of its store. */
  world!: World;
  #stamps = new Int32Array(1024);
  #stamp = 0;

  stateWritten(slot: ModelSlot, before: SlotKey | undefined, after: SlotKey, { field, state }: Write): void {
    const held = before?.states.get(field);
    if (held?.final && !this.#isAmbiguous(held) && !sameIds(held, state!))
      this.#broken(5, slot, `the final state ${field} changed`);
    if (before?.sealed) this.#broken(5, slot, `${field} was written after the seal`);
    this.world.ledger.stored(slot.level, state!.ids, this.world.loop.nowMs);
    this.#once(slot, after);
  }

  folded(slot: ModelSlot, before: SlotKey, after: SlotKey): void {
    this.#once(slot, after);
    const ids = (key: SlotKey): string => [...contentsOf(key)].sort((a, b) => a - b).join();
    if (ids(before) !== ids(after))
      this.#broken(before.folded?.nonce === after.folded?.nonce ? 6 : 3, slot, 'a fold changed what the slot holds');
  }

  controlWritten(
    before: ControlDocument | null,
    after: ControlDocument,
    by: 'offer' | 'holder' | 'former holder',
  ): void {
    if (by === 'offer') return;
    if ((before?.id ?? null) !== after.parent) this.#broken(16, null, `control document ${after.version} replaced ${before?.version}, which its writer did not know`); // prettier-ignore
    if (by === 'former holder') this.#broken(16, null, `control document ${after.version} was written by a keeper that had lost the lease`); // prettier-ignore
  }

  doubled(id: number, slot: ModelSlot, other: ModelSlot): void {
    this.#broken(slot === other ? 1 : 9, slot, `a read counts measurement ${id} twice, in ${other.id} too`);
  }

  cached(slot: ModelSlot, cached: SlotKey | undefined, stored: SlotKey | undefined): void {
    if (cached === stored) return;
    this.#broken(8, slot, 'a cached slot differs from the stored one');
  }

  /** A read: what it lacks is on its way, or the answer says that it lacks it. */
  read(slot: ModelSlot, present: ReadonlySet<number>): void {
    const { loop, ledger, store } = this.world;
    const missing = ledger
      .of(slot)
      .filter(
        ({ id, atMs, storeMs }) =>
          !present.has(id) && loop.nowMs - atMs > onItsWayMs && store.timeMs - storeMs > onItsWayMs,
      );
    this.#areCovered(slot, missing);
    const [gap] = this.world.options.isCalm ? gapsOf(store, slot) : [];
    if (gap !== undefined)
      this.#broken(10, slot, `an answer says that it lacks something (${gap.reason}), and nothing happened`);
    for (const one of missing) {
      const owner = this.world.replicaOf(one.process);
      if (owner === undefined || one.storedAtMs[slot.level] !== null || one.countedLost[slot.level]) continue;
      if (ledger.isAmbiguous(one)) continue;
      if (!owner.ownStates(slot).some(({ ids }) => ids.includes(one.id))) this.#lost(7, slot, one, 'is neither in the store nor in the memory of its replica'); // prettier-ignore
    }
  }

  /** A slot that takes no more writes: it has everything that no fault excuses. */
  settled(slot: ModelSlot): void {
    const { store, ledger } = this.world;
    const present = new Set(contentsOf(store.key(slot)));
    const missing = ledger.of(slot).filter(({ id }) => !present.has(id));
    this.#areCovered(slot, missing);
    for (const one of missing) {
      const loss = lossOf(this.world, slot, one);
      if (loss !== null) this.#lost(2, slot, one, loss);
    }
  }

  /** After the last slot was sealed. */
  bounds(): void {
    const { store } = this.world;
    for (const [id, key] of store.keys.entries()) {
      const slot = this.world.slotOf(id);
      if (slot.level === 0) continue;
      if (!key.sealed || key.states.size > 0 || key.marks.size > 0) this.#broken(13, slot, `holds ${key.states.size} states and ${key.marks.size} marks after its seal`); // prettier-ignore
    }
    for (const replica of this.world.replicas()) if (replica.outbox.size > 0) this.#broken(13, null, `the outbox of ${replica.process.name} holds ${replica.outbox.size} states`); // prettier-ignore
    const documents = new Set(
      [...this.world.replicas()].map(({ control }) => control?.id).filter((id) => id !== undefined),
    );
    const held = store.control.get('control')?.id;
    if (documents.size > 1 || (documents.size === 1 && !documents.has(held!))) this.#broken(16, null, 'replicas and store have different control documents'); // prettier-ignore
  }

  #areCovered(slot: ModelSlot, missing: readonly Measurement[]): void {
    if (missing.length === 0) return;
    const { ledger } = this.world;
    const isUnknown = ledger.destructions.some(
      (one) => one.slot === null && (!ledger.wasNoticed(one) || ledger.isBeforeStep(one)),
    );
    if (isUnknown) return;
    const gaps = gapsOf(this.world.store, slot);
    for (const one of missing)
      if (!isCovered(gaps, slot, one) && !this.world.isBeyondSilence(one))
        this.#lost(10, slot, one, 'is missing and no gap says so');
  }

  /** Checks that nothing is in a slot twice. */
  #once(slot: ModelSlot, key: SlotKey): void {
    const stamp = ++this.#stamp;
    const count = this.world.ledger.measurements.length;
    if (count > this.#stamps.length) this.#stamps = new Int32Array(2 * count);
    for (const id of contentsOf(key)) {
      if (this.#stamps[id] === stamp) this.#broken(1, slot, `measurement ${id} is stored twice`);
      this.#stamps[id] = stamp;
    }
  }

  #isAmbiguous({ ids }: State): boolean {
    const { ledger } = this.world;
    return ids.some((id) => ledger.isAmbiguous(ledger.measurements[id]!));
  }

  #lost(invariant: number, slot: ModelSlot, { id, process, atMs }: Measurement, text: string): void {
    this.#broken(
      invariant,
      slot,
      `measurement ${id} of ${process.name}, counted at ${(atMs / 1000).toFixed(1)} s, ${text}`,
    );
  }

  #broken(invariant: number, slot: ModelSlot | null, text: string): void {
    this.violations.push({
      atMs: this.world.loop.nowMs,
      invariant,
      text: slot === null ? text : `slot ${slot.id}: ${text}`,
    });
  }
}

function sameIds(one: State, other: State): boolean {
  return one.ids.length === other.ids.length && one.ids.every((id, at) => id === other.ids[at]);
}
