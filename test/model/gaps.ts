import { settleSeconds } from '../../libs/nestmeter/src/time-slot.js';
import type { Measurement } from './ledger.js';
import type { ModelStore } from './model-store.js';
import { liveMs, longestSilenceMs, type ModelSlot } from './slots.js';
import type { Gap, HeldBeat } from './store-contents.js';

/** How exactly replicas know the store's time at the worst, and so the times that they tell it. */
const usualErrorMs = 1000;

/** Rule 11: the times of a slot for which an answer says that numbers are missing. */
export function gapsOf(store: ModelStore, slot: ModelSlot): Gap[] {
  return [
    ...bySlot(store, slot),
    ...bySilence(store, slot),
    ...store.gaps
      .entries()
      .map(([, gap]) => gap)
      .filter(({ level }) => (level ?? slot.level) === slot.level),
    ...byEmptiness(store, slot),
  ];
}

/** Whether a gap covers a measurement of a slot that is not in it. */
export function isCovered(gaps: readonly Gap[], slot: ModelSlot, { storeMs, clockErrorMs }: Measurement): boolean {
  // After a small step back of the clock a measurement is counted in a slot that begins later.
  const atMs = Math.min(Math.max(storeMs, slot.startMs), slot.endMs);
  const errorMs = Math.max(usualErrorMs, clockErrorMs);
  return gaps.some(({ fromMs, toMs }) => fromMs - errorMs <= atMs && atMs <= toMs + errorMs);
}

function bySlot(store: ModelStore, slot: ModelSlot): Gap[] {
  const { rules, timeMs } = store;
  const key = store.key(slot);
  const { level, startMs, endMs } = slot;
  const isIndexed = store.index.get(slot.id) !== undefined && timeMs < slot.expiresAtMs;
  if (key === undefined)
    return isIndexed && rules.gapOfMissingKey ? [{ fromMs: startMs, toMs: endMs, level, reason: 'is missing' }] : [];
  if (!rules.gapOfUnfinished || timeMs < endMs + settleSeconds * 1000) return [];
  const open = [...key.states.values()].filter((state) => !state.final).map((state) => state.asOfMs);
  return [...open, ...(key.folded?.unfinished ?? [])].map((fromMs) => ({
    fromMs,
    toMs: Math.min(endMs, fromMs + longestSilenceMs),
    level,
    reason: 'never became final',
  }));
}

/** What may be missing of a replica that fell silent, by tier. */
export function silenceOf({ seenMs, storedUpToMs }: HeldBeat): Gap[] {
  return storedUpToMs.map((ms, level) => ({
    fromMs: Math.min(ms, seenMs),
    toMs: seenMs + longestSilenceMs,
    level,
    reason: 'fell silent',
  }));
}

function bySilence({ beats, rules, timeMs }: ModelStore, { level, startMs, endMs }: ModelSlot): Gap[] {
  if (!rules.gapOfSilence) return [];
  return beats.entries().flatMap(([, beat]): Gap[] => {
    if (beat.left) return [];
    const isLive = timeMs - beat.seenMs <= liveMs;
    const fromMs = beat.storedUpToMs[level]!;
    const gap = isLive ? { fromMs, toMs: timeMs, level, reason: 'is still on its way' } : silenceOf(beat)[level]!;
    if (isLive && fromMs >= timeMs - (level === 0 ? liveMs : settleSeconds * 1000)) return [];
    const cut = { ...gap, fromMs: Math.max(startMs, gap.fromMs), toMs: Math.min(endMs, gap.toMs) };
    return cut.toMs > cut.fromMs ? [cut] : [];
  });
}

/** An empty store says that nobody has published yet; before its `since` there was nothing, as far as anybody knows. */
function byEmptiness({ born }: ModelStore, { level, startMs, endMs }: ModelSlot): Gap[] {
  return born.get('born') === undefined ? [{ fromMs: startMs, toMs: endMs, level, reason: 'the store is empty' }] : [];
}
