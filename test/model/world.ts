import type { Clock } from '../../libs/nestmeter/src/clock.js';
import { EventLoop, Process } from './event-loop.js';
import { Invariants } from './invariants.js';
import { Ledger, type Measurement } from './ledger.js';
import { ModelKeeper } from './model-keeper.js';
import { ModelReader } from './model-reader.js';
import { ModelReplica } from './model-replica.js';
import { epochMs, ModelStore } from './model-store.js';
import { Network } from './network.js';
import { Random } from './random.js';
import type { Rules } from './rules.js';
import { longestSilenceMs, longestWriteMs, type ModelSlot, slotOfId } from './slots.js';

/** In coarse tiers a replica's last state may be so much older than its last answer. */
const noticedMs = 15_000;

/** What a run is made of. */
export interface WorldOptions {
  readonly seed: number;
  readonly rules: Rules;
  readonly seats: number;
  readonly keepers: number;
  /** Whether nothing happens to it: then nothing may be missing, and no answer may say so. */
  readonly isCalm: boolean;
  /** Measurements per second and replica. */
  readonly rate: number;
  /** True time at which load ends. */
  readonly loadMs: number;
  /** By which the clocks of all hosts are off; random when left out. */
  readonly skewMs?: number | undefined;
}

/** Store, network, replicas, keepers and readers of one run, and what is known about them from outside. */
export class World {
  readonly loop = new EventLoop();
  readonly ledger = new Ledger();
  readonly invariants = new Invariants();
  readonly random: Random;
  readonly rules: Rules;
  readonly store: ModelStore;
  readonly network: Network;
  readonly keepers: readonly ModelKeeper[];
  /** Whether all tiers are small enough to be sent every interval. */
  readonly sendsAllTiers: boolean;
  /** Whether keepers fold without having the lease. */
  readonly foldsWithoutLease: boolean;
  /** Measurements that an outbox may hold. */
  readonly outboxIds: number;
  /** By seat. */
  readonly seats: (ModelReplica | null)[] = [];
  readonly #replicas = new Map<Process, ModelReplica>();
  readonly #settled = new Set<string>();
  #names = 0;
  #hostStepMs = 0;

  constructor(readonly options: WorldOptions) {
    const random = new Random(options.seed);
    this.random = random;
    this.rules = options.rules;
    this.sendsAllTiers = random.chance(0.3);
    this.foldsWithoutLease = random.chance(0.5);
    this.outboxIds = random.chance(0.2) ? 330 : Infinity;
    this.invariants.world = this;
    this.store = new ModelStore(this.loop, random, options.rules, this.invariants);
    this.network = new Network(this.loop, this.store, random, 1.3 * longestWriteMs);
    this.keepers = Array.from(
      { length: options.keepers },
      (_, at) => new ModelKeeper(new Process(`keeper ${at}`, this.loop), this),
    );
    for (const keeper of this.keepers) keeper.start();
    for (let reader = 0; reader < 2; reader++) new ModelReader(this, this.invariants).start();
    for (let seat = 0; seat < options.seats; seat++) this.start(seat);
    this.#watch();
  }

  /** A name that nobody else has. */
  name(): string {
    return `n${this.#names++}`;
  }

  /** A new process in a seat that is empty or whose process is dead. */
  start(seat: number, original?: ModelReplica): void {
    const sitting = this.seats[seat];
    if (sitting && sitting.process.diedAtMs === null) return;
    const process = new Process(`replica ${seat}/${this.#names}`, this.loop);
    const usualMs = this.random.between(-3000, 3000);
    const skewMs = this.options.skewMs ?? usualMs;
    const clock: Clock = {
      monotonicMs: () => this.loop.nowMs,
      wallMs: () => this.loop.nowMs + epochMs + skewMs + this.#hostStepMs,
    };
    const replica = new ModelReplica(process, this, clock, original);
    this.seats[seat] = replica;
    this.#replicas.set(process, replica);
    replica.start();
    this.#load(replica);
    if (original !== undefined) this.ledger.copied(original.process, process);
  }

  replicaOf(process: Process): ModelReplica | undefined {
    const replica = this.#replicas.get(process);
    return replica?.process.diedAtMs === null ? replica : undefined;
  }

  /** Those that live. */
  replicas(): ModelReplica[] {
    return [...this.#replicas.values()].filter(({ process }) => process.diedAtMs === null);
  }

  slotOf(id: string): ModelSlot {
    return slotOfId(id);
  }

  stepHostClocks(ms: number): void {
    this.#hostStepMs += ms;
  }

  /**
   * Whether a measurement was counted by a replica that nobody had heard of for longer than the gap of a silent replica
   * lasts, nor since, or that nobody has ever heard of, or behind a copy of itself that beats. Rule 11 promises no gap for it.
   */
  isBeyondSilence(one: Measurement): boolean {
    const { process, atMs, storeMs } = one;
    const contact = this.ledger.lastContact(process, atMs);
    const isMasked = this.ledger.isAmbiguous(one) && this.ledger.contactsSince(process, atMs) === 0;
    if (isMasked || this.ledger.contactsSince(process, -1) === 0) return true;
    const isBack = this.ledger.contactsSince(process, atMs) > 1;
    return !isBack && contact !== null && storeMs > contact.storeMs + longestSilenceMs - noticedMs;
  }

  #load(replica: ModelReplica): void {
    const { process } = replica;
    const next = (): void => {
      if (this.loop.nowMs > this.options.loadMs || replica.isLeaving) return;
      replica.record();
      process.after(-Math.log(1 - this.random.next()) * (1000 / this.options.rate), next);
    };
    process.after(this.random.between(0, 1000), next);
  }

  /** Every second: who is hindered, and which slots take no more writes. */
  #watch(): void {
    for (const { process } of this.replicas())
      this.ledger.sample(process, process.runs && this.network.isClear(process) && this.store.isUp);
    if (this.store.isUp)
      for (const id of this.ledger.slotIds()) {
        const slot = slotOfId(id);
        if (this.#settled.has(id) || this.store.timeMs < slot.writeEndMs + 1500) continue;
        this.#settled.add(id);
        if (this.store.timeMs < slot.expiresAtMs) this.invariants.settled(slot);
      }
    this.loop.after(1000, () => this.#watch());
  }
}
