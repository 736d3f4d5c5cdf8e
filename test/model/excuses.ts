import type { Measurement } from './ledger.js';
import { confirmAfterMs, type ModelSlot } from './slots.js';
import type { World } from './world.js';

/**
 * Without any hindrance for so long, everything pending has reached the store: a backlog, and the turn of coarse tiers,
 * which after a small step back of the clock comes two finest slots later.
 */
const chanceSeconds = 24;

/**
 * Why a measurement ought to be in a slot that it is not in; null when a fault excuses it. What was stored stays, unless a
 * fault took it away; a living replica delivers what it counted, and restores open slots and those it remembers.
 */
export function lossOf({ ledger, loop, store }: World, slot: ModelSlot, measurement: Measurement): string | null {
  if (ledger.isAmbiguous(measurement)) return null;
  const { process, atMs } = measurement;
  const storedAtMs = measurement.storedAtMs[slot.level]!;
  // What was stored and taken back before it could be stored is not lost by it.
  const hits = ledger.destructions.filter((one) => one.atMs > atMs && (one.slot ?? slot) === slot);
  const last = hits.at(-1);
  const isSpared = hits.every((one) => storedAtMs !== null && storedAtMs < one.keptUntilMs);
  const endMs = Math.min(process.diedAtMs ?? Infinity, loop.nowMs - 3000);
  if (isSpared && storedAtMs !== null) return 'was stored, and nothing took it away';
  // Replicas drop and forget by what they know of the store's clock, which it may have taken back since.
  if (ledger.missedStepBack(process, atMs)) return null;
  const wasSetBack = ledger.stepsBack.some((stepMs) => stepMs > atMs);
  if (wasSetBack && (measurement.countedLost[slot.level] || store.peakMs >= slot.writeEndMs)) return null;
  if (last === undefined)
    return ledger.hadChance(process, atMs, endMs, chanceSeconds)
      ? 'was never stored, though nothing hindered it'
      : null;
  const contact = ledger.lastContact(process, last.atMs);
  const isRemembered = contact === null || slot.endMs + confirmAfterMs > Math.max(contact.storeMs, store.peakMs);
  if (
    !isRemembered ||
    measurement.isForgotten[slot.level] ||
    !ledger.hadChance(process, last.atMs, endMs, chanceSeconds)
  )
    return null;
  return `was taken away at ${(last.atMs / 1000).toFixed(1)} s and not restored`;
}
