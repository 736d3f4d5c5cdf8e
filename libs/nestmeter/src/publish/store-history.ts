import { randomBytes } from 'node:crypto';
import { type Born, type Publication, type Receipt, replicaOf, type SilentReplica, type StateWrite, type WriteResult } from '../store/store.js'; // prettier-ignore
import type { Losses } from './losses.js';
import { confirmAfterMs } from './outbox.js';

/** Within this time after a wipe replicas that live must have published again. */
const returnMs = 30_000;
/** Beats are kept for 25 h: that one is missing after a longer silence of ours means nothing. */
const longestSilenceMs = 24 * 3_600_000;

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
  #last: Pick<Receipt, 'timeMs' | 'live' | 'silent' | 'departedMs'> | null = null;
  #missed: readonly SilentReplica[] = [];
  #awaited: { readonly ids: Set<string>; readonly from: number; readonly wipedMs: number } | null = null;

  #bornCandidate = randomName();

  constructor(private readonly losses: Losses) {}

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
   * that is cut off meanwhile would else be unknown to it, and what it counts be missed by nobody.
   */
  get missed(): readonly SilentReplica[] {
    return this.#missed;
  }

  /** Takes in what the store said to a publication. */
  learn({ beat, missed }: Publication, receipt: Receipt): Signs {
    const { born, previousBeat } = receipt;
    const isReplaced = this.#born !== null && this.#born.id !== born.id;
    const isBack = !isReplaced && (previousBeat ?? 0) < this.#acknowledgedNumber;
    if (missed === this.#missed) this.#missed = [];
    if (isReplaced || isBack) this.#miss(beat.id);
    if (isReplaced) this.#emptied(this.#born!, receipt);
    else if (isBack) this.#wentBack(receipt);
    this.#await(receipt);
    this.#acknowledgedNumber = beat.number;
    this.#born = isReplaced ? { ...born, since: Math.min(born.since, this.#born!.since) } : born;
    this.#last = receipt;
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

  /** Forgets the store. For tests, which empty it on purpose. */
  clear(): void {
    this.#born = null;
    this.#missed = [];
    this.#awaited = null;
  }

  /** Rule 11: a wipe. What is older than living replicas remember is lost, and what others counted who are gone. */
  #emptied(known: Born, { born }: Receipt): void {
    // At the latest: contents of the new store began when somebody published to it.
    const wipedMs = born.since * 1000;
    if (born.since > known.since) this.losses.remind(known.since);
    // Nothing was forgotten since its last answer to us.
    const remembered = Math.min(wipedMs, this.#last?.timeMs ?? wipedMs) - confirmAfterMs;
    const { goneMs, awaited } = departuresIn(this.#last);
    const lostUntil = Math.max(remembered, goneMs) / 1000;
    this.losses.addTime({ from: known.since, to: Math.min(lostUntil, born.since), reason: 'store_emptied' });
    this.#awaited = { ids: awaited, from: known.since, wipedMs };
  }

  /** Rule 11: a store restored from a copy. What was written since that copy is lost, as far as nobody remembers it. */
  #wentBack({ timeMs, previousBeatMs }: Receipt): void {
    const last = this.#last;
    if (last === null || timeMs - last.timeMs > longestSilenceMs) return;
    const from = (previousBeatMs ?? this.#born!.since * 1000) / 1000;
    const remembered = timeMs - confirmAfterMs;
    // Who left since then had no time to send again.
    const { goneMs, awaited } = departuresIn(last);
    const lostUntil = Math.max(remembered, goneMs / 1000 > from ? goneMs : 0) / 1000;
    this.losses.addTime({ from, to: lostUntil, reason: 'store_went_back' });
    this.#awaited = { ids: awaited, from, wipedMs: last.timeMs };
  }

  #miss(ownId: string): void {
    const { timeMs = 0, live = [], silent = [] } = this.#last ?? {};
    const seen = live.filter((id) => id !== ownId).map((id) => ({ id, atMs: timeMs }));
    this.#missed = [...seen, ...silent.filter(({ id }) => id !== ownId)];
  }

  /** Who lived before a wipe and does not come back took along what it had counted. */
  #await({ timeMs, live }: Receipt): void {
    const awaited = this.#awaited;
    if (awaited === null) return;
    for (const id of live) awaited.ids.delete(id);
    if (awaited.ids.size > 0 && timeMs < awaited.wipedMs + returnMs) return;
    if (awaited.ids.size > 0)
      this.losses.addTime({ from: awaited.from, to: awaited.wipedMs / 1000, reason: 'store_emptied' });
    this.#awaited = null;
  }
}

/**
 * Who had gone for good before a store was lost, by the last answer from it, and who is to come back: all that lived, and
 * those silent for so short that they may only have been slow.
 */
function departuresIn(last: Pick<Receipt, 'timeMs' | 'live' | 'silent' | 'departedMs'> | null) {
  const { timeMs = 0, live = [], silent = [], departedMs = null } = last ?? {};
  const isSlow = ({ atMs }: SilentReplica): boolean => atMs > timeMs - returnMs;
  const gone = silent.filter((replica) => !isSlow(replica)).map(({ atMs }) => atMs);
  return {
    goneMs: Math.max(departedMs ?? 0, ...gone),
    awaited: new Set([...live, ...silent.filter(isSlow).map(({ id }) => id)]),
  };
}

function randomName(): string {
  return randomBytes(9).toString('base64url');
}
