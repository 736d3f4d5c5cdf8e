import fc from 'fast-check';
import { cacheFamily } from '../accumulate/families.js';
import type { AnyFamily } from '../accumulate/family.js';
import { encodeState } from '../accumulate/encoded-state.js';
import { FamilyState } from '../accumulate/family-state.js';
import { systemClock } from '../clock.js';
import { defaultTiers } from '../time-slot.js';
import { Pace } from '../accumulate/pace.js';
import type { DecodedSlot } from './decode-slot.js';
import { CachedSlot, SlotCache } from './slot-cache.js';
import { WindowSum } from './window-sum.js';

const family = cacheFamily as AnyFamily;
const tier = defaultTiers[0]!;
const start = 1_800_000_000;

function slotWith(hits: number, revision: string): DecodedSlot {
  const state = new FamilyState(family);
  state.at('one').count(cacheFamily.counter.hits, hits);
  return {
    revision,
    state,
    replicas: 1,
    undecoded: false,
    emptied: false,
    unfinished: [],
    sealedSpans: [],
    addTo: (target) => target.merge(state),
    encode: () => encodeState(state, { version: 1, final: true, asOfMs: 0 }, { deflate: true }),
  };
}

/** @param isCached which of the slots did not change since they were read last, by their number; all others were just decoded */
async function sum(
  slots: readonly (readonly [hits: number, revision: string])[],
  cache: SlotCache | null,
  isCached: (index: number) => boolean = () => false,
) {
  const window = new WindowSum([family], []);
  slots.forEach(([hits, revision], index) => {
    const slot = slotWith(hits, revision);
    const ref = { family: family.name, tier, start: start + index * tier.slotSeconds };
    window.add(ref, isCached(index) ? new CachedSlot(slot) : slot);
  });
  await window.finish(cache, new Pace(systemClock));
  return window.whole(family).series.get('one')?.counters[cacheFamily.counter.hits] ?? 0;
}

describe('WindowSum', () => {
  it('answers alike from remembered sums, whatever changes between reads', async () => {
    const slots = fc.array(fc.tuple(fc.nat(1000), fc.constantFrom('a', 'b')), { maxLength: 40 });
    const cached = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(slots, { minLength: 2, maxLength: 6 }), cached, async (reads, isCached) => {
        const cache = new SlotCache(1 << 20);
        for (const [read, given] of reads.entries()) {
          // A revision never comes twice with other contents.
          const now = given.map(([hits, revision]) => [hits, `${revision}${revision === 'b' ? read : hits}`] as const);
          expect(await sum(now, cache, (index) => isCached[index]!)).toBe(
            now.reduce((total, [hits]) => total + hits, 0),
          );
        }
      }),
    );
  });

  it('never changes a remembered sum', async () => {
    const cache = new SlotCache(1 << 20);
    const slots = Array.from({ length: 24 }, (_, index) => [index, 'a'] as const);
    const sums = [await sum(slots, cache), await sum(slots, cache), await sum(slots, cache)];
    expect(sums).toEqual([276, 276, 276]);
  });

  it('remembers nothing without a cache', async () => {
    expect(await sum([[1, 'a'], [2, 'a']], null)).toBe(3); // prettier-ignore
  });

  it('counts for each stretch the seconds in which anybody published, and none before the store had anything', () => {
    const half = 60;
    const [from, middle, to] = [start, start + half, start + 2 * half - 5];
    const stretches = [
      { from, to: middle },
      { from: middle, to },
    ];
    const window = new WindowSum([family], stretches);
    for (const at of [0, 20, 60, 110]) window.add({ family: family.name, tier, start: start + at }, slotWith(1, 'a'));
    const seconds = (since: number | null) => [
      window.publishedSeconds({ from, to }, since),
      ...window.points(since).map((point) => point.publishedSeconds),
    ];
    expect(seconds(null)).toEqual([35, 20, 15]);
    expect(seconds(start + 24)).toEqual([31, 16, 15]);
  });
});
