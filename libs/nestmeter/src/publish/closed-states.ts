import type { Accumulator } from '../accumulate/accumulator.js';
import type { Pace } from '../accumulate/pace.js';
import type { SlotState } from '../accumulate/slot-state.js';
import type { Losses } from './losses.js';
import type { OpenStates } from './open-states.js';
import type { Outbox } from './outbox.js';
import type { Replica } from './replica.js';

/** What {@link ClosedStates} are made of. */
export interface ClosedStatesOptions {
  readonly accumulator: Accumulator;
  readonly replica: Replica;
  readonly open: OpenStates;
  readonly outbox: Outbox;
  readonly losses: Losses;
  /** Told of a state that cannot be encoded. */
  readonly failed: (error: unknown) => void;
}

/** Encodes the states of closed slots into the outbox. */
export class ClosedStates {
  /** Those that are to be encoded, oldest first. */
  #waiting: SlotState[] = [];

  constructor(private readonly options: ClosedStatesOptions) {}

  /** Encodes all that have closed until now. */
  collect(): void {
    this.#take();
    while (this.#waiting.length > 0) this.#encodeNext();
  }

  /**
   * Closes what has ended and encodes what has closed until now, giving way in between: where a slot ends there are many at
   * once. Who calls {@link collect} meanwhile has them all in the outbox.
   */
  async collectInTurns(pace: Pace): Promise<void> {
    this.options.accumulator.settle();
    this.#take();
    while (this.#waiting.length > 0) {
      if (pace.isDue) await pace.giveWay();
      this.#encodeNext();
    }
  }

  /** Forgets those that are to be encoded. For tests. */
  clear(): void {
    this.#waiting = [];
  }

  #take(): void {
    this.#waiting.push(...this.options.accumulator.takeClosed());
  }

  #encodeNext(): void {
    const closed = this.#waiting.shift();
    if (closed === undefined) return;
    const { replica, open, outbox, losses, failed } = this.options;
    const slot = { family: closed.family.name, tier: closed.tier, start: closed.start };
    try {
      const field = replica.field(closed.generation);
      outbox.add(closed, field, open.lastSent({ slot, field }));
    } catch (error) {
      // One state that cannot be encoded must not take the others with it.
      outbox.counts.dropped++;
      losses.add(slot, 'dropped');
      failed(error);
    }
  }
}
