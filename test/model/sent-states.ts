import type { OpenSlots } from './open-slots.js';
import { tiers } from './slots.js';
import type { Write, WriteResult } from './store-contents.js';
import type { World } from './world.js';

interface Sent {
  /** Highest version that was ever sent; the store may hold no higher one. */
  sent: number;
  acknowledged: number;
  /** Store time up to which the acknowledged version counts. */
  asOfMs: number;
}

/** How late coarser tiers go after a finest slot closed. */
const jitterMs = 3000;

/** What was sent and what the store acknowledged: which open states to send when (rule 6), and what a beat may claim. */
export class SentStates {
  readonly #sent = new Map<string, Sent>();
  readonly #momentMs: number;
  #finest = '';
  #coarseDueMs = 0;

  constructor(
    private readonly slots: OpenSlots,
    private readonly world: World,
  ) {
    this.#momentMs = world.random.between(0, jitterMs);
  }

  /** Changed open states: those of the finest tier, and of coarser ones in their turn. */
  due(nowMs: number, all: boolean): Write[] {
    const finest = this.slots.open[0]!.slot;
    if (finest.id !== this.#finest) {
      this.#finest = finest.id;
      this.#coarseDueMs = finest.startMs + this.#momentMs;
    }
    const isTurn = all || nowMs >= this.#coarseDueMs || this.world.sendsAllTiers;
    if (isTurn) this.#coarseDueMs = Infinity;
    return this.slots.open.flatMap(({ slot, version }, level) => {
      if (level > 0 && !isTurn) return [];
      const field = this.slots.field;
      if (version <= (this.#sent.get(`${slot.id}/${field}`)?.acknowledged ?? 0)) return [];
      return [{ slot, field, version, state: this.slots.state(level)! }];
    });
  }

  /** Takes note of what goes out. @returns by write, the highest version that had been sent before */
  note(writes: readonly Write[]): number[] {
    return writes.map(({ slot, field, version }) => {
      const known = this.#of(slot.id, field);
      const before = known.sent;
      known.sent = Math.max(before, version);
      return before;
    });
  }

  /** Takes in what the store said. @returns whether it held less than it had acknowledged */
  settle({ slot, field, version, state }: Write, { outcome, found }: WriteResult, timeMs: number): boolean {
    const known = this.#of(slot.id, field);
    const isLess = (found ?? 0) < known.acknowledged;
    if (outcome === 'missing' || outcome === 'late') known.acknowledged = 0;
    else {
      known.acknowledged = version;
      known.asOfMs = Math.min(state?.asOfMs ?? known.asOfMs, timeMs);
    }
    return isLess && outcome !== 'late';
  }

  /** Sends everything open again. */
  distrust(): void {
    for (const known of this.#sent.values()) Object.assign(known, { acknowledged: 0, asOfMs: 0 });
  }

  /** By tier: store time up to when everything that was counted is in the store once this call is. */
  storedUpTo(lacking: readonly Pick<Write, 'slot' | 'field'>[], writes: readonly Write[], nowMs: number): number[] {
    if (!this.world.rules.beatSaysStoredUpTo) return tiers.map(() => nowMs);
    const included = new Set(
      writes.filter(({ state }) => state !== null).map(({ slot, field }) => `${slot.id}/${field}`),
    );
    return this.slots.open.map(({ slot, version }, level) => {
      const key = `${slot.id}/${this.slots.field}`;
      const known = this.#sent.get(key);
      // After a small step back the time of what is not yet stored comes again.
      if (known !== undefined) known.asOfMs = Math.min(known.asOfMs, nowMs);
      const isStored = version === 0 || known?.acknowledged === version || included.has(key);
      let upToMs = isStored ? nowMs : Math.max(slot.startMs, known?.asOfMs || this.slots.sinceMs);
      for (const { slot: waiting, field } of lacking)
        if (waiting.level === level && !included.has(`${waiting.id}/${field}`))
          upToMs = Math.min(upToMs, waiting.startMs);
      return upToMs;
    });
  }

  copyInto(other: SentStates): void {
    for (const [key, known] of this.#sent) other.#sent.set(key, { ...known });
  }

  #of(slot: string, field: string): Sent {
    const key = `${slot}/${field}`;
    let known = this.#sent.get(key);
    if (known === undefined) this.#sent.set(key, (known = { sent: 0, acknowledged: 0, asOfMs: 0 }));
    return known;
  }
}
