import type { ModelReplica } from './model-replica.js';
import { shutdownMs } from './slots.js';

/** How long a request that was under way when SIGTERM came goes on. */
const lastRequestMs = 400;
const retryMs = 100;

/**
 * Rule 12: final states, audit of what is unconfirmed, what was recorded meanwhile under a renewed id, a last beat that
 * says `left`; each step until the store answers, all of it until the deadline. Then the process ends.
 */
export function shutDown(replica: ModelReplica, sayLeft: () => void): void {
  const { process, slots, outbox, world } = replica;
  const deadlineMs = process.loop.nowMs + shutdownMs;
  const flush = (then: () => void): void => {
    if (process.loop.nowMs > deadlineMs) return process.die();
    replica.publish(true, (isAnswered) => {
      if (isAnswered && outbox.unsent().length === 0) then();
      else process.after(retryMs, () => flush(then));
    });
  };
  const audit = (then: () => void): void => {
    if (outbox.auditing) flush(() => audit(then));
    else then();
  };
  process.after(lastRequestMs / 2, () => replica.record());
  process.after(lastRequestMs, () => replica.record());
  slots.renew(world.rules.renewAtShutdown);
  flush(() => {
    outbox.auditAll();
    audit(() =>
      process.after(lastRequestMs + 1, () => {
        slots.renew(world.rules.renewAtShutdown);
        flush(() => {
          sayLeft();
          const last = (): void => flush(() => (outbox.isInDoubt ? last() : process.die()));
          last();
        });
      }),
    );
  });
}
