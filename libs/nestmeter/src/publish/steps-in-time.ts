import { setTimeout } from 'node:timers/promises';
import { within } from './within.js';

/** Between attempts. */
const retryMs = 100;

/**
 * Takes steps in their order, each again until it succeeds, as long as there is time. Never rejects.
 *
 * @param steps told whether the time is over
 * @param deadlineMs after which it returns, whatever is under way
 */
export async function stepsInTime(
  steps: readonly ((isOver: () => boolean) => Promise<unknown>)[],
  deadlineMs: number,
): Promise<void> {
  let isOver = false;
  const take = async (): Promise<void> => {
    for (const step of steps)
      while (!isOver) {
        const isDone = await step(() => isOver).then(
          () => true,
          () => false,
        );
        if (isDone) break;
        await setTimeout(retryMs, null, { ref: false });
      }
  };
  await within(take(), deadlineMs);
  isOver = true;
}
