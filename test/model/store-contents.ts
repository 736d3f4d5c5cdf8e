import type { MissedReplica, SilentReplica } from '../../libs/nestmeter/src/store/store.js';
import type { ModelSlot } from './slots.js';

/** What one life of a replica counted in a slot: a set of measurements, so that each loss and each repetition is seen. */
export interface State {
  /** `<id>.<generation>` */
  readonly field: string;
  readonly version: number;
  readonly final: boolean;
  /** Store milliseconds up to which it counts, as its writer knew them. */
  readonly asOfMs: number;
  readonly ids: readonly number[];
}

/** `*`: states merged into one. */
export interface Folded {
  readonly nonce: number;
  /** States that were merged into it. */
  readonly contributors: number;
  readonly ids: readonly number[];
  /** As-of of those that were not final when the slot was sealed. */
  readonly unfinished: readonly number[];
}

/** A slot in the store. */
export interface SlotKey {
  readonly states: ReadonlyMap<string, State>;
  /** Field → version that was folded. */
  readonly marks: ReadonlyMap<string, number>;
  readonly folded: Folded | null;
  readonly sealed: boolean;
}

/** A time, in store milliseconds, for which numbers are known to be missing. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** The tier that lacks them; null for all. */
  readonly level: number | null;
  readonly reason: string;
}

/** What a replica says about itself. */
export interface Beat {
  readonly id: string;
  readonly number: number;
  readonly left: boolean;
  /** By tier: store milliseconds up to when everything it counted is in the store once this call is; negative: so long ago. */
  readonly storedUpToMs: readonly number[];
}

/** A beat in the store. */
export interface HeldBeat extends Beat {
  /** Null when only others told of the replica. */
  readonly beatMs: number | null;
  /** When it was last seen, by itself or by others. */
  readonly seenMs: number;
  /** What was found when the store had gone back, until the sender of the next beats has acknowledged it. */
  readonly back: Back | null;
}

/** A beat that was lower than its sender had acknowledged. */
export interface Back {
  readonly acknowledged: number;
  readonly number: number | null;
  readonly beatMs: number | null;
}

/** Control state: configuration, alerts, silences. */
export interface ControlDocument {
  readonly version: number;
  /** Decides between two documents of one version. */
  readonly id: number;
  /** The document it was made from; null for the first. */
  readonly parent: number | null;
}

/** The one state of a lease. */
export interface Lease {
  readonly token: string;
  readonly untilMs: number;
}

/** A state to store, or, with `state: null`, the question whether the store has it. */
export interface Write {
  readonly slot: ModelSlot;
  readonly field: string;
  readonly version: number;
  readonly state: State | null;
}

/** As in the store's contract. */
export interface WriteResult {
  readonly outcome: 'stored' | 'have' | 'missing' | 'late';
  readonly found: number | null;
}

/** One call of a replica. */
export interface Publication {
  readonly beat: Beat;
  readonly writes: readonly Write[];
  /** Number of the sender's last beat that was acknowledged. */
  readonly acknowledgedBeat: number;
  /** When the sender began to count, until it knows a store; then Infinity. */
  readonly startedMs: number;
  readonly bornCandidate: string;
  /** Replicas that were live before the store was lost or went back. */
  readonly missed: readonly MissedReplica[];
  /** The highest control document that the sender knows. */
  readonly control: ControlDocument | null;
}

/** The answer to it. */
export interface Receipt {
  readonly timeMs: number;
  readonly results: readonly WriteResult[];
  readonly previousBeat: number | null;
  readonly previousBeatMs: number | null;
  readonly live: readonly string[];
  readonly departedMs: number | null;
  readonly fallenMs: number | null;
  readonly silent: readonly SilentReplica[];
  readonly born: { readonly id: string; readonly sinceMs: number };
  readonly control: ControlDocument | null;
}

/** Whether a control document outranks another: the higher version, then the higher id. */
export function outranks(one: ControlDocument, other: ControlDocument | null): boolean {
  return other === null || one.version > other.version || (one.version === other.version && one.id > other.id);
}

/** All measurements of a key, those that are in it twice twice. */
export function* contentsOf(key: SlotKey | undefined): Generator<number> {
  if (key === undefined) return;
  if (key.folded !== null) yield* key.folded.ids;
  for (const state of key.states.values()) yield* state.ids;
}
