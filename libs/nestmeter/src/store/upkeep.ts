import { randomBytes } from 'node:crypto';
import type { FamilyDefinition } from '../accumulate/family-definition.js';
import type { GapRecord } from './gap.js';
import type { SealNote } from './folded-state.js';
import type { SlotRef } from './store.js';

/*
 * The contract between a store and whoever keeps it in order: the keeper (fold, seal, lease, pruning), replicas that know
 * of losses (gap records), and those who change control state. Any replica may call any of it at any time; each call is
 * atomic, and harmless when repeated, delayed or overtaken.
 */

/** A slot as a store names it; its retention is known to whoever has the same tiers. */
export interface SlotName {
  readonly family: string;
  readonly slotSeconds: number;
  /** Unix seconds. */
  readonly start: number;
}

/** A wish for the lease. */
export interface Claim {
  /** Random, the same for as long as one holder keeps the lease. */
  readonly token: string;
  readonly replica: string;
  /** Layout of states that the claimer reads and writes: a higher one takes the lease from a lower one. */
  readonly schema: number;
  readonly durationMs: number;
  /** States folded since the lease was taken, for everybody's /health. */
  readonly folded: number;
  /** Milliseconds for which the oldest final state has waited to be folded. */
  readonly lagMs: number;
}

/** Who keeps the store, and until when. */
export interface Lease extends Omit<Claim, 'durationMs'> {
  /** Unix milliseconds of the store. */
  readonly untilMs: number;
}

/** A final state that waits to be folded. */
export interface WaitingState {
  readonly slot: SlotName;
  readonly field: string;
  /** Unix milliseconds of the store at which it was written. */
  readonly sinceMs: number;
}

/** Bytes of states in one answer of {@link Upkeep.parts}, so that no script takes long. */
export const partBytes = 1 << 19;

/** What a fold is made from. */
export interface SlotParts {
  /** The value of `*`; null when nothing was folded yet. */
  readonly folded: Buffer | null;
  readonly sealed: boolean;
  /** States by field, about half a megabyte of them. */
  readonly states: ReadonlyMap<string, Buffer>;
  /** Fields that were asked for and are there, but not among the states, for they would have been too many. */
  readonly rest: readonly string[];
}

/** A state as it was read, by which a store tells that it is still the same. */
export interface ReadState {
  readonly field: string;
  readonly version: number;
}

/** States to be replaced by their sum. */
export interface Fold {
  readonly slot: SlotRef;
  /** Nonce of the `*` that was read; null when there was none. */
  readonly nonce: string | null;
  /** States that go, with the versions that were read; marks take their place. */
  readonly parts: readonly ReadState[];
  /** The new `*`: all of the old one and of the parts. The store adds the number of contributors. */
  readonly folded: { readonly nonce: string; readonly encoded: Buffer };
}

/** The last fold of a slot. */
export interface Seal extends Omit<Fold, 'folded'> {
  /** Null when there is nothing to fold. */
  readonly folded: Fold['folded'] | null;
  /** States that stay beside, since they cannot be merged. */
  readonly beside: readonly ReadState[];
  /** Unix milliseconds of the store before which the slot must not be sealed. */
  readonly notBeforeMs: number;
  readonly note: SealNote;
}

/** An entry of a store's index. */
export interface IndexedSlot {
  readonly slot: SlotName;
  readonly sealed: boolean;
}

/** What somebody knows of the past that the store does not. */
export interface Note {
  readonly gaps: readonly GapRecord[];
  /** Unix seconds since which the store had contents, when its own `since` is later. */
  readonly since: number | null;
  /** Unix seconds: gap records that ended earlier are removed. */
  readonly before?: number;
}

/** A definition as a store has it. */
export interface ToldDefinition extends FamilyDefinition {
  /** Unix milliseconds of the store at which a replica last told it. */
  readonly toldMs: number;
}

/** A document of control state: configuration, alert state, silences, budgets (rule 14). */
export interface ControlDocument {
  readonly name: string;
  /** The higher one wins; of two equal ones the higher id. */
  readonly version: number;
  readonly id: string;
  readonly body: string;
}

/** Which state of a control document one is. */
export type DocumentHead = Pick<ControlDocument, 'version' | 'id'>;

/**
 * What one replica asks to hold of a budget in one period: a field that only it writes, as an amount and never as an
 * increment. Amounts are whole nano-USD or tokens.
 */
export interface Reservation {
  /** Names the budget, its group and the period. */
  readonly account: string;
  /** Unix seconds at which the account is removed. */
  readonly expiresAt: number;
  /** The replica, under a name that no other process has. */
  readonly holder: string;
  /** Rises with each change; an older one changes nothing. */
  readonly version: number;
  /** The version that the store confirmed last, 0 for none: finding an older one shows that the store lost reservations. */
  readonly acknowledged: number;
  /** What the replica spent; part of what it holds. */
  readonly spent: number;
  /** What it holds already, which it keeps whatever others hold. */
  readonly held: number;
  /** What it wishes to hold; not less than `held`. */
  readonly wanted: number;
  /** What all may hold together. */
  readonly limit: number;
  /** What is known to be used by all, reserved or not. */
  readonly used: number;
  /** Said with the last one: the replica will hold no more. */
  readonly final: boolean;
}

/** What became of a {@link Reservation}. */
export interface Reserved {
  /** What the replica holds as far as the store knows. */
  readonly held: number;
  /** The version of that. */
  readonly version: number;
  /** What is left for all. 0 while it is not known what others held before the store lost it. */
  readonly free: number;
}

/** After the store lost reservations nobody gets more for so long: replicas say again what they hold. */
export const restoringMs = 5000;

/** See the head of this file. All calls reject with NM_STORE_UNREACHABLE when the outcome is unknown. */
export interface Upkeep {
  /**
   * Takes or renews the lease if it is free, run out, one's own, or held by a lower schema.
   *
   * @returns the lease as it is then, whoever holds it
   */
  claim(claim: Claim): Promise<Lease>;
  /** Gives the lease back, if it is still that of `token`. */
  release(token: string): Promise<void>;

  /** Final states that wait to be folded, those that have waited longest first. */
  waiting(limit: number): Promise<readonly WaitingState[]>;
  /** Takes states from the list of those that wait: they cannot be folded by this release. */
  dismiss(states: readonly WaitingState[]): Promise<void>;
  /** Reads `*` and some states of a slot, or with null all of them; null when there is no such slot. */
  parts(slot: SlotRef, fields: readonly string[] | null): Promise<SlotParts | null>;
  /**
   * Rule 8. Replaces final states by their sum, if `*` and every one of them are still those that were read: `changed`
   * when they are not, when one is not final, or when the slot is sealed.
   */
  fold(fold: Fold): Promise<'folded' | 'changed'>;
  /**
   * Rule 9. Folds what is left, deletes marks and closes the slot for ever: `early` before its time, `changed` when the
   * states are not exactly those that were read.
   */
  seal(seal: Seal): Promise<'sealed' | 'changed' | 'early'>;
  /** All entries of the index. */
  slots(): Promise<readonly IndexedSlot[]>;
  /** Removes those entries of the index whose slot is gone. */
  prune(slots: readonly SlotName[]): Promise<void>;
  /**
   * Rule 5. Removes beats that nobody renewed since then, with gap records for those that did not say `left`: without
   * them a loss would be forgotten before the numbers that lack it.
   *
   * @param beforeMs Unix milliseconds of the store
   */
  retire(beforeMs: number): Promise<void>;

  /** Rule 4. What replicas said of their families. */
  definitions(): Promise<readonly ToldDefinition[]>;
  /** Removes definitions, unless they were told again since they were read. */
  forget(definitions: readonly ToldDefinition[]): Promise<void>;

  /** Rule 11. Adds gap records, joined and bounded, and writes back an earlier `since`. */
  note(note: Note): Promise<void>;

  /**
   * Rule 14. Writes a control document unless the store has it or a higher one.
   *
   * @param token of the lease, for documents that only its holder may write: `refused` when it is not held by it
   * @param base what the document was made from, null for none: `changed` when the store has anything else, so that of two
   *   who change the same state at the same time only one succeeds. Left out, only the order of versions and ids counts
   */
  offer(
    document: ControlDocument,
    token: string | null,
    base?: DocumentHead | null,
  ): Promise<'stored' | 'have' | 'refused' | 'changed'>;
  /**
   * Rule 14. Replaces what a replica holds of a budget. It gets what it wishes as far as all together stay within the limit:
   * the larger of all that is held, and of what is used and what is held beyond what its holders spent. It never gets less
   * than it holds already.
   */
  reserve(reservation: Reservation): Promise<Reserved>;
  /** Control documents by name; null for those that the store lacks. */
  documents(names: readonly string[]): Promise<readonly (ControlDocument | null)[]>;
}

/**
 * Rule 4: an expired slot stays in the index for a while. The clock of a store, or of the node that takes over, may step
 * back to before its expiry: it must then read as lost, not as if nothing had been counted.
 */
export const longestStepMs = 10 * 60_000;

/** Whether one control document wins over another. */
export function isHigher(one: DocumentHead, other: DocumentHead): boolean {
  return one.version > other.version || (one.version === other.version && one.id > other.id);
}

/** Whether two name the same state of a control document. */
export function isSame(one: DocumentHead, other: DocumentHead): boolean {
  return one.version === other.version && one.id === other.id;
}

/** The head of a state that is made from one of a version; 0 for the first. */
export function nextHead(version: number): DocumentHead {
  return { version: version + 1, id: randomBytes(9).toString('base64url') };
}
