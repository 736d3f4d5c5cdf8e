import { encodeState } from '../accumulate/encoded-state.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { FamilyState } from '../accumulate/family-state.js';
import { ManualClock } from '../clock.js';
import { defaultTiers } from '../time-slot.js';
import { MemoryStore } from './memory-store.js';
import type { Beat, SlotContents, SlotRef } from './store.js';
import { storeContract } from './store-contract.js';

const start = 1_699_920_000_000;

storeContract('MemoryStore', async () => {
  const clock = new ManualClock(start);
  const store = new MemoryStore({ clock });
  store.start();
  return { store, wait: async (ms) => clock.advance(ms) };
});

describe('MemoryStore', () => {
  it('drops the oldest slots past its bytes and moves the time since which it has data', async () => {
    const clock = new ManualClock(start);
    const store = new MemoryStore({ clock, maxBytes: 20_000 });
    const state = new FamilyState(llmFamily);
    state.at(`a\0b\0${'c'.repeat(3000)}`).count(0);
    const encoded = encodeState(state, { version: 1, final: true, asOfMs: start }, { deflate: false });
    const slots: SlotRef[] = [];
    for (let index = 0; index < 20; index++) {
      const slot = { family: 'llm', tier: defaultTiers[0]!, start: start / 1000 + index * 10 };
      slots.push(slot);
      const beat = { id: 'one', number: index, intervalMs: 1000, left: false } as Beat;
      await store.publish({ beat, writes: [{ slot, field: 'r:one.0', version: 1, encoded }], bornCandidate: 'x' });
      clock.advance(10_000);
      expect(Number(store.status().details['bytes'])).toBeLessThanOrEqual(20_000);
    }
    const { slots: found, born } = await store.read({
      slots: slots.map((slot) => ({ slot, knownRevision: null })),
      beats: false,
    });
    const kept = found.findIndex((slot) => slot !== null);
    expect(kept).toBeGreaterThan(0);
    expect(found.slice(kept)).not.toContain(null);
    expect(born!.since).toBe(slots[kept]!.start);
    expect(store.status().details['evicted_slots']).toBe(kept);
  });

  const encodedOf = (length: number) => {
    const state = new FamilyState(llmFamily);
    state.at(`a\0b\0${'c'.repeat(length)}`).count(0);
    return encodeState(state, { version: 1, final: true, asOfMs: start }, { deflate: false });
  };
  const filled = async (slots: readonly SlotRef[], keptSlots: number) => {
    const clock = new ManualClock(start);
    const encoded = encodedOf(3000);
    const store = new MemoryStore({ clock, maxBytes: encoded.length * keptSlots });
    const publish = (number: number, written: readonly SlotRef[]) =>
      store.publish({
        beat: { id: 'one', number, intervalMs: 1000, left: false } as Beat,
        writes: written.map((slot) => ({ slot, field: 'r:one.0', version: 1, encoded })),
        bornCandidate: 'x',
      });
    await publish(1, []);
    clock.advance(21_600_000);
    await publish(2, slots);
    const { slots: found, born } = await store.read({
      slots: slots.map((slot) => ({ slot, knownRevision: null })),
      beats: false,
    });
    return { kept: found.map((contents) => contents !== null), since: born!.since - start / 1000 };
  };
  const slot = (level: number, at: number): SlotRef => ({
    family: 'llm',
    tier: defaultTiers[level]!,
    start: start / 1000 + at,
  });

  it('drops past its bytes what ended first, not the long slot that has just closed', async () => {
    const slots = [slot(3, 0), slot(0, 21_590), slot(1, 21_480), slot(0, 21_570), slot(0, 21_580)];
    expect(await filled(slots, 3)).toEqual({ kept: [true, true, true, false, false], since: 0 });
    expect((await filled(slots, 1)).kept).toEqual([true, false, false, false, false]);
  });

  it('moves the time since which it has data only past what no longer slot has', async () => {
    const covered = [slot(0, 21_360), slot(1, 21_360), slot(0, 21_590)];
    expect(await filled(covered, 2)).toEqual({ kept: [false, true, true], since: 0 });
    const alone = [slot(0, 21_350), slot(1, 21_360), slot(0, 21_590)];
    expect(await filled(alone, 2)).toEqual({ kept: [false, true, true], since: 21_360 });
  });

  it('never drops an open slot, even when there is nothing else', async () => {
    const open = [slot(0, 21_600), slot(1, 21_600), slot(2, 21_600)];
    expect(await filled(open, 1)).toEqual({ kept: [true, true, true], since: 0 });
  });

  it('knows of an expired slot for ten minutes: a clock that steps back finds it lost, not empty', async () => {
    const clock = new ManualClock(start);
    const store = new MemoryStore({ clock });
    const first = slot(0, 0);
    const beat = { id: 'one', number: 1, intervalMs: 1000, left: false } as Beat;
    const publish = (version: number) =>
      store.publish({
        beat,
        writes: [{ slot: first, field: 'r:one.0', version, encoded: encodedOf(1) }],
        bornCandidate: 'x',
      });
    const read = async () =>
      (await store.read({ slots: [{ slot: first, knownRevision: null }], beats: false })).slots[0];
    await publish(1);
    clock.advance(1_830_000);
    expect(await read()).toBeNull();
    clock.step(-60_000);
    expect(await read()).toBe('lost');
    expect(await store.upkeep.slots()).toHaveLength(1);
    await publish(2);
    expect([...((await read()) as SlotContents).fields.keys()]).toEqual(['e', 'r:one.0']);
    clock.advance(60_000 + 10 * 60_000);
    expect(await read()).toBeNull();
    expect(await store.upkeep.slots()).toEqual([]);
    clock.step(-20 * 60_000);
    expect(await read()).toBeNull();
  });

  it('removes beats after 25 hours', async () => {
    const clock = new ManualClock(start);
    const store = new MemoryStore({ clock });
    const publish = (id: string) =>
      store.publish({ beat: { id, number: 1, intervalMs: 1000, left: false } as Beat, writes: [], bornCandidate: 'x' });
    await publish('old');
    clock.advance(25 * 3_600_000 + 1);
    await publish('new');
    expect((await store.read({ slots: [], beats: true })).beats.map(({ beat }) => beat.id)).toEqual(['new']);
  });
});
