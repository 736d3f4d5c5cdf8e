import { callsOf, MeasuredReplica } from '../../../../test/fixtures/measured-replica.js';
import { sampleFamily } from '../../../../test/fixtures/random-state.js';
import { ManualClock } from '../clock.js';
import type { WindowContents } from '../query/window-reader.js';
import { defaultTiers } from '../time-slot.js';
import { headOf } from './kept-contents.js';
import { MemoryStore } from './memory-store.js';
import { beatOf, encoded } from './store-under-test.js';

const start = 1_699_920_000_000;
const families = [sampleFamily];
const calls = (found: WindowContents): number => callsOf(found.of(sampleFamily));

describe('a memory store that is full and lets fine slots go', () => {
  it('says for which time windows of fine slots are too low; others have all', async () => {
    const clock = new ManualClock(start);
    const store = new MemoryStore({ clock, maxBytes: 15_000 });
    const replica = new MeasuredReplica(clock, store);
    for (let slot = 0; slot < 187; slot++) {
      replica.count();
      clock.advance(10_000);
      await replica.publisher.flush();
    }
    const read = (window: string) => replica.reader.read({ query: { window }, fallback: '1h', families });
    expect(calls(await read('30m'))).toBe(180);
    // Half an hour of all tiers is there when something else needs the room.
    const slot = { family: 'contract', tier: defaultTiers[0]!, start: start / 1000 + 1870 };
    const write = { slot, field: 'r:other.0', version: 1, encoded: encoded(1, 1, { padding: 8000 }) };
    await store.publish({ beat: beatOf('other', 1), writes: [write], bornCandidate: 'x' });
    const fine = await read('30m');
    expect(fine.born!.since).toBe(start / 1000);
    expect(fine.gaps).toMatchObject([{ from: fine.window.from, reason: 'the memory store was full' }]);
    const { to } = fine.gaps[0]!;
    expect(to).toBeGreaterThan(start / 1000 + 600);
    expect(calls(fine)).toBe((start / 1000 + 1870 - to) / 10);
    const [later, coarse] = [await read('5m'), await read('4d')];
    expect([calls(later), later.gaps, calls(coarse), coarse.gaps]).toEqual([30, [], 187, []]);
    const file = headOf(store.contents, { app: 'x', savedMs: clock.wallMs(), complete: true });
    expect(new Set(file.gaps.map(({ slotSeconds }) => slotSeconds))).toEqual(new Set([10, 120]));
  });
});
