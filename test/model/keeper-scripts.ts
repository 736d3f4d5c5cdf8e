import type { ModelStore } from './model-store.js';
import { sealDelayMs, type ModelSlot, slotOfId } from './slots.js';
import type { ControlDocument, SlotKey, State } from './store-contents.js';

/** What a keeper read of a slot, and from which it makes the folded states. */
export interface FoldPlan {
  readonly slot: ModelSlot;
  /** Of `*`; null when there was none. */
  readonly nonce: number | null;
  readonly contributors: number;
  readonly states: readonly State[];
  /** What `*` shall hold. */
  readonly ids: readonly number[];
  readonly unfinished: readonly number[];
  readonly seals: boolean;
}

/** Slots in which a keeper has something to do, and which of them to seal. */
export function slotsToKeep(store: ModelStore): { readonly slot: ModelSlot; readonly seals: boolean }[] {
  const due = (slot: ModelSlot): boolean =>
    store.timeMs >= (store.rules.writeEndBeforeSeal ? slot.writeEndMs : slot.endMs) + sealDelayMs;
  return store.index.entries().flatMap(([id]) => {
    const slot = slotOfId(id);
    const key = store.key(slot);
    if (key === undefined) return [];
    const states = [...key.states.values()];
    const seals = due(slot) && !key.sealed;
    const folds = states.some((state) => state.final || !store.rules.foldFinalOnly);
    return seals || folds ? [{ slot, seals }] : [];
  });
}

/** Makes the plan from what was read; null when there is nothing to do. */
export function planFold(slot: ModelSlot, key: SlotKey, seals: boolean, rules: ModelStore['rules']): FoldPlan | null {
  const states = [...key.states.values()].filter((state) => state.final || seals || !rules.foldFinalOnly);
  if (states.length === 0 && !seals) return null;
  const unfinished = states.filter((state) => !state.final).map((state) => state.asOfMs);
  return {
    slot,
    nonce: key.folded?.nonce ?? null,
    contributors: key.folded?.contributors ?? 0,
    states,
    ids: [...(key.folded?.ids ?? []), ...states.flatMap((state) => state.ids)],
    unfinished: [...(key.folded?.unfinished ?? []), ...unfinished],
    seals,
  };
}

/** Rules 8 and 9 in one script: refuses unless what the plan was made from is still there. @returns whether it was done */
export function fold(store: ModelStore, plan: FoldPlan): boolean {
  const { slot, states, ids, unfinished, seals } = plan;
  const { rules } = store;
  const key = store.key(slot);
  // An empty key does not exist in Redis; sealing one that is gone would hide that it is.
  if (key === undefined) return false;
  const isSame = rules.foldNonce
    ? (key.folded?.nonce ?? null) === plan.nonce
    : (key.folded?.contributors ?? 0) === plan.contributors;
  if (!isSame) return false;
  if (states.some((state) => key.states.get(state.field)?.version !== state.version)) return false;
  if (seals && rules.writeEndBeforeSeal && store.timeMs < slot.writeEndMs) return false;
  const left = new Map(key.states);
  const marks = new Map(seals ? [] : key.marks);
  for (const { field, version } of states) {
    left.delete(field);
    if (!seals) marks.set(field, version);
  }
  const folded = { nonce: store.random.next(), contributors: plan.contributors + states.length, ids, unfinished };
  const after = { states: left, marks, folded, sealed: key.sealed || seals };
  store.watch.folded(slot, key, after);
  store.setKey(slot, after);
  return true;
}

/** Takes or prolongs the lease. @returns whether the token has it */
export function takeLease(store: ModelStore, token: string, forMs: number): boolean {
  const held = store.lease.get('lease');
  if (held !== undefined && held.token !== token && store.timeMs < held.untilMs) return false;
  store.lease.set('lease', { token, untilMs: store.timeMs + forMs });
  return true;
}

/** Replaces the control document. @returns whether the token still has the lease */
export function writeControl(store: ModelStore, token: string, document: ControlDocument): boolean {
  const lease = store.lease.get('lease');
  if (store.rules.leaseInScript && (lease?.token !== token || store.timeMs >= lease.untilMs)) return false;
  const held = store.control.get('control') ?? null;
  if (store.rules.controlParent && (held?.id ?? null) !== document.parent) return false;
  store.watch.controlWritten(held, document, lease?.token === token ? 'holder' : 'former holder');
  store.control.set('control', document);
  return true;
}
