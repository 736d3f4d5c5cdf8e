import { settleSeconds, type Tier } from '../time-slot.js';
import type { Window } from './window.js';

/** A slot to read, of whichever tier serves that stretch of the window. */
export interface PlannedSlot {
  readonly tier: Tier;
  /** Unix seconds. */
  readonly start: number;
}

/** A stretch of a window, made of whole slots of its tier. */
export interface Stretch {
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
}

/**
 * Rule 10. The slots that together are the window, in order of time and without overlap: those of the window's own tier once they
 * are settled, the rest from finer tiers, down to the open slot of the finest. Open coarse slots are never read: they
 * are large, and finals of other replicas may be on their way.
 */
export function planSlots(window: Window, nowMs: number, tiers: readonly Tier[]): PlannedSlot[] {
  const now = nowMs / 1000;
  const slots: PlannedSlot[] = [];
  let at = window.from;
  for (let level = window.level; level >= 0; level--) {
    const tier = tiers[level]!;
    const usable = (start: number): boolean => level === 0 || start + tier.slotSeconds + settleSeconds <= now;
    // A slot that begins at this very moment may hold something already.
    for (; (at < window.to || at === now) && usable(at); at += tier.slotSeconds) slots.push({ tier, start: at });
  }
  return slots;
}

/** Cuts a window into at most `points` stretches of equally many slots; the last one may be shorter. */
export function cutStretches(window: Window, points: number): Stretch[] {
  const slots = Math.ceil((window.to - window.from) / window.slotSeconds);
  const length = Math.ceil(slots / points) * window.slotSeconds;
  const stretches: Stretch[] = [];
  for (let from = window.from; from < window.to; from += length)
    stretches.push({ from, to: Math.min(from + length, window.to) });
  return stretches;
}
