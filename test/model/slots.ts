import { expiresAt, slotStart, type Tier, writeEndMs } from '../../libs/nestmeter/src/time-slot.js';

/*
 * The protocol's horizons at about 1 : 400, so that a run of a quarter of an hour sees slots through their whole life.
 * Slot lengths, settling and the interval keep their size.
 */

/** The finest tier expires before it is sealed, as the real finest tiers do. */
export const tiers: readonly Tier[] = [
  { slotSeconds: 10, retentionSeconds: 120 },
  { slotSeconds: 60, retentionSeconds: 600 },
  { slotSeconds: 180, retentionSeconds: 1800 },
];

/** Milliseconds between publishes. */
export const intervalMs = 1000;
/** A replica is live while it beats within this. */
export const liveMs = 3 * intervalMs;
/** A call without an answer is given up after this; its outcome is then unknown. */
export const callTimeoutMs = 1000;
/** Stands for the 25 h after which nobody writes to a slot. */
export const longestWriteMs = 150_000;
/** Stands for the 5 min between W and the seal. */
export const sealDelayMs = 15_000;
/** Stands for the 30 min after its first acknowledgement at which a state may be forgotten. */
export const confirmAfterMs = 60_000;
/** Stands for the 5 min that a gap of an unfinished state or of a silent replica lasts. */
export const longestSilenceMs = 60_000;
/** Stands for the 25 h after which beats are pruned. */
export const beatLifeMs = 200_000;
/** For how long slots wait for their names. */
export const unnamedMs = 30_000;
/** How long a replica has for its end. */
export const shutdownMs = 3000;

/** One slot of one tier. The same slot is always the same object. All times are Unix milliseconds of the store. */
export interface ModelSlot {
  readonly id: string;
  readonly level: number;
  readonly startMs: number;
  readonly endMs: number;
  /** W. */
  readonly writeEndMs: number;
  readonly expiresAtMs: number;
}

const known = new Map<string, ModelSlot>();

/** The slot of a tier that contains a time. */
export function slotAt(level: number, ms: number): ModelSlot {
  const tier = tiers[level]!;
  const start = slotStart(ms, tier.slotSeconds);
  const id = `${tier.slotSeconds}:${start}`;
  let slot = known.get(id);
  if (slot === undefined) {
    const endMs = (start + tier.slotSeconds) * 1000;
    slot = {
      id,
      level,
      startMs: start * 1000,
      endMs,
      writeEndMs: Math.min(writeEndMs(start, tier), endMs + longestWriteMs),
      expiresAtMs: expiresAt(start, tier) * 1000,
    };
    known.set(id, slot);
  }
  return slot;
}

/** The slot with an id that {@link slotAt} gave out. */
export function slotOfId(id: string): ModelSlot {
  return known.get(id)!;
}
