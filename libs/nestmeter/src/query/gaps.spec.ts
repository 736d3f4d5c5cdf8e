import type { LaterReason } from '../store/gap.js';
import type { SlotRef } from '../store/store.js';
import { defaultTiers } from '../time-slot.js';
import { GapCollector } from './gaps.js';
import type { CountedSlot } from './decode-slot.js';

const from = 1_699_920_000;
const window = { requested: '1h', from, to: from + 3600, level: 1, slotSeconds: 120 };
const collector = (nowSeconds = from + 3600) => new GapCollector(window, nowSeconds * 1000);
const [finest, coarser] = defaultTiers as [SlotRef['tier'], SlotRef['tier']];
const slotAt = (after: number, tier = finest): SlotRef => ({ family: 'f', tier, start: from + after });
const slotOf = (more: Partial<CountedSlot>): CountedSlot =>
  ({ undecoded: false, emptied: false, unfinished: [], sealedSpans: [], ...more }) as unknown as CountedSlot;

describe('gaps of a window', () => {
  it('come from states that cannot be read and from slots that the store lost', () => {
    const gaps = collector();
    gaps.slot(slotAt(0), slotOf({ undecoded: true }));
    gaps.slot(slotAt(100), slotOf({ emptied: true }));
    gaps.lost(slotAt(110));
    expect(gaps.list()).toEqual([
      { from, to: from + 10, reason: 'states of another release' },
      { from: from + 100, to: from + 120, reason: 'the store lost what it had' },
    ]);
  });

  it('come from unfinished states of settled slots, from their time on for five minutes or until the end of the slot', () => {
    const reason = 'a replica ended or was cut off before it had published all';
    const gaps = collector();
    gaps.slot(slotAt(0), slotOf({ unfinished: [from + 4.5] }));
    gaps.slot(slotAt(1200, coarser), slotOf({ unfinished: [from + 1250, from + 1290] }));
    gaps.slot({ ...slotAt(0), tier: { slotSeconds: 1800, retentionSeconds: 1 } }, slotOf({ unfinished: [from + 600] }));
    gaps.slot(slotAt(3580), slotOf({ unfinished: [from + 3585] }));
    gaps.slot(slotAt(3590), slotOf({ unfinished: [from + 3595] }));
    expect(gaps.list()).toEqual([
      { from: from + 4.5, to: from + 10, reason },
      { from: from + 600, to: from + 900, reason },
      { from: from + 1250, to: from + 1320, reason },
    ]);
  });

  it('come from what was noted when a slot was sealed', () => {
    const gaps = collector();
    gaps.slot(slotAt(0), slotOf({ sealedSpans: [{ from: from + 1, to: from + 2 }] }));
    expect(gaps.list()).toMatchObject([{ from: from + 1, to: from + 2 }]);
  });

  it('come from replicas that fell silent, from their last beat on for five minutes at most, within the window', () => {
    const gaps = collector();
    const silent = [-400, -100, 1000, 3500].map((after) => ({
      id: `${after}`,
      atMs: (from + after) * 1000,
      storedUpTo: new Map(),
    }));
    gaps.reply({ silent, behind: [], gaps: [] }, []);
    const reason = 'a replica fell silent';
    expect(gaps.list()).toEqual([
      { from, to: from + 200, reason },
      { from: from + 1000, to: from + 1300, reason },
      { from: from + 3500, to: from + 3600, reason },
    ]);
  });

  it('come from replicas that died in the turn of coarser tiers, which lack more than the finest', () => {
    const planned = [
      ...Array.from({ length: 29 }, (_, index) => ({ tier: coarser, start: from + index * 120 })),
      ...Array.from({ length: 12 }, (_, index) => ({ tier: finest, start: from + 3480 + index * 10 })),
    ];
    const gaps = collector();
    const storedUpTo = new Map([[10, (from + 3001) * 1000], [120, (from + 2988) * 1000]]); // prettier-ignore
    // By its own clock, which was ahead, it had stored more.
    const ahead = new Map([[10, (from + 3599) * 1000], [120, (from + 3599) * 1000]]); // prettier-ignore
    const silent = [{ id: 'a', atMs: (from + 3001) * 1000, storedUpTo }, { id: 'b', atMs: (from + 3500) * 1000, storedUpTo: ahead }]; // prettier-ignore
    gaps.reply({ silent, behind: [], gaps: [] }, planned);
    const reason = 'a replica fell silent';
    expect(gaps.list()).toEqual([
      { from: from + 2988, to: from + 3301, reason },
      { from: from + 3500, to: from + 3600, reason },
    ]);
  });

  it('come from live replicas that have a backlog still, until they have sent it', () => {
    const planned = [
      { tier: coarser, start: from + 3360 },
      ...Array.from({ length: 12 }, (_, index) => ({ tier: finest, start: from + 3480 + index * 10 })),
    ];
    const gaps = collector();
    const storedUpTo = new Map([[10, (from + 3550) * 1000], [120, (from + 3400) * 1000], [1800, 0]]); // prettier-ignore
    const usual = new Map([[10, (from + 3599) * 1000], [120, (from + 3588) * 1000]]); // prettier-ignore
    gaps.reply({ silent: [], behind: [{ id: 'a', storedUpTo }, { id: 'b', storedUpTo: usual }], gaps: [] }, planned); // prettier-ignore
    const reason = 'a replica has not yet sent what it counted';
    expect(gaps.list()).toEqual([
      { from: from + 3400, to: from + 3480, reason },
      { from: from + 3550, to: from + 3600, reason },
    ]);
  });

  it('come from gap records, those of one tier only for what was read from that tier', () => {
    const record = (after: number, length: number, slotSeconds: number | null) =>
      ({ from: from + after, to: from + after + length, slotSeconds, reason: 'late' }) as const;
    const planned = [
      ...Array.from({ length: 29 }, (_, index) => ({ tier: coarser, start: from + index * 120 })),
      ...Array.from({ length: 12 }, (_, index) => ({ tier: finest, start: from + 3480 + index * 10 })),
    ];
    const gaps = collector();
    const records = [record(0, 10, 10), record(3400, 100, 10), record(120, 120, 120), record(-50, 60, null), record(500, 10, 1800)]; // prettier-ignore
    gaps.reply({ silent: [], behind: [], gaps: records }, planned);
    expect(gaps.list().map((gap) => [gap.from - from, gap.to - from])).toEqual([
      [0, 10],
      [120, 240],
      [3480, 3500],
    ]);
  });

  it('come from gap records of a later release too, whose reason is not known', () => {
    const gaps = collector();
    const reason = 'of_a_later_release' as LaterReason;
    gaps.reply({ silent: [], behind: [], gaps: [{ from, to: from + 10, slotSeconds: null, reason }] }, []);
    expect(gaps.list()).toEqual([{ from, to: from + 10, reason: 'a loss that another release noted' }]);
  });

  it('are joined where they touch, in order, and at most fifty', () => {
    const gaps = collector();
    for (let index = 300; index >= 0; index -= 2) gaps.slot(slotAt(index * 10), slotOf({ undecoded: true }));
    gaps.slot(slotAt(10), slotOf({ undecoded: true }));
    gaps.slot(slotAt(20), slotOf({ emptied: true }));
    const list = gaps.list();
    expect(list).toHaveLength(50);
    expect(list).toEqual([...list].sort((a, b) => a.from - b.from));
    expect(list[0]).toMatchObject({ from, reason: 'states of another release' });
    for (let index = 0; index <= 300; index += 2)
      expect(list.some((gap) => gap.from <= from + index * 10 && from + index * 10 + 10 <= gap.to)).toBe(true);
  });

  it('while the store is unreachable begin with its last answer', () => {
    const reason = 'store unreachable: only what this replica counted';
    for (const [contact, begin] of [
      [null, 0],
      [-100, 0],
      [1000, 1000],
      [9000, 3600],
    ] as const) {
      const gaps = collector();
      gaps.unreachable(contact === null ? null : (from + contact) * 1000);
      expect(gaps.list()).toEqual([{ from: from + begin, to: from + 3600, reason }]);
    }
  });
});
