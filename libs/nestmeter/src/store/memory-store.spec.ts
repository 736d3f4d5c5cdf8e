import { encodeState } from '../accumulate/encoded-state.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { FamilyState } from '../accumulate/family-state.js';
import { ManualClock } from '../clock.js';
import { defaultTiers } from '../time-slot.js';
import { MemoryStore } from './memory-store.js';
import type { Beat, SlotRef } from './store.js';
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
