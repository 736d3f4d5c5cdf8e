import type { Accumulator } from '../accumulate/accumulator.js';
import { encodeState } from '../accumulate/encoded-state.js';
import type { Pace } from '../accumulate/pace.js';
import type { SlotState } from '../accumulate/slot-state.js';
import { ToldDefinitions } from './told-definitions.js';
import { slotId, type StateWrite, type WriteResult } from '../store/store.js';

interface Sent {
  /** Version last acknowledged, and the store's time up to which it counts (Unix ms); 0 when none. */
  acknowledged: number;
  asOfMs: number;
  /** The same of what was last encoded. */
  encoded: number;
  encodedAsOfMs: number;
  /** Highest version that ever went out: the store can have no higher one from this process. */
  sent: number;
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
  /** What the store knows of the families in use. */
  readonly definitions = new ToldDefinitions();
  readonly #sent = new Map<string, Sent>();
  readonly #sizes = new Map<string, number>();
  readonly #momentMs = Math.random() * jitterMs;
  #finestStart = 0;
  #coarseDueMs = 0;
  #field = '';
  /** Unix milliseconds of the store before which the present field counted nothing. */
  #sinceMs = 0;
  #lastMs: number;

  constructor(
    private readonly accumulator: Accumulator,
    private readonly field: () => string,
  ) {
    this.#lastMs = accumulator.clock.nowMs();
  }

  /** Slot lengths of all tiers in seconds. */
  get slotLengths(): number[] {
    return this.accumulator.tiers.map(({ slotSeconds }) => slotSeconds);
  }

  /** Bytes of all open states when last encoded. */
  get bytes(): number {
    let sum = 0;
    for (const size of this.#sizes.values()) sum += size;
    return sum;
  }

  /**
   * What to send now, as of now: the changed states of the finest tier, and of the coarser tiers when it is their turn.
   *
   * @param coarser whether the coarser tiers go too: when it is their turn, now, or never
   */
  due(nowMs: number, coarser: 'in turn' | 'now' | 'never'): SlotState[] {
    const { tiers } = this.accumulator;
    const start = this.accumulator.openStart(0);
    if (start !== this.#finestStart) this.#turn(start);
    if (this.field() !== this.#field) {
      this.#field = this.field();
      // Before the first answer of the store the host's clock may have been ahead.
      this.#sinceMs = Math.min(this.#lastMs, nowMs);
    }
    this.#lastMs = nowMs;
    const theirTurn = nowMs >= this.#coarseDueMs || this.bytes <= allTiersBytes;
    const all = coarser === 'now' || (coarser === 'in turn' && theirTurn);
    if (all) this.#coarseDueMs = Infinity;
    return tiers.flatMap((_, tier) => (tier === 0 || all ? this.#changed(tier) : []));
  }

  /**
   * Encodes these, giving way in between. What is counted meanwhile may be in them already; their versions and as-of times
   * are those of before, so that the next publish sends them again.
   */
  async encode(states: readonly SlotState[], pace: Pace): Promise<StateWrite[]> {
    const field = this.#field;
    const writes: StateWrite[] = [];
    for (const { family, tier, start, state, version, asOfMs } of states) {
      if (pace.isDue) await pace.giveWay();
      const encoded = encodeState(state, { version, final: false, asOfMs }, { deflate: false });
      this.#sizes.set(`${family.name}/${tier.slotSeconds}`, encoded.length);
      const write = { slot: { family: family.name, tier, start }, field, version, encoded };
      Object.assign(this.#noted(keyOf(write)), { encoded: version, encodedAsOfMs: asOfMs });
      writes.push(write);
    }
    return writes;
  }

  /** Takes in what the store said. @returns whether it held less than it had acknowledged: it went back */
  settle(write: StateWrite, result: WriteResult): boolean {
    const sent = this.#sent.get(keyOf(write));
    if (sent === undefined) return false;
    const regressed = (result.found ?? 0) < sent.acknowledged;
    if (result.outcome === 'stored' || result.outcome === 'have') {
      sent.acknowledged = write.version;
      if (write.version === sent.encoded) sent.asOfMs = sent.encodedAsOfMs;
    }
    return regressed;
  }

  /** Sends everything again: the store may have lost it. */
  distrust(): void {
    this.definitions.distrust();
    for (const sent of this.#sent.values()) Object.assign(sent, { acknowledged: 0, asOfMs: 0 });
  }

  /** Rule 2: after a small step back of the clock, times come again up to which all was stored. @param nowMs store time */
  noteTime(nowMs: number): void {
    this.#sinceMs = Math.min(this.#sinceMs, nowMs);
    for (const sent of this.#sent.values()) {
      sent.asOfMs = Math.min(sent.asOfMs, nowMs);
      sent.encodedAsOfMs = Math.min(sent.encodedAsOfMs, nowMs);
    }
  }

  /** Highest version of a state that ever went out; 0 when none did. */
  lastSent(write: Pick<StateWrite, 'slot' | 'field'>): number {
    return this.#sent.get(keyOf(write))?.sent ?? 0;
  }

  /** Takes note of what goes out. */
  noteSent(write: StateWrite): void {
    const sent = this.#sent.get(keyOf(write));
    if (sent !== undefined) sent.sent = Math.max(sent.sent, write.version);
  }

  /**
   * Rule 11: by slot length in seconds, the time (Unix ms) up to which all that these open slots have is in the store once
   * a call is. A replica that is killed then loses what came later, which in coarser tiers is more than in the finest.
   */
  storedUpTo(writes: readonly StateWrite[], nowMs: number): Map<number, number> {
    const included = new Set(writes.filter(({ encoded }) => encoded !== null).map(keyOf));
    return new Map(
      this.accumulator.tiers.map((tier, level) => {
        let upToMs = nowMs;
        for (const { family, start, version } of this.accumulator.openVersions(level)) {
          const key = keyOf({ slot: { family: family.name, tier, start }, field: this.#field });
          const sent = this.#sent.get(key);
          const isIncluded = sent !== undefined && included.has(key);
          if ((isIncluded ? sent.encoded : (sent?.acknowledged ?? 0)) >= version) continue;
          const asOfMs = (isIncluded ? sent.encodedAsOfMs : sent?.asOfMs) || this.#sinceMs;
          upToMs = Math.min(upToMs, Math.max(start * 1000, asOfMs));
        }
        return [tier.slotSeconds, upToMs];
      }),
    );
  }

  #changed(level: number): SlotState[] {
    const tier = this.accumulator.tiers[level]!;
    return this.accumulator.openVersions(level).flatMap(({ family, start, version }) => {
      const { acknowledged } = this.#noted(keyOf({ slot: { family: family.name, tier, start }, field: this.#field }));
      return acknowledged >= version ? [] : [this.accumulator.openState(family, level)];
    });
  }

  #noted(key: string): Sent {
    let sent = this.#sent.get(key);
    if (sent === undefined)
      this.#sent.set(key, (sent = { acknowledged: 0, asOfMs: 0, encoded: 0, encodedAsOfMs: 0, sent: 0 }));
    return sent;
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
