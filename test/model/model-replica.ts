import { type Clock, StoreClock } from '../../libs/nestmeter/src/clock.js';
import type { Process } from './event-loop.js';
import { ModelOutbox } from './model-outbox.js';
import { OpenSlots } from './open-slots.js';
import { SentStates } from './sent-states.js';
import { shutDown } from './shutdown.js';
import { intervalMs, longestSilenceMs, type ModelSlot } from './slots.js';
import {
  type ControlDocument,
  type Gap,
  outranks,
  type Publication,
  type Receipt,
  type State,
  type Write,
} from './store-contents.js';
import type { World } from './world.js';

/** States in one call; stands for its bytes. */
const statesPerCall = 8;
/** Further calls in one interval while closed states wait. */
const backlogCalls = 4;
const freshMs = 60_000;
/** The turn of coarser tiers, in which another process under the same id is noticed at the latest. */
const noticedAfterMs = 15_000;

/**
 * One replica: counts, publishes every interval with one call under way at a time, heals what the store lost, and ends.
 * Follows the package's publisher step by step; what is in doubt there is a rule here.
 */
export class ModelReplica {
  readonly clock: StoreClock;
  readonly slots: OpenSlots;
  readonly outbox: ModelOutbox;
  readonly sent: SentStates;
  control: ControlDocument | null = null;
  isLeaving = false;
  #left = false;
  #inFlight = false;
  #failing = false;
  #number = 0;
  #acknowledgedNumber = 0;
  #bornId: string | null = null;
  #sinceMs: number | null = null;
  #lastAnswerMs: number;
  #firstAnswerMs: number | null = null;
  #bornCandidates = 0;
  /** When each replica was last seen live. */
  readonly #seen = new Map<string, number>();
  #missed: Publication['missed'] = [];
  /** Gap records that were written, and those that must be. */
  #gaps: { readonly gap: Gap; isStored: boolean }[] = [];

  constructor(
    readonly process: Process,
    readonly world: World,
    clock: Clock,
    original?: ModelReplica,
  ) {
    this.clock = new StoreClock(clock);
    const { rules } = world;
    this.slots = original?.slots.copy(this.clock) ?? new OpenSlots(this.clock, rules, world.name());
    this.outbox = new ModelOutbox(rules, world.outboxIds, this.#drop, this.#mergeUp);
    this.sent = new SentStates(this.slots, world);
    this.#lastAnswerMs = this.clock.nowMs();
    if (original === undefined) return;
    original.outbox.copyInto(this.outbox);
    original.sent.copyInto(this.sent);
    this.#number = original.#number;
    this.#acknowledgedNumber = original.#acknowledgedNumber;
    this.#bornId = original.#bornId;
    this.#sinceMs = original.#sinceMs;
    this.#firstAnswerMs = original.#firstAnswerMs;
  }

  start(): void {
    const tick = (): void => {
      if (this.#left || this.isLeaving) return;
      this.publish(false, () => {});
      this.process.after(intervalMs, tick);
    };
    this.process.after(this.world.random.between(0, intervalMs), tick);
  }

  /** Something happens that is counted. */
  record(): void {
    this.slots.roll();
    const slots = this.slots.open.map(({ slot }) => slot);
    this.slots.record(this.world.ledger.record(this.process, this.clock.nowMs(), this.world.store.timeMs, slots));
  }

  /** SIGTERM. */
  shutDown(): void {
    if (this.isLeaving || !this.process.runs) return;
    this.isLeaving = true;
    shutDown(this, () => (this.#left = true));
  }

  /**
   * One interval's publish, or, with `all`, one after which nothing unsent is left.
   *
   * @param done told whether the store answered each call
   */
  publish(all: boolean, done: (isAnswered: boolean) => void): void {
    if (this.#inFlight) {
      if (all) this.process.after(20, () => this.publish(all, done));
      return;
    }
    this.#inFlight = true;
    this.slots.roll();
    for (const closed of this.slots.takeClosed()) this.outbox.add(closed);
    const nowMs = this.clock.nowMs();
    this.outbox.expire(nowMs);
    const waiting = this.outbox.unsent();
    const fresh = waiting.filter(({ slot }) => slot.endMs > nowMs - freshMs);
    const writes = [...fresh, ...this.sent.due(nowMs, all), ...waiting.slice(fresh.length)];
    const end = (isAnswered: boolean): void => {
      this.#inFlight = false;
      done(isAnswered);
    };
    const next = (calls: number, audit: readonly Write[]): void => {
      const batch = [...writes.splice(0, statesPerCall), ...audit];
      this.#send(batch, (isAnswered) => {
        if (!isAnswered || writes.length === 0 || (!all && calls === backlogCalls)) end(isAnswered);
        else next(calls + 1, []);
      });
    };
    next(0, this.outbox.audit());
  }

  /** What this replica alone knows of a slot. */
  ownStates(slot: ModelSlot): State[] {
    const open = this.slots.open[slot.level]!;
    const state = open.slot === slot ? this.slots.state(slot.level) : null;
    const closed = this.slots.waiting(slot);
    return [...this.outbox.states(slot), ...closed, ...(state === null ? [] : [state])];
  }

  #send(writes: readonly Write[], done: (isAnswered: boolean) => void): void {
    const nowMs = this.clock.nowMs();
    const gaps = this.#gaps.filter(({ isStored }) => !isStored);
    const publication: Publication = {
      beat: {
        id: this.slots.id,
        number: ++this.#number,
        left: this.#left,
        storedUpToMs: this.sent.storedUpTo(this.outbox.unsent(), writes, nowMs),
      },
      writes,
      gaps: gaps.map(({ gap }) => gap),
      sinceMs: this.#sinceMs,
      acknowledged: {
        number: this.#acknowledgedNumber,
        firstMs: this.#firstAnswerMs ?? nowMs,
        lastMs: this.#lastAnswerMs,
      },
      startedMs: this.#bornId === null ? this.slots.sinceMs : Infinity,
      bornCandidate: `${this.process.name}#${this.#bornCandidates}`,
      missed: this.#missed,
      control: this.control,
    };
    const lastSent = this.sent.note(writes);
    const sentMs = this.process.loop.nowMs;
    const { network, store, ledger } = this.world;
    network.call(
      this.process,
      () => store.publish(publication),
      (receipt) => {
        this.#failing ||= receipt === null;
        if (receipt === null) return done(false);
        for (const record of gaps) record.isStored = true;
        this.#missed = [];
        this.clock.sample(sentMs, this.process.loop.nowMs, receipt.timeMs);
        ledger.contact(this.process, receipt.timeMs);
        this.#learn(publication, receipt, lastSent);
        done(true);
      },
    );
  }

  #learn({ beat, writes, bornCandidate }: Publication, receipt: Receipt, lastSent: readonly number[]): void {
    const { results, previousBeat, born, timeMs, control } = receipt;
    const { rules } = this.world;
    const isOther = this.#bornId !== null && this.#bornId !== born.id;
    if (isOther) this.outbox.forgetResends();
    this.#firstAnswerMs ??= timeMs;
    const wentBack = (previousBeat?.number ?? 0) < this.#acknowledgedNumber;
    let isForeign = beat.id === this.slots.id && (previousBeat?.number ?? 0) >= beat.number;
    let mustAudit = this.#failing || isOther || wentBack;
    writes.forEach((write, index) => {
      const result = results[index]!;
      mustAudit = this.sent.settle(write, result, timeMs) || mustAudit;
      // Folded at a lower version than this one: somebody else made the state final.
      const isRefused = result.outcome === 'have' && result.found! < write.version;
      const isOwn = write.field.startsWith(`${this.slots.id}.`);
      isForeign ||= isOwn && (isRefused || (result.found ?? 0) > lastSent[index]!);
      this.outbox.settle(write, result, timeMs);
    });
    if (mustAudit) for (const record of this.#gaps) record.isStored = false;
    if (isOther || wentBack) this.#missed = [...this.#seen].filter(([, lastMs]) => timeMs - lastMs < longestSilenceMs);
    for (const id of receipt.live) this.#seen.set(id, timeMs);
    this.#acknowledgedNumber = beat.number;
    this.#bornId = born.id;
    this.#sinceMs = Math.min(born.sinceMs, this.#sinceMs ?? born.sinceMs);
    if (born.id === bornCandidate) this.#bornCandidates++;
    this.#failing = false;
    if (control !== null && outranks(control, this.control)) this.control = control;
    if (mustAudit) {
      this.outbox.auditAll();
      this.sent.distrust();
    }
    if (isForeign && rules.foreignVersion) this.#separate(timeMs);
    this.#lastAnswerMs = timeMs;
  }

  /** Somebody else publishes under this id. */
  #separate(timeMs: number): void {
    this.#lacks({ fromMs: this.#lastAnswerMs - noticedAfterMs, toMs: timeMs, level: null, reason: 'two under one id' });
    this.slots.renew();
    for (const closed of this.slots.takeClosed()) this.outbox.add(closed);
    this.slots.id = this.world.name();
    this.#acknowledgedNumber = 0;
    this.world.ledger.separated(this.process);
  }

  #lacks(gap: Gap): void {
    this.#gaps.push({ gap, isStored: false });
  }

  readonly #drop = (slot: ModelSlot, { ids }: State, isStored: boolean): void => {
    if (isStored) return this.world.ledger.forget(slot.level, ids);
    this.world.ledger.countLost(slot.level, ids);
    if (this.world.rules.gapOfDropped)
      this.#lacks({ fromMs: slot.startMs, toMs: slot.endMs, level: slot.level, reason: 'was dropped' });
  };

  readonly #mergeUp = ({ slot, state }: { slot: ModelSlot; state: State }): void => {
    this.world.ledger.countLost(slot.level, state.ids);
    const coarser = this.slots.open[1]!;
    coarser.ids.push(...state.ids);
    coarser.version++;
  };
}
