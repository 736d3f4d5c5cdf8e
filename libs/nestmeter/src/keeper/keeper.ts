import type { AnyFamily } from '../accumulate/family.js';
import type { Clock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import type { Lease, Upkeep } from '../store/upkeep.js';
import type { Tier } from '../time-slot.js';
import { Folding } from './fold.js';
import { LeaseHolder } from './lease-holder.js';
import { KnownFamilies } from './known-families.js';
import { knownSlots } from './slot-family.js';
import { Sweep } from './sweep.js';

/** What a {@link Keeper} is made of. */
export interface KeeperOptions {
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  readonly tiers: readonly Tier[];
  /** Families that this replica has; others are known by their definitions in the store. */
  readonly families: () => readonly AnyFamily[];
  readonly replicaId: () => string;
  /** The lease as last seen, of anybody; null when none was. */
  readonly seenLease: () => Lease | null;
  /** How many replicas live, this one included. */
  readonly liveReplicas: () => number;
  /** Told what an operator should know, once for each kind of failure. */
  readonly warn: (message: string) => void;
  readonly timing?: Partial<KeeperTiming>;
}

/** When a keeper does what. All in milliseconds. */
export interface KeeperTiming {
  /** Between two looks at the lease and at what waits. Default 5 s. */
  readonly everyMs: number;
  /** For how long the lease is taken. Default 15 s. */
  readonly leaseMs: number;
  /** A slot is folded once one of its final states has waited so long. Default 10 s. */
  readonly foldAfterMs: number;
  /** Between two looks at the whole index. Default 1 min. */
  readonly sweepEveryMs: number;
  /** After W before a slot is sealed. Default 5 min. */
  readonly sealGraceMs: number;
  /** A lag at which the lease is handed on, and the time for which it is then left to others. Default 1 min. */
  readonly mostLagMs: number;
}

const defaults: KeeperTiming = {
  everyMs: 5000,
  leaseMs: 15_000,
  foldAfterMs: 10_000,
  sweepEveryMs: 60_000,
  sealGraceMs: 5 * 60_000,
  mostLagMs: 60_000,
};

/**
 * Keeps a shared store in order, in the background of one replica at a time: folds, seals, prunes. Every replica has one
 * and it acts only while it holds the lease. It works in slices of 2 ms, and what it fails to do is tried again; nothing
 * that is read depends on it.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #timing: KeeperTiming;
  readonly #lease: LeaseHolder;
  readonly #families: KnownFamilies;
  readonly #folding: Folding;
  readonly #sweep: Sweep;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #sweptMs = -Infinity;
  #stopped = false;
  #failures = 0;
  readonly #warned = new Set<string>();

  constructor(options: KeeperOptions) {
    this.#options = options;
    const timing = (this.#timing = { ...defaults, ...options.timing });
    const { upkeep, clock, storeNowMs, tiers } = options;
    const families = (this.#families = new KnownFamilies(upkeep, options.families));
    const known = knownSlots(tiers, families);
    this.#folding = new Folding({ upkeep, clock, storeNowMs, known, foldAfterMs: timing.foldAfterMs });
    this.#sweep = new Sweep({ upkeep, clock, storeNowMs, tiers, families, known, sealGraceMs: timing.sealGraceMs });
    this.#lease = new LeaseHolder({
      upkeep,
      storeNowMs,
      seen: options.seenLease,
      replicaId: options.replicaId,
      progress: () => ({ folded: this.#folding.counts.folded, lagMs: this.#folding.lagMs }),
      leaseMs: timing.leaseMs,
    });
  }

  /** Token of the lease while this replica holds it; null when it does not. Whether it still does, the store decides. */
  get leaseToken(): string | null {
    return this.#lease.token;
  }

  /** What this replica has done as keeper. */
  get status() {
    const { folded, refused } = this.#folding.counts;
    const { sealed } = this.#sweep.counts;
    const isKeeper = this.#lease.heldMs !== null;
    return { isKeeper, folded, refused, sealed, lagMs: this.#folding.lagMs, failures: this.#failures };
  }

  /** Looks after the store every few seconds from now on. */
  start(): void {
    this.#stopped = false;
    this.#schedule();
  }

  /** Ends what is under way after the present slot and hands the lease on. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
    // If this fails the lease runs out by itself.
    await this.#lease.handOn(0).catch((error: unknown) => this.#failed(error));
  }

  /** Does what is due, if this replica holds the lease or can take it. Never rejects. */
  keep(): Promise<void> {
    this.#running ??= this.#keep()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#running = null));
    return this.#running;
  }

  async #keep(): Promise<void> {
    const { clock, liveReplicas } = this.#options;
    const { sweepEveryMs, mostLagMs } = this.#timing;
    const mayGoOn = async (): Promise<boolean> => !this.#stopped && (await this.#lease.hold());
    if (!(await mayGoOn())) return;
    await this.#families.refresh();
    await this.#folding.run(mayGoOn);
    if (clock.monotonicMs() - this.#sweptMs >= sweepEveryMs && (await mayGoOn())) {
      this.#sweptMs = clock.monotonicMs();
      await this.#sweep.run(mayGoOn);
    }
    // Not before it had the time to work off what it found.
    const isTooSlow = this.#folding.lagMs > mostLagMs && (this.#lease.heldMs ?? 0) > mostLagMs;
    if (isTooSlow && liveReplicas() > 1) await this.#lease.handOn(mostLagMs);
  }

  #schedule(): void {
    // Jittered, so that replicas which started together do not ask together.
    const delayMs = this.#timing.everyMs * (0.8 + 0.4 * Math.random());
    this.#timer = setTimeout(() => {
      void this.keep().then(() => {
        if (!this.#stopped) this.#schedule();
      });
    }, delayMs);
    this.#timer.unref();
  }

  /** An unreachable store speaks for itself; anything else is a failure of ours, told once for each kind. */
  #failed(error: unknown): void {
    this.#failures++;
    if (error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE') return;
    const kind = String(error);
    if (this.#warned.size >= 10 || this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.#options.warn(`Folding failed (${kind}). Numbers stay right; it is tried again every few seconds.`);
  }
}
