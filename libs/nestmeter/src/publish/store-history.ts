import { randomBytes } from 'node:crypto';
import { type Born, type MissedReplica, type Publication, type Receipt, replicaOf, type StateWrite, type WriteResult } from '../store/store.js'; // prettier-ignore
import { unpublishedSeconds } from '../store/gap.js';
import type { Losses } from './losses.js';
import { confirmAfterMs } from './outbox.js';

/** Beats are kept for 25 h: that one is missing after a longer silence of ours means nothing. */
const longestSilenceMs = 24 * 3_600_000;

/** For how long what is lost can be healed, and noticed. */
export interface Horizons {
  /** Milliseconds for which replicas remember closed states at least. */
  readonly confirmAfterMs: number;
  /** Milliseconds for which a silent replica may have counted what nobody got. */
  readonly unpublishedMs: number;
  /** Milliseconds of silence after which a beat may have been removed. */
  readonly longestSilenceMs: number;
}

const realHorizons: Horizons = { confirmAfterMs, unpublishedMs: unpublishedSeconds * 1000, longestSilenceMs };

/** What a receipt tells beside the outcomes of states. */
export interface Signs {
  /** Whether the store may lack what it had acknowledged. */
  readonly isSuspect: boolean;
  /** Whether it is another store, or the same one emptied. */
  readonly isReplaced: boolean;
  /** Whether somebody else publishes under our id. */
  readonly isForeign: boolean;
}

/**
 * What this replica knows of its store: under which name it was born and since when it has contents, which of our beats it
 * acknowledged, who lived. From that it notices a store that was emptied or went back, and says which time is lost for
 * good: what living replicas have they send again, open slots and half an hour of closed ones (rules 7 and 11).
 */
export class StoreHistory {
  #born: Born | null = null;
  #acknowledgedNumber = 0;
  #last: Pick<Receipt, 'timeMs' | 'live' | 'silent' | 'departedMs' | 'fallenMs'> | null = null;
  /** The latest time that the store ever told: what it was asked about by then may be forgotten, though its clock went back. */
  #latestMs = 0;
  /** When its clock was set back: with the answer to which beat, and to when. */
  #stepsBack: readonly { readonly number: number; readonly toMs: number }[] = [];
  #missed: readonly MissedReplica[] = [];
  /** Replicas that were lost with a store and have not returned: since when something of them may be lacking. */
  readonly #lacking = new Map<string, number>();
  #bornCandidate = randomName();

  constructor(
    private readonly losses: Pick<Losses, 'addTime' | 'remind'>,
    private readonly horizons: Horizons = realHorizons,
  ) {}

  /** The name that an empty store shall take. */
  get bornCandidate(): string {
    return this.#bornCandidate;
  }

  /** The store's name and the time of its first contents; null before the first answer. */
  get born(): Born | null {
    return this.#born;
  }

  /** Number of the last beat whose answer came; 0 for none. */
  get acknowledgedBeat(): number {
    return this.#acknowledgedNumber;
  }

  /**
   * Rule 11: who lived or had just fallen silent before the store was lost or went back, until it was told. A replica
   * that is cut off meanwhile would else be unknown to it. Until it publishes again, all that it counted since the store lost
   * it is a gap: if it never does, that is lost.
   */
  get missed(): readonly MissedReplica[] {
    return this.#missed;
  }

  /** Takes in what the store said to a publication. */
  learn({ beat, missed }: Publication, receipt: Receipt): Signs {
    const { born, previousBeat } = receipt;
    const isReplaced = this.#born !== null && this.#born.id !== born.id;
    const isBack = !isReplaced && (previousBeat ?? 0) < this.#acknowledgedNumber;
    if (missed === this.#missed) this.#missed = [];
    if (isReplaced) this.#emptied(this.#born!, receipt, beat.id);
    else if (isBack) this.#wentBack(receipt, beat.id);
    for (const id of receipt.live) this.#lacking.delete(id);
    this.#acknowledgedNumber = beat.number;
    this.#born = isReplaced ? { ...born, since: Math.min(born.since, this.#born!.since) } : born;
    if (this.#last !== null && receipt.timeMs < this.#last.timeMs)
      this.#stepsBack = [...this.#stepsBack, { number: beat.number, toMs: receipt.timeMs }].slice(-mostSteps);
    this.#last = receipt;
    this.#latestMs = Math.max(this.#latestMs, receipt.timeMs);
    // Used up: were it used for the next store too, nobody would notice that it is another one.
    if (born.id === this.#bornCandidate) this.#bornCandidate = randomName();
    return {
      isSuspect: isReplaced || isBack,
      isReplaced,
      isForeign: !receipt.isRepeated && (previousBeat ?? 0) >= beat.number,
    };
  }

  /**
   * Whether a state that the store has was written by somebody else under this id: of a version that never went out, or
   * final before this process made it so.
   *
   * @param lastSent highest version of it that had gone out before this call
   */
  static isForeign({ field, version }: StateWrite, { outcome, found }: WriteResult, lastSent: number, id: string) {
    // Of the present id only: what was counted under one that had to be given up stays where it is.
    if (replicaOf(field) !== id || found === null) return false;
    return found > lastSent || (outcome === 'have' && found < version);
  }

  /** This replica goes on under another id. */
  restart(): void {
    this.#acknowledgedNumber = 0;
  }

  /** Knows what another one knows, as a copy of its process does. For tests. */
  copyFrom(other: StoreHistory): void {
    this.#born = other.#born;
    this.#acknowledgedNumber = other.#acknowledgedNumber;
    this.#last = other.#last;
    this.#missed = other.#missed;
    this.#latestMs = other.#latestMs;
    this.#stepsBack = other.#stepsBack;
    for (const [id, since] of other.#lacking) this.#lacking.set(id, since);
  }

  /** Forgets the store. For tests, which empty it on purpose. */
  clear(): void {
    this.#born = null;
    this.#acknowledgedNumber = 0;
    this.#last = null;
    this.#stepsBack = [];
    this.#missed = [];
    this.#lacking.clear();
  }

  /** Rule 11: a wipe. What is older than living replicas remember is lost, and what others counted who left. */
  #emptied(known: Born, { born }: Receipt, ownId: string): void {
    if (born.since > known.since) this.losses.remind(known.since);
    this.#miss(ownId, known.since * 1000);
    const lostUntilMs = Math.max(this.#rememberedMs, this.#goneMs);
    this.losses.addTime({ from: known.since, to: lostUntilMs / 1000, reason: 'store_emptied' });
  }

  /** Rule 11: a store restored from a copy. What was written since that copy is lost, as far as nobody remembers it. */
  #wentBack({ timeMs, previousBeat, previousBeatMs }: Receipt, ownId: string): void {
    const last = this.#last;
    if (last === null || (previousBeat === null && timeMs - last.timeMs > this.horizons.longestSilenceMs)) return;
    // What was counted since then was perhaps counted at an earlier time.
    const steps = this.#stepsBack.filter(({ number }) => number > (previousBeat ?? 0)).map(({ toMs }) => toMs);
    const fromMs = Math.min(previousBeatMs ?? this.#born!.since * 1000, ...steps);
    this.#miss(ownId, fromMs);
    // Who left since then had no time to send again.
    const lostUntilMs = Math.max(this.#rememberedMs, this.#goneMs);
    this.losses.addTime({ from: fromMs / 1000, to: lostUntilMs / 1000, reason: 'store_went_back' });
  }

  /** Since when living replicas remember all: nothing was forgotten since the store's last answer. */
  get #rememberedMs(): number {
    return this.#latestMs - this.horizons.confirmAfterMs;
  }

  /** Until when those counted who are not put back: who left, and who has been silent for long. */
  get #goneMs(): number {
    const { departedMs = null, fallenMs = null } = this.#last ?? {};
    return Math.max(departedMs ?? 0, fallenMs === null ? 0 : fallenMs + this.horizons.unpublishedMs);
  }

  #miss(ownId: string, lacksSinceMs: number): void {
    const { timeMs = 0, live = [], silent = [] } = this.#last ?? {};
    const seen = [...live.map((id) => ({ id, atMs: timeMs })), ...silent].filter(({ id }) => id !== ownId);
    this.#missed = seen.map((replica) => {
      const since = Math.min(lacksSinceMs, this.#lacking.get(replica.id) ?? Infinity);
      this.#lacking.set(replica.id, since);
      return { ...replica, lacksSinceMs: since };
    });
    for (const id of this.#lacking.keys()) if (this.#lacking.size > mostLacking) this.#lacking.delete(id);
  }
}

/** Steps of the store's clock that are remembered. */
const mostSteps = 20;

/** Replicas that are remembered as lost with a store; past it those that were lost first are forgotten. */
const mostLacking = 1000;

function randomName(): string {
  return randomBytes(9).toString('base64url');
}
