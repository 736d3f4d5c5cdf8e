import type { Accumulator } from '../accumulate/accumulator.js';
import { encodeState } from '../accumulate/encoded-state.js';
import { slotId, type StateWrite, type WriteResult } from '../store/store.js';

interface Sent {
  /** Version last acknowledged; 0 when none. */
  acknowledged: number;
}

/** While all open states together are not larger, all tiers are sent each interval. */
const allTiersBytes = 64 << 10;
/**
 * Coarser tiers are sent within this time after a finest slot closed, so that a fleet does not do it at once. Each replica
 * keeps to its own moment: what a kill costs in coarser tiers is then never more than one finest slot and one interval.
 */
const jitterMs = 3000;

/** Rule 6. The open slots of this replica: which of their states changed since the store last acknowledged them. */
export class OpenStates {
  readonly #sent = new Map<string, Sent>();
  readonly #sizes = new Map<string, number>();
  readonly #momentMs = Math.random() * jitterMs;
  #finestStart = 0;
  #coarseDueMs = 0;

  constructor(
    private readonly accumulator: Accumulator,
    private readonly field: () => string,
  ) {}

  /** Bytes of all open states when last encoded. */
  get bytes(): number {
    let sum = 0;
    for (const size of this.#sizes.values()) sum += size;
    return sum;
  }

  /**
   * States to send now: the changed ones of the finest tier, and of the coarser tiers when it is their turn.
   *
   * @param coarser whether the coarser tiers go too: when it is their turn, now, or never
   */
  due(nowMs: number, coarser: 'in turn' | 'now' | 'never'): StateWrite[] {
    const { tiers } = this.accumulator;
    const start = this.accumulator.openStart(0);
    if (start !== this.#finestStart) this.#turn(start);
    const theirTurn = nowMs >= this.#coarseDueMs || this.bytes <= allTiersBytes;
    const all = coarser === 'now' || (coarser === 'in turn' && theirTurn);
    if (all) this.#coarseDueMs = Infinity;
    return tiers.flatMap((_, tier) => (tier === 0 || all ? this.#changed(tier) : []));
  }

  /** Takes in what the store said. @returns whether it held less than it had acknowledged: it went back */
  settle(write: StateWrite, result: WriteResult): boolean {
    const sent = this.#sent.get(keyOf(write));
    if (sent === undefined) return false;
    const regressed = (result.found ?? 0) < sent.acknowledged;
    if (result.outcome === 'stored' || result.outcome === 'have') sent.acknowledged = write.version;
    return regressed;
  }

  /** Sends everything again: the store may have lost it. */
  distrust(): void {
    for (const sent of this.#sent.values()) sent.acknowledged = 0;
  }

  #changed(tier: number): StateWrite[] {
    const field = this.field();
    return this.accumulator.openVersions(tier).flatMap(({ family, start, version }) => {
      const slot = { family: family.name, tier: this.accumulator.tiers[tier]!, start };
      const key = keyOf({ slot, field });
      let sent = this.#sent.get(key);
      if (sent === undefined) this.#sent.set(key, (sent = { acknowledged: 0 }));
      if (sent.acknowledged >= version) return [];
      const open = this.accumulator.openState(family, tier);
      const encoded = encodeState(open.state, { version, final: false, asOfMs: open.asOfMs }, { deflate: false });
      this.#sizes.set(`${family.name}/${tier}`, encoded.length);
      return [{ slot, field, version, encoded }];
    });
  }

  /** A finest slot closed: coarser tiers become due, and what is known of closed slots is forgotten. */
  #turn(start: number): void {
    this.#finestStart = start;
    this.#coarseDueMs = start * 1000 + this.#momentMs;
    const { tiers } = this.accumulator;
    const open = new Set(tiers.map((tier, level) => `:${tier.slotSeconds}:${this.accumulator.openStart(level)}/`));
    for (const key of this.#sent.keys()) if (!open.has(/:\d+:\d+\//.exec(key)![0])) this.#sent.delete(key);
  }
}

function keyOf({ slot, field }: Pick<StateWrite, 'slot' | 'field'>): string {
  return `${slotId(slot)}/${field}`;
}
