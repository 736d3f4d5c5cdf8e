import { randomBytes } from 'node:crypto';
import type { Accumulator } from '../accumulate/accumulator.js';
import { Distribution, milliseconds } from '../accumulate/distribution.js';
import { Pace } from '../accumulate/pace.js';
import type { Clock, StoreClock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import type { Beat, Publication, Receipt, StateWrite, Store } from '../store/store.js';
import { CallSize } from './call-size.js';
import { ClosedStates } from './closed-states.js';
import { endPublishing } from './ending.js';
import { Interval } from './interval.js';
import { Losses } from './losses.js';
import { OpenStates } from './open-states.js';
import { confirmAfterMs, Outbox } from './outbox.js';
import type { Replica } from './replica.js';
import { StoreHistory } from './store-history.js';
import { storedUpTo } from './stored-up-to.js';

/** What a {@link Publisher} is made of. */
export interface PublisherOptions {
  readonly store: Store;
  readonly accumulator: Accumulator;
  readonly clock: Clock;
  readonly storeClock: StoreClock;
  readonly replica: Replica;
  /** Asked for anew each time, so that it may change. */
  readonly intervalMs: number;
  /** Bytes of closed states that may wait for the store. */
  readonly outboxBytes: number;
  /** Called at each interval and before each beat, for gauges that must be sampled. */
  readonly describe: () => Omit<Beat, 'id' | 'number' | 'intervalMs' | 'left' | 'name' | 'host' | 'pid'>;
  /** Told what an operator should know, once for each change. */
  readonly warn: (message: string) => void;
  /** Told that what was counted is about to be sent. @returns to be called once the store has all of it */
  readonly onPublish?: (() => () => void) | undefined;
  /** Told what the store answered to each publish. */
  readonly onReceipt?: (receipt: Receipt) => void;
}

/** Closed states of so lately go before open ones, older ones after them: what people look at is never behind a backlog. */
const freshMs = 60_000;
/** Further calls in one interval while closed states wait. */
const backlogCalls = 4;
/** The turn of coarser tiers, in which another process under the same id is noticed at the latest. */
const noticedAfterMs = 15_000;

/**
 * Rules 5 and 6. Publishes what this replica has counted: every interval, one call at a time, never awaited by a request.
 *
 * A publish replaces; it may be repeated, delayed or lost without harm. While the store is away states stay open or wait
 * in the outbox, and the application does not notice.
 */
export class Publisher {
  readonly outbox: Outbox;
  readonly #options: PublisherOptions;
  readonly #open: OpenStates;
  readonly #closed: ClosedStates;
  readonly #losses = new Losses();
  readonly #history = new StoreHistory(this.#losses);
  readonly #durations = new Distribution(milliseconds);
  readonly #interval: Interval;
  #running: Promise<void> | null = null;
  #number = 0;
  #countingSinceMs: number;
  readonly #callSize = new CallSize();
  #failures = 0;
  #warned = false;
  #failing = false;
  #last: Receipt | null = null;
  #lastBytes = 0;
  #left = false;
  /** How often everything was forgotten. */
  #clears = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    const publish = () => this.#single(false).catch((error: unknown) => this.#failed(error));
    this.#interval = new Interval(options.clock, () => options.intervalMs, publish);
    const confirmMs = options.store.embedded ? 0 : confirmAfterMs;
    this.outbox = new Outbox(options.outboxBytes, confirmMs, (slot, reason) => this.#losses.add(slot, reason), (slot) => this.#losses.forget(slot)); // prettier-ignore
    this.#countingSinceMs = options.clock.monotonicMs();
    if (!options.store.embedded) options.accumulator.awaitStoreTime();
    const { accumulator, replica } = options;
    const open = new OpenStates(accumulator, () => this.#field());
    this.#open = open;
    const failed = (error: unknown) => this.#failed(error);
    this.#closed = new ClosedStates({ accumulator, replica, open, outbox: this.outbox, losses: this.#losses, failed });
  }

  /** When and how the last publishes went, for /health. Times are Unix milliseconds of the store. */
  get status() {
    return {
      lastAcknowledgedMs: this.#last?.timeMs ?? null,
      failing: this.#failing,
      failures: this.#failures,
      p95Ms: this.#durations.quantiles([0.95])[0]!,
      lastBytes: this.#lastBytes,
      born: this.#history.born,
      live: this.#last?.live ?? [],
      /** Who keeps the store, as of the last answer. */
      lease: this.#last?.lease ?? null,
    };
  }

  /** Publishes every interval from now on; the first time within one interval. */
  start(): void {
    this.#left = false;
    this.#interval.start();
  }

  /** Begins the interval anew, since it became another. */
  reschedule(): void {
    if (this.#running === null) this.#interval.reschedule();
  }

  /**
   * Publishes all that was counted before the call and waits until the store has acknowledged it. Rejects with
   * NM_STORE_UNREACHABLE when the store does not answer.
   */
  async flush(): Promise<void> {
    // The one under way may have begun before what must be included.
    await this.#running?.catch(() => {});
    do await this.#single(true);
    while (this.outbox.pending > 0);
  }

  /**
   * Rule 12. Ends publishing: makes all states final, sends them, asks for those that are not yet confirmed, waits for a second
   * node if there is one, and says `left`. What fails is tried again until the deadline.
   *
   * @param deadlineMs how long that may take
   * @returns states that the store has not acknowledged by then
   */
  async stop(deadlineMs: number): Promise<{ unacknowledged: number }> {
    this.#interval.stop();
    const { accumulator, store } = this.#options;
    const publish = () => this.#single(true);
    const ending = { store, accumulator, outbox: this.outbox, publish, flush: () => this.flush() };
    const leave = () => void (this.#left = true);
    await endPublishing({ ...ending, knowsTime: () => this.#knowsTime, leave }, deadlineMs);
    this.collect();
    return { unacknowledged: this.outbox.pending };
  }

  /** Encodes the states of all slots that have closed into the outbox. */
  collect(): void {
    this.#closed.collect();
  }

  /** Forgets everything that waits. For tests. */
  clear(): void {
    this.#clears++;
    this.#closed.clear();
    this.outbox.clear();
    this.#losses.clear();
    this.#history.clear();
    this.#open.distrust();
    this.#countingSinceMs = this.#options.clock.monotonicMs();
  }

  /** An unreachable store speaks for itself; anything else is a failure of ours, told once. */
  #failed(error: unknown): void {
    if (error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE') return;
    this.#failures++;
    if (!this.#warned) this.#options.warn(`Publishing failed (${String(error)}). It is tried again every interval.`);
    this.#warned = true;
  }

  #single(all: boolean): Promise<void> {
    this.#running ??= this.#publish(all).finally(() => (this.#running = null));
    return this.#running;
  }

  async #publish(all: boolean): Promise<void> {
    const { clock, storeClock, store } = this.#options;
    const pace = new Pace(clock);
    const clears = this.#clears;
    await this.#closed.collectInTurns(pace);
    this.#tidy();
    // Rule 2: the first call asks for the time, so that no slot is named by a clock that may be off by hours.
    if (!this.#knowsTime) await this.#send([]);
    // First, so that this publish can say that what is left is stored; whether the store answers, the publish tells.
    await this.#losses.note(store.upkeep).catch(() => {});
    // Rule 12: nobody could make final what is still recorded.
    if (this.#left) this.#options.accumulator.renew();
    this.#tidy();
    const published = this.#options.onPublish?.();
    const nowMs = storeClock.nowMs();
    // Who has left sends nothing open; a store in this process gets open slots only before a read, and only the finest.
    const sendsOpen = !this.#left && (all || !store.embedded);
    const coarser = store.embedded ? 'never' : all ? 'now' : 'in turn';
    const encoded = await this.#open.encode(sendsOpen ? this.#open.due(nowMs, coarser) : [], pace);
    await this.#closed.collectInTurns(pace);
    if (this.#clears !== clears) return;
    // Of slots that ended meanwhile the final states go instead, and who left meanwhile sends nothing open.
    const open = encoded.filter((write) => !this.#left && this.outbox.lastSent(write) === null);
    const waiting = this.outbox.unsent();
    const fresh = waiting.filter(({ slot }) => (slot.start + slot.tier.slotSeconds) * 1000 > nowMs - freshMs);
    const [first, ...rest] = this.#callSize.cut([...fresh, ...open, ...waiting.slice(fresh.length)]);
    // Before a read the beat goes out in any case: it carries the levels of this moment.
    if (store.embedded && first === undefined && !all) return;
    const audit = store.embedded ? [] : this.outbox.audit();
    await this.#send([...(first ?? []), ...audit]);
    const further = all ? rest : rest.slice(0, backlogCalls);
    for (const call of further) await this.#send(call);
    if (further.length === rest.length) published?.();
    await this.#losses.note(store.upkeep);
  }

  #tidy(): void {
    this.#options.accumulator.settle();
    this.collect();
    const nowMs = this.#options.storeClock.nowMs();
    this.outbox.expire(nowMs, this.#options.store.embedded ? nowMs : (this.#last?.timeMs ?? 0));
  }

  async #send(writes: readonly StateWrite[]): Promise<void> {
    const { clock, storeClock, store } = this.#options;
    // What closed since the call before waits, too: the beat must not say that it is stored.
    this.collect();
    const sent = clock.monotonicMs();
    const publication = this.#publication(writes, sent);
    const lastSent = writes.map((write) => this.outbox.lastSent(write) ?? this.#open.lastSent(write));
    for (const write of writes) {
      this.outbox.noteSent(write);
      this.#open.noteSent(write);
    }
    let receipt: Receipt;
    try {
      receipt = await store.publish(publication);
    } catch (error) {
      this.#failures++;
      this.#failing = true;
      this.#callSize.failed();
      throw error;
    }
    const received = clock.monotonicMs();
    this.#callSize.succeeded();
    this.#open.definitions.told(publication.definitions ?? [], received);
    this.#durations.record(received - sent);
    this.#lastBytes = writes.reduce((sum, write) => sum + (write.encoded?.length ?? 0), 0);
    storeClock.sample(sent, received, receipt.timeMs);
    this.#open.noteTime(storeClock.nowMs());
    this.#learn(publication, receipt, lastSent);
    this.#last = receipt;
    this.#options.onReceipt?.(receipt);
  }

  #learn(publication: Publication, receipt: Receipt, lastSent: readonly number[]): void {
    const { beat, writes } = publication;
    const { isSuspect, isReplaced, isForeign } = this.#history.learn(publication, receipt);
    if (isReplaced) this.outbox.forgetResends();
    if (isSuspect) {
      this.#losses.tellAgain();
      this.outbox.doubt();
    }
    let regressed = this.#failing || isSuspect;
    let foreign = isForeign;
    writes.forEach((write, index) => {
      const result = receipt.results[index]!;
      regressed = this.#open.settle(write, result) || regressed;
      foreign ||= !receipt.isRepeated && StoreHistory.isForeign(write, result, lastSent[index]!, beat.id);
      this.outbox.settle(write, result, receipt.timeMs);
    });
    this.#failing = false;
    if (regressed) {
      this.outbox.auditAll();
      this.#open.distrust();
    }
    if (foreign) this.#separate(receipt.timeMs);
  }

  /** Somebody else publishes under our id: a copy of this process. Both go on under ids of their own. */
  #separate(nowMs: number): void {
    const { accumulator, replica, warn } = this.#options;
    const from = ((this.#last?.timeMs ?? nowMs) - noticedAfterMs) / 1000;
    this.#losses.addTime({ from, to: nowMs / 1000, reason: 'same_id' });
    accumulator.renew();
    this.collect();
    replica.redraw();
    this.#history.restart();
    warn('Another process published under the id of this replica (a copy of its memory?). It got a new id.');
  }

  /** Whether slots can be named: the clock of a store in this process is that of the host. */
  get #knowsTime(): boolean {
    return this.#options.store.embedded || this.#options.storeClock.isKnown;
  }

  #field(): string {
    return this.#options.replica.field(this.#options.accumulator.generation);
  }

  #publication(writes: readonly StateWrite[], monotonicMs: number): Publication {
    const { store, storeClock, accumulator } = this.#options;
    const { bornCandidate, born, acknowledgedBeat, missed } = this.#history;
    const definitions = store.embedded ? [] : this.#open.definitions.due(accumulator.families(), monotonicMs);
    const countedForMs = born === null ? monotonicMs - this.#countingSinceMs : 0;
    // Nothing can be lost between this process and a store that lives in it.
    const upTo = store.embedded
      ? new Map<number, number>()
      : storedUpTo({ open: this.#open, outbox: this.outbox, losses: this.#losses }, writes, storeClock.isKnown ? storeClock.nowMs() : { countedForMs }); // prettier-ignore
    return { beat: this.#beat(), writes, bornCandidate, call: randomBytes(6).toString('base64url'), acknowledgedBeat, countedForMs, storedUpTo: upTo, missed, definitions }; // prettier-ignore
  }

  #beat(): Beat {
    const { replica, intervalMs, describe } = this.#options;
    const { id, name, host, pid } = replica;
    return { id, name, host, pid, intervalMs, left: this.#left, number: ++this.#number, ...describe() };
  }
}
