import type { Clock } from '../clock.js';
import { beatLifeSeconds } from '../store/store.js';
import { type IndexedSlot, longestStepMs, type SlotName, type ToldDefinition, type Upkeep } from '../store/upkeep.js'; // prettier-ignore
import { expiresAt, type Tier } from '../time-slot.js';
import type { KnownFamilies } from './known-families.js';
import { sealAtMs, sealSlot } from './seal.js';
import type { knownSlots } from './slot-family.js';

/** What a {@link Sweep} is made of. */
export interface SweepOptions {
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  readonly storeNowMs: () => number;
  readonly tiers: readonly Tier[];
  readonly families: KnownFamilies;
  readonly known: ReturnType<typeof knownSlots>;
  /** Milliseconds after W before a slot is sealed. */
  readonly sealGraceMs: number;
}

/** Goes through the index: seals what nobody may write to any more, and removes what has expired; then through beats. */
export class Sweep {
  readonly counts = { sealed: 0 };

  constructor(private readonly options: SweepOptions) {}

  /** @param mayGoOn asked before each slot that is sealed */
  async run(mayGoOn: () => Promise<boolean>): Promise<void> {
    const { upkeep, clock, storeNowMs, known, families, sealGraceMs, tiers } = this.options;
    const longest = Math.max(...tiers.map(({ retentionSeconds }) => retentionSeconds));
    const expired: SlotName[] = [];
    // Before the index: whoever comes with a new slot meanwhile tells its definition again, and that one stays.
    const definitions = await families.refresh();
    const slots = await upkeep.slots();
    await upkeep.forget(unused(definitions, slots, { nowMs: storeNowMs(), longest }));
    for (const { slot: name, sealed } of slots) {
      const nowMs = storeNowMs();
      const expiredMs = nowMs - this.#expiresAtMs(name);
      if (expiredMs >= longestStepMs) expired.push(name);
      if (expiredMs >= 0) continue;
      const slot = sealed ? null : known(name);
      if (slot === null || nowMs < sealAtMs(slot, sealGraceMs)) continue;
      if (!(await mayGoOn())) return;
      if ((await sealSlot(upkeep, slot, { graceMs: sealGraceMs, clock })) === 'sealed') this.counts.sealed++;
    }
    if (expired.length > 0) await upkeep.prune(expired);
    await upkeep.retire(storeNowMs() - beatLifeSeconds * 1000);
    await upkeep.note({ gaps: [], since: null, before: storeNowMs() / 1000 - longest });
  }

  /** Slots of tiers that this replica does not have go with the longest of those that it has, once they are gone. */
  #expiresAtMs({ slotSeconds, start }: SlotName): number {
    const { tiers } = this.options;
    const tier = tiers.find((one) => one.slotSeconds === slotSeconds) ?? { ...tiers.at(-1)!, slotSeconds };
    return expiresAt(start, tier) * 1000;
  }
}

/**
 * Rule 4: definitions that nobody needs. Who lives tells its own every ten minutes; others are needed for as long as there
 * may be a slot that somebody who told them wrote to.
 */
function unused(
  definitions: readonly ToldDefinition[],
  slots: readonly IndexedSlot[],
  { nowMs, longest }: { nowMs: number; longest: number },
): ToldDefinition[] {
  const used = new Set(slots.map(({ slot }) => slot.family));
  const lifeMs = (family: string): number => (beatLifeSeconds + (used.has(family) ? longest : 0)) * 1000;
  return definitions.filter(({ family, toldMs }) => toldMs < nowMs - lifeMs(family));
}
