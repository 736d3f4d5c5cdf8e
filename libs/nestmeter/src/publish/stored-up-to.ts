import type { StateWrite } from '../store/store.js';
import type { Losses } from './losses.js';
import type { OpenStates } from './open-states.js';
import type { Outbox } from './outbox.js';

/**
 * Rule 11: up to when all that this replica counted is in the store once some writes are, as its beat says: Unix
 * milliseconds by slot length. After a kill whatever lies behind it may be missing, in coarse tiers that wait for their
 * turn and behind a backlog more than one interval.
 *
 * @param nowMs store time; where it is not known yet, for how long has been counted of which nothing is stored
 */
export function storedUpTo(
  { open, outbox, losses }: { readonly open: OpenStates; readonly outbox: Outbox; readonly losses: Losses },
  writes: readonly StateWrite[],
  nowMs: number | { readonly countedForMs: number },
): Map<number, number> {
  if (typeof nowMs === 'object') return new Map(open.slotLengths.map((tier) => [tier, -nowMs.countedForMs]));
  const upTo = open.storedUpTo(writes, nowMs);
  for (const [tier, ms] of outbox.lackingSince(writes)) upTo.set(tier, Math.min(ms, upTo.get(tier) ?? ms));
  // A loss that the store does not know of yet is none that its readers are told.
  for (const [tier, ms] of upTo) upTo.set(tier, Math.min(ms, losses.untoldSince(tier)));
  return upTo;
}
