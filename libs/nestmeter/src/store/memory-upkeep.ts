import {
  decodeFolded,
  encodeFolded,
  encodeSeal,
  foldedField,
  isFinal,
  markOf,
  sealField,
  storedVersion,
} from './folded-state.js';
import { addGaps } from './gap.js';
import type { MemoryContents, StoredSlot } from './memory-contents.js';
import { MemoryReservations } from './memory-reservations.js';
import { definitionField, replicaOf, slotId, type SlotRef } from './store.js';
import {
  type Claim,
  type ControlDocument,
  type DocumentHead,
  type Fold,
  type IndexedSlot,
  isHigher,
  type Lease,
  type Note,
  partBytes,
  type ReadState,
  type Reservation,
  type Reserved,
  type Seal,
  type SlotName,
  type SlotParts,
  type ToldDefinition,
  type Upkeep,
  type WaitingState,
} from './upkeep.js';

/**
 * What keeps a memory store in order, under the same contract as Redis. One process alone has nothing to fold; it is for
 * stores that several replicas share in tests, and so that the contract is one.
 */
export class MemoryUpkeep implements Upkeep {
  readonly #reservations = new MemoryReservations();

  constructor(
    private readonly contents: MemoryContents,
    /** Expires what is due and answers the time, or throws when the store is stopped. */
    private readonly nowMs: () => number,
  ) {}

  async claim({ durationMs, ...claim }: Claim): Promise<Lease> {
    const nowMs = this.nowMs();
    const held = this.contents.lease;
    const isHeld = held !== null && held.token !== claim.token && held.untilMs > nowMs && held.schema >= claim.schema;
    return (this.contents.lease = isHeld ? held : { ...claim, untilMs: nowMs + durationMs });
  }

  async release(token: string): Promise<void> {
    this.nowMs();
    if (this.contents.lease?.token === token) this.contents.lease = null;
  }

  async waiting(limit: number): Promise<WaitingState[]> {
    this.nowMs();
    const states = [...this.contents.slots.values()].flatMap(({ slot, waiting }) =>
      [...waiting].map(([field, sinceMs]) => ({ slot: nameOf(slot), field, sinceMs })),
    );
    return states.sort((a, b) => a.sinceMs - b.sinceMs).slice(0, limit);
  }

  async dismiss(states: readonly WaitingState[]): Promise<void> {
    this.nowMs();
    for (const { slot, field } of states) this.contents.slots.get(slotId(slot))?.waiting.delete(field);
  }

  async parts(slot: SlotRef, fields: readonly string[] | null): Promise<SlotParts | null> {
    const stored = this.#find(slot);
    if (stored === undefined) return null;
    const wanted = fields ?? [...stored.fields.keys()].filter((field) => field.startsWith('r:'));
    const states = new Map<string, Buffer>();
    const rest: string[] = [];
    let bytes = 0;
    for (const field of wanted) {
      const state = stored.fields.get(field);
      if (bytes >= partBytes) rest.push(field);
      else if (state !== undefined) {
        states.set(field, state);
        bytes += state.length;
      }
    }
    const folded = stored.fields.get(foldedField) ?? null;
    return { folded, sealed: stored.fields.has(sealField), states, rest };
  }

  async fold({ slot, nonce, parts, folded }: Fold): Promise<'folded' | 'changed'> {
    const stored = this.#find(slot);
    if (stored === undefined || nonceOf(stored) !== nonce || stored.fields.has(sealField)) return 'changed';
    if (!parts.every((part) => isAsRead(stored, part) && isFinal(stored.fields.get(part.field)!))) return 'changed';
    this.#replace(stored, parts, folded);
    for (const { field, version } of parts) this.contents.set(stored, markOf(field), Buffer.from(String(version)));
    return 'folded';
  }

  async seal({ slot, nonce, parts, beside, folded, notBeforeMs, note }: Seal): Promise<'sealed' | 'changed' | 'early'> {
    if (this.nowMs() < notBeforeMs) return 'early';
    const stored = this.#find(slot);
    if (stored === undefined || nonceOf(stored) !== nonce || stored.fields.has(sealField)) return 'changed';
    const read = [...parts, ...beside];
    const states = [...stored.fields.keys()].filter((field) => field.startsWith('r:'));
    if (states.length !== read.length || !read.every((part) => isAsRead(stored, part))) return 'changed';
    this.#replace(stored, parts, folded);
    stored.waiting.clear();
    for (const field of stored.fields.keys()) if (field.startsWith('m:')) this.contents.set(stored, field, null);
    this.contents.set(stored, sealField, Buffer.from(encodeSeal(note)));
    return 'sealed';
  }

  async slots(): Promise<IndexedSlot[]> {
    this.nowMs();
    const { index, slots } = this.contents;
    return [...index].map(([id, slot]) => ({
      slot: nameOf(slot),
      sealed: slots.get(id)?.fields.has(sealField) ?? false,
    }));
  }

  async prune(slots: readonly SlotName[]): Promise<void> {
    this.nowMs();
    for (const id of slots.map(slotId)) if (!this.contents.slots.has(id)) this.contents.index.delete(id);
  }

  async retire(beforeMs: number): Promise<void> {
    this.nowMs();
    this.contents.retire(beforeMs);
  }

  async definitions(): Promise<ToldDefinition[]> {
    this.nowMs();
    return [...this.contents.definitions.values()];
  }

  async forget(definitions: readonly ToldDefinition[]): Promise<void> {
    this.nowMs();
    for (const definition of definitions) {
      const field = definitionField(definition);
      if (this.contents.definitions.get(field)?.toldMs === definition.toldMs) this.contents.definitions.delete(field);
    }
  }

  async note({ gaps, since, before }: Note): Promise<void> {
    this.nowMs();
    const { contents } = this;
    contents.gaps = addGaps(contents.gaps, gaps, before);
    if (since !== null && contents.born !== null)
      contents.born = { ...contents.born, since: Math.min(contents.born.since, since) };
  }

  async offer(document: ControlDocument, token: string | null, base?: DocumentHead | null) {
    const nowMs = this.nowMs();
    const { lease, documents } = this.contents;
    if (token !== null && (lease?.token !== token || lease.untilMs <= nowMs)) return 'refused';
    const held = documents.get(document.name) ?? null;
    const isBase = base === undefined || (held?.version === base?.version && held?.id === base?.id);
    if (!isBase && (held?.version !== document.version || held.id !== document.id)) return 'changed';
    if (held !== null && !isHigher(document, held)) return 'have';
    documents.set(document.name, document);
    return 'stored';
  }

  async reserve(reservation: Reservation): Promise<Reserved> {
    return this.#reservations.reserve(reservation, this.nowMs());
  }

  async documents(names: readonly string[]): Promise<(ControlDocument | null)[]> {
    this.nowMs();
    return names.map((name) => this.contents.documents.get(name) ?? null);
  }

  /** Removes what replicas hold of budgets. */
  clear(): void {
    this.#reservations.clear();
  }

  #find(slot: SlotRef): StoredSlot | undefined {
    this.nowMs();
    return this.contents.slots.get(slotId(slot));
  }

  #replace(stored: StoredSlot, parts: readonly ReadState[], folded: Seal['folded']): void {
    const marked = [...stored.fields.keys()].filter((field) => field.startsWith('m:'));
    const ids = [...marked.map((mark) => `r:${mark.slice(2)}`), ...parts.map(({ field }) => field)].map(replicaOf);
    for (const { field } of parts) {
      this.contents.set(stored, field, null);
      stored.waiting.delete(field);
    }
    if (folded !== null)
      this.contents.set(stored, foldedField, encodeFolded({ ...folded, contributors: new Set(ids).size }));
    this.contents.touch(stored);
  }
}

function nameOf({ family, tier, start }: SlotRef): SlotName {
  return { family, slotSeconds: tier.slotSeconds, start };
}

function nonceOf({ fields }: StoredSlot): string | null {
  const folded = fields.get(foldedField);
  return folded === undefined ? null : decodeFolded(folded).nonce;
}

function isAsRead({ fields }: StoredSlot, { field, version }: ReadState): boolean {
  const state = fields.get(field);
  return state !== undefined && storedVersion(state) === version;
}
