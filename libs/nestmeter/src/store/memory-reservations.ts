import type { Reservation, Reserved } from './upkeep.js';
import { restoringMs } from './upkeep.js';

interface Holding {
  readonly version: number;
  readonly held: number;
  readonly spent: number;
}

interface Account {
  readonly holdings: Map<string, Holding>;
  expiresAt: number;
  lostMs: number | null;
}

/** What replicas hold of budgets, in a memory store; the same rules as lua/reserve.lua. */
export class MemoryReservations {
  readonly #accounts = new Map<string, Account>();

  /** See `Upkeep.reserve`. @param nowMs Unix milliseconds */
  reserve(reservation: Reservation, nowMs: number): Reserved {
    for (const [name, { expiresAt }] of this.#accounts) if (nowMs >= expiresAt * 1000) this.#accounts.delete(name);
    const { account: name, holder, version, acknowledged, spent, held, wanted, limit, used } = reservation;
    const account = this.#at(name);
    account.expiresAt = reservation.expiresAt;
    const found = account.holdings.get(holder);
    if ((found?.version ?? 0) < acknowledged) account.lostMs = nowMs;
    const isRestoring = account.lostMs !== null && nowMs - account.lostMs < restoringMs;
    const others = [...account.holdings].filter(([id]) => id !== holder).map(([, holding]) => holding);
    const othersHeld = others.reduce((sum, holding) => sum + holding.held, 0);
    const othersSpent = others.reduce((sum, holding) => sum + holding.spent, 0);
    const isNewer = version > (found?.version ?? 0);
    const ownSpent = isNewer ? spent : 0;
    const most = Math.min(limit - othersHeld, limit - used - (othersHeld - othersSpent) + ownSpent);
    let own = isNewer ? held : found!.held;
    if (isNewer) {
      if (!isRestoring) own = Math.max(held, Math.min(wanted, most));
      account.holdings.set(holder, { version, held: own, spent });
    }
    return {
      held: own,
      version: isNewer ? version : found!.version,
      free: isRestoring ? 0 : Math.max(0, most - own),
    };
  }

  /** Removes everything. */
  clear(): void {
    this.#accounts.clear();
  }

  #at(name: string): Account {
    let account = this.#accounts.get(name);
    if (account === undefined)
      this.#accounts.set(name, (account = { holdings: new Map(), expiresAt: 0, lostMs: null }));
    return account;
  }
}
