import type { Accumulator } from '../accumulate/accumulator.js';
import type { Store } from '../store/store.js';
import type { Outbox } from './outbox.js';
import { stepsInTime } from './steps-in-time.js';

/** What ends. */
export interface Ending {
  readonly store: Store;
  readonly accumulator: Accumulator;
  readonly outbox: Outbox;
  /** Whether slots can be named. */
  readonly knowsTime: () => boolean;
  /** One publish. */
  readonly publish: () => Promise<void>;
  /** Publishes until nothing waits. */
  readonly flush: () => Promise<void>;
  /** From now on every beat says that the replica left, and all that is published is final. */
  readonly leave: () => void;
}

/** How long the end of publishing waits for a second node. */
const settleMs = 500;

/**
 * Rule 12. Makes all states final, sends them, asks for those that are not yet confirmed, waits for a second node if there
 * is one, and says `left`. What fails is tried again until the deadline. Never rejects.
 */
export async function endPublishing(ending: Ending, deadlineMs: number): Promise<void> {
  const { store, accumulator, outbox, knowsTime, publish, flush, leave } = ending;
  const { generation } = accumulator;
  const finish = (): void => {
    if (accumulator.generation !== generation) return;
    // Else each level would be counted for a moment under the renewed life.
    accumulator.releaseLevels();
    accumulator.renew();
  };
  if (knowsTime()) finish();
  const steps = [
    // Rule 2: the time is asked for before slots are named for good.
    async () => {
      if (!knowsTime()) await publish();
      finish();
    },
    flush,
    async (isOver: () => boolean) => {
      if (store.embedded || outbox.auditAll() === 0) return;
      while (outbox.auditing && !isOver()) await publish();
    },
    // What was recorded meanwhile is counted under the renewed life.
    async () => accumulator.renew(),
    flush,
    () => store.settle(settleMs).catch(() => {}),
    () => {
      leave();
      return flush();
    },
    // Should the store have lost something in between, nobody else could send it again.
    async (isOver: () => boolean) => {
      while ((outbox.isInDoubt || outbox.pending > 0) && !isOver()) await publish();
    },
  ];
  await stepsInTime(steps, deadlineMs);
  finish();
}
