import { behindTiers, type StoredUpTo } from './gap.js';
import type { Back, MemoryContents, StoredBeat } from './memory-contents.js';
import {
  liveIntervals,
  mostSilent,
  type Publication,
  type ReadReply,
  type Receipt,
  type SilentReplica,
  toldSilentSeconds,
} from './store.js';

/*
 * What the memory store does with beats; publish.lua and read.lua say why.
 */

/** Silent replicas in one answer to a publisher. */
const mostToldSilent = 100;

/** Takes in a beat, unless a newer one is there. @returns what was known before */
export function takeBeat(
  contents: MemoryContents,
  { beat, call, acknowledgedBeat = 0, storedUpTo = new Map(), missed = [] }: Publication,
  { timeMs, isAnyLate }: { timeMs: number; isAnyLate: boolean },
): Pick<Receipt, 'previousBeat' | 'previousBeatMs' | 'isRepeated'> {
  const held = contents.beats.get(beat.id);
  const back = backOf(held, acknowledgedBeat);
  if (held === undefined || held.beat.number <= beat.number) {
    const known = held?.storedUpTo ?? contents.missed.get(beat.id)?.storedUpTo;
    const told = new Map([...storedUpTo].map(([tier, ms]) => [tier, ms < 0 ? timeMs + ms : ms]));
    const unknown = back === null ? told : lacksSince(storedUpTo, 0);
    const upTo = back === null && !isAnyLate ? told : (known ?? unknown);
    contents.beats.set(beat.id, { atMs: timeMs, seenMs: timeMs, beat, call, storedUpTo: upTo, back });
    contents.missed.delete(beat.id);
  }
  for (const { id, atMs, lacksSinceMs } of missed) {
    const known = contents.beats.get(id);
    const seenMs = Math.min(timeMs - liveIntervals * beat.intervalMs - 1, atMs);
    if (known !== undefined) {
      if (!known.beat.left && known.seenMs < seenMs) contents.beats.set(id, { ...known, seenMs });
    } else if ((contents.missed.get(id)?.atMs ?? 0) < seenMs) {
      const upTo = contents.missed.get(id)?.storedUpTo ?? lacksSince(storedUpTo, lacksSinceMs);
      contents.missed.set(id, { atMs: seenMs, storedUpTo: upTo });
    }
  }
  return {
    previousBeat: back === null ? (held?.beat.number ?? null) : back.number,
    previousBeatMs: back === null ? (held?.atMs ?? null) : back.atMs,
    isRepeated: call !== undefined && held?.call === call && held.beat.number === beat.number,
  };
}

/** The same for every tier. */
function lacksSince(tiers: StoredUpTo, ms: number): StoredUpTo {
  return new Map([...tiers.keys()].map((tier) => [tier, ms]));
}

function backOf(held: StoredBeat | undefined, acknowledged: number): Back | null {
  if (held?.back && held.back.acknowledged >= acknowledged) return held.back;
  if (acknowledged <= (held?.beat.number ?? 0)) return null;
  return { acknowledged, number: held?.beat.number ?? null, atMs: held?.atMs ?? null };
}

/** Ids of replicas that beat within three intervals and did not leave. */
export function liveIn({ beats }: MemoryContents, timeMs: number): string[] {
  return [...beats.values()].filter((known) => isLive(known, timeMs)).map(({ beat }) => beat.id);
}

/** Replicas that fell silent, the latest first. */
function fallenIn({ beats, missed }: MemoryContents, timeMs: number): ReadReply['silent'][number][] {
  const silent = [...beats.values()].filter((known) => !known.beat.left && !isLive(known, timeMs));
  const fallen = silent.map(({ seenMs, beat, storedUpTo }) => ({ id: beat.id, atMs: seenMs, storedUpTo }));
  const unknown = [...missed].map(([id, { atMs, storedUpTo }]) => ({ id, atMs, storedUpTo }));
  return [...fallen, ...unknown].sort((a, b) => b.atMs - a.atMs);
}

/** What a publisher is told of others. */
export function departuresIn(
  contents: MemoryContents,
  timeMs: number,
): Pick<Receipt, 'departedMs' | 'fallenMs' | 'silent'> {
  const fallen = fallenIn(contents, timeMs);
  const left = [...contents.beats.values()].filter(({ beat }) => beat.left);
  const told = fallen.filter(({ atMs }) => atMs >= timeMs - toldSilentSeconds * 1000).slice(0, mostToldSilent);
  return {
    departedMs: left.length === 0 ? null : Math.max(...left.map(({ atMs }) => atMs)),
    fallenMs: fallen[told.length]?.atMs ?? null,
    silent: told.map(({ id, atMs }): SilentReplica => ({ id, atMs })),
  };
}

/** What a reader is told of replicas of which something may be missing. */
export function missingIn(contents: MemoryContents, timeMs: number): Pick<ReadReply, 'silent' | 'behind'> {
  const live = [...contents.beats.values()].filter((known) => isLive(known, timeMs));
  const behind = live.map(({ beat, storedUpTo }) => ({
    id: beat.id,
    storedUpTo: behindTiers(storedUpTo, timeMs, liveIntervals * beat.intervalMs),
  }));
  return {
    silent: fallenIn(contents, timeMs).slice(0, mostSilent),
    behind: behind.filter(({ storedUpTo }) => storedUpTo.size > 0),
  };
}

function isLive({ seenMs, beat }: StoredBeat, timeMs: number): boolean {
  return !beat.left && timeMs - seenMs <= liveIntervals * beat.intervalMs;
}
