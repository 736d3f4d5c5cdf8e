import type { Accumulator } from '../accumulate/accumulator.js';
import { encodeState } from '../accumulate/encoded-state.js';
import type { StoreClock } from '../clock.js';
import type { ReadReply, ReadRequest, SlotContents, SlotRef, StateSource } from '../store/store.js';
import type { Outbox } from './outbox.js';
import type { Replica } from './replica.js';

/** What an {@link OwnMemory} is made of. */
export interface OwnMemoryOptions {
  readonly accumulator: Accumulator;
  readonly outbox: Outbox;
  readonly clock: StoreClock;
  readonly replica: Replica;
  /** Moves what has just closed into the outbox. */
  readonly collect: () => void;
}

/**
 * What this replica alone still knows: its open slots and the closed ones in its outbox. It answers while the store is
 * unreachable, and its answers are marked as incomplete by the reader.
 */
export class OwnMemory implements StateSource {
  #reads = 0;

  constructor(private readonly options: OwnMemoryOptions) {}

  async read({ slots }: ReadRequest): Promise<ReadReply> {
    const { accumulator, clock, replica, collect } = this.options;
    accumulator.settle();
    collect();
    return {
      timeMs: clock.nowMs(),
      born: null,
      slots: slots.map(({ slot }) => this.#contents(slot)),
      live: [replica.id],
      beats: [],
      silent: [],
      behind: [],
      gaps: [],
    };
  }

  #contents(slot: SlotRef): SlotContents | null {
    const { accumulator, outbox, replica } = this.options;
    const fields = outbox.states(slot);
    const level = accumulator.tiers.findIndex((tier) => tier.slotSeconds === slot.tier.slotSeconds);
    const family = accumulator.families().find(({ name }) => name === slot.family);
    if (family !== undefined && accumulator.openStart(level) === slot.start) {
      const { state, version, asOfMs } = accumulator.openState(family, level);
      const encoded = encodeState(state, { version, final: false, asOfMs }, { deflate: false });
      if (version > 0) fields.set(replica.field(accumulator.generation), encoded);
    }
    // Own contents change at any time: a revision of their own keeps them out of caches.
    return fields.size === 0 ? null : { revision: `own:${++this.#reads}`, fields, alsoFolded: new Set() };
  }
}
