import { type Clock, StoreClock } from '../../libs/nestmeter/src/clock.js';
import { StoreHistory } from '../../libs/nestmeter/src/publish/store-history.js';
import type { Publication as RealPublication, Receipt as RealReceipt } from '../../libs/nestmeter/src/store/store.js';
import type { Process } from './event-loop.js';
import { ModelOutbox } from './model-outbox.js';
import { OpenSlots } from './open-slots.js';
import { SentStates } from './sent-states.js';
import type { GapReason } from '../../libs/nestmeter/src/store/gap.js';
import { shutDown } from './shutdown.js';
import { confirmAfterMs, intervalMs, longestSilenceMs, longestWriteMs, type ModelSlot, tiers } from './slots.js';
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
  readonly #history: StoreHistory;
  /** An earlier `since` than the store's, of which it is to be told. */
  #sinceMs: number | null = null;
  #lastAnswerMs: number;
  /** What the store has and this replica could not send again. */
  readonly #forgotten: Gap[] = [];
  /** Gap records that were told, and those that must be. */
  #gaps: { readonly gap: Gap; isStored: boolean }[] = [];

  constructor(
    readonly process: Process,
    readonly world: World,
    clock: Clock,
    original?: ModelReplica,
  ) {
    this.clock = new StoreClock(clock);
    const { rules } = world;
    this.slots =
      original?.slots.copy(this.clock) ??
      new OpenSlots(this.clock, rules, world.name(), (id, slots, storeMs) => world.ledger.place(id, slots, storeMs));
    this.outbox = new ModelOutbox(rules, world.outboxIds, this.#drop, this.#mergeUp);
    this.sent = new SentStates(this.slots, world);
    this.#lastAnswerMs = this.clock.nowMs();
    this.#history = new StoreHistory(this.#losses, {
      confirmAfterMs,
      unpublishedMs: longestSilenceMs,
      longestSilenceMs: longestWriteMs,
    });
    if (original === undefined) return;
    original.outbox.copyInto(this.outbox);
    original.sent.copyInto(this.sent);
    this.#number = original.#number;
    this.#history.copyFrom(original.#history);
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
    this.slots.record(this.world.ledger.record(this.process, this.world.store.timeMs));
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
    const end = (isAnswered: boolean): void => {
      this.#inFlight = false;
      done(isAnswered);
    };
    this.#tidy();
    // Rule 2: the first call asks for the time.
    const asks = this.world.rules.timeBeforeStates && !this.clock.isKnown;
    if (!asks) return this.#publish(all, end);
    this.#send([], (isAnswered) => {
      if (!isAnswered) return end(false);
      this.#tidy();
      this.#publish(all, end);
    });
  }

  #tidy(): void {
    this.slots.roll();
    for (const closed of this.slots.takeClosed()) this.outbox.add(closed);
    this.outbox.expire(this.clock.nowMs(), this.#lastAnswerMs);
  }

  #publish(all: boolean, end: (isAnswered: boolean) => void): void {
    this.#note(() => {
      const nowMs = this.clock.nowMs();
      const waiting = this.outbox.unsent();
      const fresh = waiting.filter(({ slot }) => slot.endMs > nowMs - freshMs);
      const writes = [...fresh, ...this.sent.due(nowMs, all), ...waiting.slice(fresh.length)];
      const next = (calls: number, audit: readonly Write[]): void => {
        const batch = [...writes.splice(0, statesPerCall), ...audit];
        this.#send(batch, (isAnswered) => {
          if (!isAnswered) end(false);
          else if (writes.length > 0 && (all || calls < backlogCalls)) next(calls + 1, []);
          else this.#note(() => end(true));
        });
      };
      next(0, this.outbox.audit());
    });
  }

  /** Tells the store of losses; what it does not take stays for the next time. */
  #note(then: () => void): void {
    const untold = this.#gaps.filter(({ isStored }) => !isStored);
    const sinceMs = this.#sinceMs;
    if (untold.length === 0 && sinceMs === null) return then();
    const { network, store } = this.world;
    const note = (): true => {
      store.note(
        untold.map(({ gap }) => gap),
        sinceMs,
      );
      return true;
    };
    network.call(this.process, note, (answer) => {
      if (answer !== null) {
        for (const record of untold) record.isStored = true;
        if (this.#sinceMs === sinceMs) this.#sinceMs = null;
      }
      then();
    });
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
    const { bornCandidate, acknowledgedBeat, missed, born } = this.#history;
    const publication: Publication = {
      beat: {
        id: this.slots.id,
        number: ++this.#number,
        left: this.#left,
        storedUpToMs: this.#storedUpTo(writes, nowMs),
      },
      writes,
      acknowledgedBeat,
      startedMs: born === null ? this.slots.sinceMs : Infinity,
      bornCandidate,
      missed,
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
        this.clock.sample(sentMs, this.process.loop.nowMs, receipt.timeMs);
        ledger.contact(this.process, receipt.timeMs);
        this.#learn(publication, receipt, lastSent);
        done(true);
      },
    );
  }

  #storedUpTo(writes: readonly Write[], nowMs: number): number[] {
    // Before the first answer the time is not known: nothing of what was counted since the start is stored.
    if (this.world.rules.timeBeforeStates && !this.clock.isKnown)
      return tiers.map(() => Math.min(-1, this.slots.sinceMs - nowMs));
    const untold = this.#gaps.filter(({ isStored }) => !isStored).map(({ gap }) => gap);
    return this.sent.storedUpTo(this.outbox.lacking(), writes, nowMs).map((ms, level) =>
      // A loss that the store does not know of yet is none that its readers are told.
      Math.min(ms, ...untold.filter((gap) => (gap.level ?? level) === level).map(({ fromMs }) => fromMs)),
    );
  }

  #learn(publication: Publication, receipt: Receipt, lastSent: readonly number[]): void {
    const { beat, writes } = publication;
    const { results, timeMs, control } = receipt;
    const { rules } = this.world;
    const born = { id: receipt.born.id, since: receipt.born.sinceMs / 1000 };
    const signs = this.#history.learn(
      publication as unknown as RealPublication,
      { ...receipt, born, isRepeated: false } as unknown as RealReceipt,
    );
    let isForeign = beat.id === this.slots.id && signs.isForeign;
    if (signs.isReplaced) this.outbox.forgetResends();
    if (signs.isSuspect) {
      for (const record of this.#gaps) record.isStored = false;
      for (const gap of this.#forgotten.splice(0)) this.#lacks(gap);
      this.outbox.doubt();
    }
    let mustAudit = this.#failing || signs.isSuspect;
    writes.forEach((write, index) => {
      const result = results[index]!;
      mustAudit = this.sent.settle(write, result, timeMs) || mustAudit;
      // Folded at a lower version than this one: somebody else made the state final.
      const isRefused = result.outcome === 'have' && result.found! < write.version;
      const isOwn = write.field.startsWith(`${this.slots.id}.`);
      isForeign ||= isOwn && (isRefused || (result.found ?? 0) > lastSent[index]!);
      this.outbox.settle(write, result, timeMs);
    });
    this.#failing = false;
    if (control !== null && outranks(control, this.control)) this.control = control;
    if (mustAudit) {
      this.outbox.auditAll();
      this.sent.distrust();
    }
    if (isForeign && rules.foreignVersion) this.#separate(timeMs);
    this.#lastAnswerMs = timeMs;
  }

  /** What the history of the store asks for, as far as the rules are kept. */
  readonly #losses = {
    addTime: ({ from, to, reason }: { from: number; to: number; reason: GapReason }): void => {
      const isKept = reason === 'store_emptied' ? this.world.rules.gapOfEarlierSince : this.world.rules.gapOfRegress;
      if (from < to && isKept) this.#lacks({ fromMs: from * 1000, toMs: to * 1000, level: null, reason });
    },
    remind: (since: number): void => {
      if (this.world.rules.gapOfEarlierSince) this.#sinceMs = Math.min(this.#sinceMs ?? Infinity, since * 1000);
    },
  };

  /** Somebody else publishes under this id. */
  #separate(timeMs: number): void {
    this.#lacks({ fromMs: this.#lastAnswerMs - noticedAfterMs, toMs: timeMs, level: null, reason: 'two under one id' });
    this.slots.renew();
    for (const closed of this.slots.takeClosed()) this.outbox.add(closed);
    this.slots.id = this.world.name();
    this.#history.restart();
    this.world.ledger.separated(this.process);
  }

  #lacks(gap: Gap): void {
    this.#gaps.push({ gap, isStored: false });
  }

  readonly #drop = (slot: ModelSlot, { ids }: State, isStored: boolean): void => {
    const gap = { fromMs: slot.startMs, toMs: slot.endMs, level: slot.level };
    if (isStored) {
      this.world.ledger.forget(slot.level, ids);
      this.#forgotten.push({ ...gap, reason: 'was forgotten' });
      return;
    }
    this.world.ledger.countLost(slot.level, ids);
    if (this.world.rules.gapOfDropped) this.#lacks({ ...gap, reason: 'was dropped' });
  };

  readonly #mergeUp = ({ slot, state }: { slot: ModelSlot; state: State }): void => {
    this.world.ledger.countLost(slot.level, state.ids);
    const coarser = this.slots.open[1]!;
    coarser.ids.push(...state.ids);
    coarser.version++;
  };
}
