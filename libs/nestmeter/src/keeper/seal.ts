import { readHeader } from '../accumulate/encoded-state.js';
import { Pace } from '../accumulate/pace.js';
import type { Clock } from '../clock.js';
import type { SealNote } from '../store/folded-state.js';
import { unpublishedSpan } from '../store/gap.js';
import type { Upkeep } from '../store/upkeep.js';
import { writeEndMs } from '../time-slot.js';
import { familyOf } from './known-families.js';
import { mergeSlot } from './merge-slot.js';
import type { KnownSlot } from './slot-family.js';

/** When a slot may be sealed: W and a while, in which calls under way end (Unix milliseconds of the store). */
export function sealAtMs({ slot: { start, tier } }: Pick<KnownSlot, 'slot'>, graceMs: number): number {
  return writeEndMs(start, tier) + graceMs;
}

/**
 * Rule 9: folds what is left of a slot, unfinished states too, notes of those for which time counts may be missing, and
 * closes the slot. There is no other notion of a dead replica.
 *
 * @returns `sealed`; `changed` or `early` when the store refused; `foreign` when another release folded it: then it stays
 */
export async function sealSlot(
  upkeep: Upkeep,
  known: KnownSlot,
  { graceMs, clock }: { graceMs: number; clock: Clock },
): Promise<'sealed' | 'changed' | 'early' | 'foreign'> {
  const { slot, families } = known;
  const states = new Map<string, Buffer>();
  let parts = await upkeep.parts(slot, null);
  const first = parts;
  while (parts !== null) {
    for (const [field, state] of parts.states) states.set(field, state);
    if (parts.rest.length === 0) break;
    parts = await upkeep.parts(slot, parts.rest);
  }
  if (first === null || parts === null || first.sealed) return 'changed';
  const merged = await mergeSlot(familyOf(families, first, states), first, states, new Pace(clock));
  if (merged === null) return 'foreign';
  const note = noteOf(states.values(), slot.start + slot.tier.slotSeconds);
  const folded = merged.parts.length === 0 ? null : merged.folded;
  return upkeep.seal({ slot, ...merged, folded, note, notBeforeMs: sealAtMs(known, graceMs) });
}

function noteOf(states: Iterable<Buffer>, end: number): SealNote {
  const headers = [...states].map(readHeader).filter((header) => header !== null && !header.final);
  return { unfinished: headers.length, spans: headers.map((header) => unpublishedSpan(header!.asOfMs / 1000, end)) };
}
