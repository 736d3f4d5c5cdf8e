import { randomBytes } from 'node:crypto';
import { schema } from '../accumulate/encoded-state.js';
import type { Lease, Upkeep } from '../store/upkeep.js';

/** What a {@link LeaseHolder} is made of. */
export interface LeaseHolderOptions {
  readonly upkeep: Pick<Upkeep, 'claim' | 'release'>;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** The lease as last seen, of anybody; null when none was. */
  readonly seen: () => Lease | null;
  readonly replicaId: () => string;
  /** What others shall see of this keeper. */
  readonly progress: () => Pick<Lease, 'folded' | 'lagMs'>;
  readonly leaseMs: number;
}

/**
 * This replica's part in the lease. Whoever sees that it ran out takes it; a higher schema takes it from a lower one. It
 * saves work and decides nothing: two holders at the same time do no harm, since each fold compares what it replaces.
 */
export class LeaseHolder {
  #token: string | null = null;
  #heldSinceMs = 0;
  #renewAtMs = 0;
  #abstainUntilMs = 0;

  constructor(private readonly options: LeaseHolderOptions) {}

  /** Milliseconds for which this replica has held the lease; null when it does not. */
  get heldMs(): number | null {
    return this.#token === null ? null : this.options.storeNowMs() - this.#heldSinceMs;
  }

  /** Token of the lease while this replica holds it, for writes that only the holder may make; null when it does not. */
  get token(): string | null {
    return this.#token;
  }

  /** Takes the lease if it is free, renews it when a third of it has passed. @returns whether this replica holds it */
  async hold(): Promise<boolean> {
    const { upkeep, storeNowMs, seen, replicaId, progress, leaseMs } = this.options;
    const nowMs = storeNowMs();
    if (this.#token !== null && nowMs < this.#renewAtMs) return true;
    if (this.#token === null) {
      const held = seen();
      const isHeld = held !== null && held.untilMs > nowMs && held.schema >= schema;
      if (isHeld || nowMs < this.#abstainUntilMs) return false;
    }
    const token = this.#token ?? randomBytes(12).toString('base64url');
    const lease = await upkeep.claim({ token, replica: replicaId(), schema, durationMs: leaseMs, ...progress() });
    if (lease.token !== token) {
      this.#token = null;
      return false;
    }
    if (this.#token === null) this.#heldSinceMs = nowMs;
    this.#token = token;
    this.#renewAtMs = lease.untilMs - (leaseMs * 2) / 3;
    return true;
  }

  /** Gives the lease to whoever wants it. @param abstainMs for how long this replica does not want it again */
  async handOn(abstainMs: number): Promise<void> {
    const token = this.#token;
    if (token === null) return;
    this.#token = null;
    this.#abstainUntilMs = this.options.storeNowMs() + abstainMs;
    await this.options.upkeep.release(token);
  }
}
