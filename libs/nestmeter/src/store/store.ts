import type { Tier } from '../time-slot.js';
import type { GapRecord, StoredUpTo } from './gap.js';
import type { FamilyDefinition } from '../accumulate/family-definition.js';
import type { Lease, SlotName, Upkeep } from './upkeep.js';

/*
 * The contract between a replica and what replicas share. It speaks of the protocol's operations, never of commands, and
 * every store passes the one suite in store-contract.ts. What keeps a store in order is in upkeep.ts.
 */

/** One family in one slot of one tier. */
export interface SlotRef {
  /** Name of the family. */
  readonly family: string;
  readonly tier: Tier;
  /** Unix seconds. */
  readonly start: number;
}

/** The same text for the same slot, for use as a map key. */
export function slotId(slot: SlotRef | SlotName): string {
  const slotSeconds = 'tier' in slot ? slot.tier.slotSeconds : slot.slotSeconds;
  return `${encodeURIComponent(slot.family.toWellFormed())}:${slotSeconds}:${slot.start}`;
}

/** The slot that a {@link slotId} names; null for a text that names none. */
export function slotName(id: string): SlotName | null {
  const match = /^([^:]+|):(\d{1,6}):(\d{1,12})$/.exec(id);
  if (match === null) return null;
  try {
    return { family: decodeURIComponent(match[1]!), slotSeconds: Number(match[2]), start: Number(match[3]) };
  } catch {
    return null;
  }
}

/** The id in a field `r:<id>.<generation>`; null for fields that are not one replica's state. */
export function replicaOf(field: string): string | null {
  return /^r:([^.]+)\./.exec(field)?.[1] ?? null;
}

/** A state of this replica for one slot, or, without `encoded`, the question whether the store still has it. */
export interface StateWrite {
  readonly slot: SlotRef;
  /** `r:<id>.<generation>`: the one field of the slot that this replica writes. */
  readonly field: string;
  readonly version: number;
  /** Header and body, see accumulate/encoded-state.ts; null asks without writing (an audit). */
  readonly encoded: Buffer | null;
}

/** What became of a write. */
export interface WriteResult {
  /**
   * - `stored`: replaced what was there, or nothing was
   * - `have`: the store holds this version or a later one, a final one, or it is already folded
   * - `missing`: an audit found nothing or an older version
   * - `late`: the slot takes no more writes
   */
  readonly outcome: 'stored' | 'have' | 'missing' | 'late';
  /** The version that the store held before; null when it held none. */
  readonly found: number | null;
}

/** What a replica last saw of the limits of one model. Times are Unix milliseconds; null is unknown. */
export interface ModelLimits {
  readonly provider: string;
  /** The model asked for. */
  readonly model: string;
  /** The one that answered last, where its name is another. */
  readonly answeredBy: string | null;
  readonly limits: readonly {
    readonly kind: string;
    readonly limit: number | null;
    readonly remaining: number | null;
    /** When it is full again. */
    readonly resetMs: number | null;
    readonly seenMs: number;
  }[];
  /** Until when the provider said to wait; null once a call got through. */
  readonly retryMs: number | null;
  /** When it said so, or took it back. */
  readonly retrySeenMs: number | null;
}

/** The last error message of a provider's failures of one category, scrubbed. */
export interface ErrorSeen {
  readonly provider: string;
  readonly category: string;
  readonly message: string;
  /** Unix milliseconds of the store's clock. */
  readonly atMs: number;
}

/** Most definitions of families in a store; past it new ones are refused. */
export const mostDefinitions = 128;

/** The name under which a definition is kept. */
export function definitionField({ family, signature }: Pick<FamilyDefinition, 'family' | 'signature'>): string {
  return `${encodeURIComponent(family.toWellFormed())}:${signature}`;
}

/** At most so many limits travel in a beat. */
export const mostLimits = 50;

/** What a replica says about itself with each publish. Replaced as a whole by one with a higher number; never added to. */
export interface Beat {
  readonly id: string;
  /** Rises by 1 with each publish; a lower one found in the store means that the store went back. */
  readonly number: number;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** Version of this package. */
  readonly version: string;
  /** Layout of states that this replica reads and writes. */
  readonly schema: number;
  /** Unix seconds at which the process started to measure. */
  readonly started: number;
  readonly intervalMs: number;
  /** Said with the last beat: the replica stopped on purpose. */
  readonly left: boolean;
  /** Signature of each family this replica knows, by name. */
  readonly families: Readonly<Record<string, string>>;
  /** Levels of this moment by name, at most 100: calls in flight, queue depths, memory. */
  readonly current: Readonly<Record<string, number>>;
  /** Numbers of the last 60 s and since start, for `?by=replica`. */
  readonly summary: Readonly<Record<string, number | null>>;
  /** Last error messages, where the application keeps them; older versions do not tell them. */
  readonly lastErrors?: readonly ErrorSeen[] | undefined;
  /** Limits of providers as last seen, at most {@link mostLimits}; older versions do not tell them. */
  readonly headroom?: readonly ModelLimits[] | undefined;
}

/** One call to the store: some states, and who sends them. */
export interface Publication {
  readonly beat: Beat;
  readonly writes: readonly StateWrite[];
  /** The id that the store takes as its own if it has none yet. */
  readonly bornCandidate: string;
  /** Random, another one with each call: it tells a call that arrives twice from one of another process. */
  readonly call?: string;
  /** Number of the last beat whose answer the sender got; 0, the default, for none. */
  readonly acknowledgedBeat?: number;
  /** Milliseconds for which the sender counts without having known a store; 0, the default, once it does. */
  readonly countedForMs?: number;
  /**
   * Up to when all that the sender counted is in the store once this call is: not taken over if one of its states was too
   * late, nor while the sender does not know that the store lost or forgot what it had acknowledged. Unknown where it is
   * left out; a negative time is one so long before this call.
   */
  readonly storedUpTo?: StoredUpTo;
  /** Replicas that lived before the store was lost or went back, which it may not know of any more. */
  readonly missed?: readonly MissedReplica[];
  /** Families of which the store may not know what they are. At most {@link mostDefinitions} are kept. */
  readonly definitions?: readonly FamilyDefinition[];
}

/** A replica that lived before the store was lost or went back. */
export interface MissedReplica extends SilentReplica {
  /** Unix milliseconds from which on the store may lack what it counted, in every tier. */
  readonly lacksSinceMs: number;
}

/** A replica that does not publish. */
export interface SilentReplica {
  readonly id: string;
  /** Unix milliseconds of the store at its last beat, or when it was last seen. */
  readonly atMs: number;
}

/** When a store's contents began, and under which name: another id means that everything before is gone. */
export interface Born {
  readonly id: string;
  /** Unix seconds. */
  readonly since: number;
}

/** What the store answers to a {@link Publication}. */
export interface Receipt {
  /** Unix milliseconds of the store's clock. */
  readonly timeMs: number;
  /** One for each write, in order. */
  readonly results: readonly WriteResult[];
  /**
   * Number of this replica's previous beat in the store; null when it had none. One that is lower than the sender's
   * `acknowledgedBeat` is told until the sender has acknowledged it.
   */
  readonly previousBeat: number | null;
  /** Unix milliseconds of the store at that beat; null when there was none. */
  readonly previousBeatMs: number | null;
  readonly born: Born;
  /** Ids of replicas that beat within three intervals and did not leave. */
  readonly live: readonly string[];
  /** Unix milliseconds of the last beat of whoever left last; null when nobody did. */
  readonly departedMs: number | null;
  /** The same of who fell silent last, before those that are told. */
  readonly fallenMs: number | null;
  /** Whether this very call had arrived before. */
  readonly isRepeated: boolean;
  /** Replicas that fell silent within the last {@link toldSilentSeconds}, at most 100. */
  readonly silent: readonly SilentReplica[];
  /** Who keeps the store, perhaps no longer; null when nobody took the lease. */
  readonly lease: Lease | null;
  /** What the store has of control documents: name → version and id. */
  readonly documents: ReadonlyMap<string, { readonly version: number; readonly id: string }>;
}

/** A question for slots, naming the revisions that the asker already has. */
export interface ReadRequest {
  readonly slots: readonly { readonly slot: SlotRef; readonly knownRevision: string | null }[];
  /** Whether beats are wanted too: those of living replicas, or with true those of all. */
  readonly beats: boolean | 'live';
}

/** All states of one slot, as they were when it was read. */
export interface SlotContents {
  /** Changes with every write to the slot. */
  readonly revision: string;
  /** By field: `r:…` one replica's state; others as in folded-state.ts, but no marks. */
  readonly fields: ReadonlyMap<string, Buffer>;
  /** Ids of replicas of which a state is among the fields and an earlier one in `*`. */
  readonly alsoFolded: ReadonlySet<string>;
}

/** What a store answers to a {@link ReadRequest}. */
export interface ReadReply {
  /** Unix milliseconds of the store's clock. */
  readonly timeMs: number;
  readonly born: Born | null;
  /**
   * One for each slot asked for, in order: `unchanged` since the known revision, null when there is nothing, `lost` when
   * there was something that has not expired.
   */
  readonly slots: readonly (SlotContents | 'unchanged' | 'lost' | null)[];
  /** Ids of replicas that beat within three intervals and did not leave. */
  readonly live: readonly string[];
  /** The last beat of every living replica, or of every one of the last 25 h; empty unless asked for. */
  readonly beats: readonly { readonly atMs: number; readonly beat: Beat }[];
  /** Replicas that fell silent within 25 h without having said that they leave, the latest {@link mostSilent}, with their last beat. */
  readonly silent: readonly (SilentReplica & { readonly storedUpTo: StoredUpTo })[];
  /** Live replicas of which the store lacks what it ought to have, with the tiers that do; see behindTiers in gap.ts. */
  readonly behind: readonly { readonly id: string; readonly storedUpTo: StoredUpTo }[];
  /** Losses that somebody knows of. */
  readonly gaps: readonly GapRecord[];
}

/** Where states can be read: a store, or this replica's own memory while the store is unreachable. */
export interface StateSource {
  read(request: ReadRequest): Promise<ReadReply>;
}

/** What a store says about itself in /health. Never contains a secret. */
export interface StoreStatus {
  readonly kind: string;
  readonly state: 'ready' | 'connecting' | 'unreachable' | 'stopped';
  /** Since when the state holds, Unix seconds. */
  readonly since: number;
  /** Class and code of the last failure, without values. */
  readonly lastError: string | null;
  /** Facts of the kind of store: address without credentials, eviction policy, bytes held. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** What replicas share. */
export interface Store extends StateSource {
  /**
   * Whether the store lives in this process: then nothing can be lost between publishes, so that open slots are
   * published only when somebody reads.
   */
  readonly embedded: boolean;
  /** Opens what the store needs in the background; never waits for it. */
  start(): void;
  /** Gives everything back. Later calls are rejected. */
  stop(): Promise<void>;
  /**
   * Replaces this replica's states and beat. Harmless when repeated, delayed or overtaken. Rejects with a
   * NestmeterError of code NM_STORE_UNREACHABLE when the outcome is unknown.
   */
  publish(publication: Publication): Promise<Receipt>;
  status(): StoreStatus;
  /** What keeps the store in order. */
  readonly upkeep: Upkeep;
  /** Waits until acknowledged writes reached a second node, if there is one; at most `timeoutMs`. */
  settle(timeoutMs: number): Promise<void>;
  /** Removes all states and beats of the app. For tests. */
  clear(): Promise<void>;
}

/** How many intervals a replica may be silent and still count as live. */
export const liveIntervals = 3;

/** Most silent replicas that a reader is told of; read.lua has it too. */
export const mostSilent = 2000;

/** For how long after its last beat a silent replica is told to others. */
export const toldSilentSeconds = 5 * 60;

/** Beats older than this are removed, with a gap record for whoever did not say that it leaves. */
export const beatLifeSeconds = 25 * 3600;
