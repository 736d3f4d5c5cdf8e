import { mostSilent, type Publication, type StateWrite, type Store } from './store.js';
import { beatOf, encoded, type StoreSetup, type StoreUnderTest } from './store-under-test.js';

/** The part of the store contract by which losses are noticed: beats, `since`, and who is silent; see storeContract. */
export function healingContract(name: string, make: (setup: StoreSetup) => Promise<StoreUnderTest>): void {
  describe(`${name} tells of losses: it`, () => {
    let store: Store;
    let wait: StoreUnderTest['wait'];

    const publish = (number: number, more: Partial<Publication> = {}, id = 'one') =>
      store.publish({ beat: beatOf(id, number), writes: [], bornCandidate: 'first', ...more });
    const read = () => store.read({ slots: [], beats: false });
    const upTo = (finest: number, coarser: number) => new Map([[10, finest], [120, coarser]]); // prettier-ignore

    const timeMs0 = 1_000_000;

    beforeEach(async () => {
      ({ store, wait } = await make({ app: 'healing', intervalMs: 1000 }));
      await store.clear();
    });
    afterEach(() => store.stop());

    it('says that it went back until the sender heard it, also when the answer that said it first was lost', async () => {
      // The sender knows that beat 7 was taken in; the store that answers now has none after 4.
      const { timeMs } = await publish(4);
      for (const number of [8, 9]) {
        const { previousBeat, previousBeatMs } = await publish(number, { acknowledgedBeat: 7 });
        expect([previousBeat, Math.abs(previousBeatMs! - timeMs) < 2]).toEqual([4, true]);
      }
      expect((await publish(10, { acknowledgedBeat: 9 })).previousBeat).toBe(9);
      expect((await publish(11, { acknowledgedBeat: 10 })).previousBeat).toBe(10);
    });

    it('says that it knew nothing of the sender until the sender heard it', async () => {
      for (const number of [8, 9, 10]) {
        const { previousBeat, previousBeatMs } = await publish(number, { acknowledgedBeat: 7 });
        expect([previousBeat, previousBeatMs]).toEqual([null, null]);
      }
      expect((await publish(11, { acknowledgedBeat: 8 })).previousBeat).toBe(10);
    });

    it('tells a call that arrives twice from one of another process with the same number', async () => {
      expect((await publish(1, { call: 'a' })).isRepeated).toBe(false);
      expect((await publish(1, { call: 'a' })).isRepeated).toBe(true);
      expect(await publish(1, { call: 'b' })).toMatchObject({ isRepeated: false, previousBeat: 1 });
      expect((await publish(2, { call: 'b' })).isRepeated).toBe(false);
    });

    it('takes in replicas that were live before it was lost as silent, not those that left or have returned', async () => {
      const { timeMs } = await publish(1);
      await publish(1, { beat: beatOf('gone', 1, { left: true }) }, 'gone');
      const lacksSinceMs = Math.floor(timeMs) - 90_000;
      const missed = ['cut', 'gone', 'one'].map((id) => ({ id, atMs: timeMs - 60_000, lacksSinceMs }));
      await publish(2, { missed, storedUpTo: upTo(timeMs, timeMs) });
      const { silent } = await read();
      expect(silent.map(({ id }) => id)).toEqual(['cut']);
      expect(Math.abs(silent[0]!.atMs - (timeMs - 60_000))).toBeLessThan(2);
      expect(silent[0]!.storedUpTo).toEqual(upTo(lacksSinceMs, lacksSinceMs));
      expect((await publish(3)).silent.map(({ id }) => id)).toEqual(['cut']);
      await publish(9, {}, 'cut');
      expect((await read()).silent).toEqual([]);
    });

    it('tells readers of two thousand silent replicas, the latest first', async () => {
      const { timeMs } = await publish(1);
      const ids = Array.from({ length: 2001 }, (_, index) => `cut ${index}`);
      const missed = ids.map((id, index) => ({ id, atMs: timeMs - 60_000 - index * 10, lacksSinceMs: 0 }));
      await publish(2, { missed, storedUpTo: upTo(timeMs, timeMs) });
      const { silent } = await read();
      expect(silent.map(({ id }) => id)).toEqual(ids.slice(0, mostSilent));
      expect(silent.at(-1)!.storedUpTo).toEqual(upTo(0, 0));
    });

    it('removes old beats with a gap record for each tier of those that did not leave', async () => {
      const { timeMs } = await publish(1);
      await publish(1, { storedUpTo: upTo(timeMs - 2000, timeMs - 12_000) }, 'killed');
      await publish(1, { beat: beatOf('left', 1, { left: true }) });
      await wait(30);
      const before = (await read()).timeMs;
      // Beats are of whole milliseconds.
      await wait(2);
      await publish(2);
      await store.upkeep.retire(before);
      const { beats, silent, gaps } = await store.read({ slots: [], beats: true });
      expect([beats.map(({ beat }) => beat.id), silent]).toEqual([['one'], []]);
      expect(gaps.map(({ from, slotSeconds, reason }) => [Math.round(from - timeMs / 1000), slotSeconds, reason])).toEqual([
        [-12, 120, 'fell_silent'],
        [-2, 10, 'fell_silent'],
      ]); // prettier-ignore
      for (const { to } of gaps) expect(Math.round(to - timeMs / 1000)).toBe(300);
      await store.upkeep.retire(before);
      expect((await read()).gaps).toEqual(gaps);
    });

    it('tells up to when silent replicas had stored all, and which live ones are behind', async () => {
      const { timeMs } = await publish(1);
      const late = upTo(timeMs, timeMs - 40_000);
      await publish(1, { storedUpTo: late }, 'behind');
      await publish(1, { storedUpTo: upTo(timeMs, timeMs - 12_000) }, 'usual');
      const { behind } = await read();
      expect(behind.map(({ id, storedUpTo }) => [id, [...storedUpTo.keys()]])).toEqual([['behind', [120]]]);
      await wait(3100);
      const { silent, behind: later } = await read();
      expect(later).toEqual([]);
      const floor = new Map([...late].map(([tier, ms]) => [tier, Math.floor(ms)]));
      const found = new Map(silent.map(({ id, storedUpTo }) => [id, storedUpTo]));
      expect(new Map([...found.get('behind')!].map(([tier, ms]) => [tier, Math.floor(ms)]))).toEqual(floor);
      expect(found.get('one')).toEqual(new Map());
    });

    it('does not take over that all is stored from who does not know yet that it went back or was emptied', async () => {
      const { timeMs } = await publish(4, { storedUpTo: upTo(timeMs0, timeMs0) });
      const all = upTo(timeMs + 9000, timeMs + 9000);
      await publish(8, { acknowledgedBeat: 7, storedUpTo: all });
      await publish(8, { acknowledgedBeat: 7, storedUpTo: all }, 'unknown');
      const behind = new Map((await read()).behind.map(({ id, storedUpTo }) => [id, storedUpTo]));
      expect(behind).toEqual(new Map([['one', upTo(timeMs0, timeMs0)], ['unknown', upTo(0, 0)]])); // prettier-ignore
      await publish(9, { acknowledgedBeat: 8, storedUpTo: all });
      await publish(9, { acknowledgedBeat: 8, storedUpTo: all }, 'unknown');
      expect((await read()).behind).toEqual([]);
    });

    it('says of a live replica that it is behind as soon as its finest tier is by three intervals', async () => {
      const { timeMs } = await publish(1);
      await publish(2, { storedUpTo: upTo(timeMs - 2000, timeMs - 13_000) });
      expect((await read()).behind).toEqual([]);
      await publish(3, { storedUpTo: upTo(timeMs - 4000, timeMs - 13_000) });
      expect((await read()).behind).toEqual([{ id: 'one', storedUpTo: new Map([[10, Math.floor(timeMs - 4000)]]) }]);
    });

    it('takes a negative time as one before the call: the sender does not know what time it is', async () => {
      const { timeMs } = await publish(1, { storedUpTo: upTo(-30_000, -40_000.5) });
      const [{ id, storedUpTo }] = (await read()).behind as [{ id: string; storedUpTo: Map<number, number> }];
      const agoMs = [...storedUpTo].map(([tier, ms]) => [tier, Math.round((timeMs - ms) / 100) * 100]);
      expect([id, agoMs]).toEqual(['one', [[10, 30_000], [120, 40_000]]]); // prettier-ignore
    });

    it('does not take over that all is stored from a call of which a state came too late', async () => {
      const { timeMs } = await publish(1, { storedUpTo: upTo(1000, 1000) });
      const tier = { slotSeconds: 10, retentionSeconds: 1800 };
      const slot = { family: 'contract', tier, start: Math.floor(timeMs / 10_000) * 10 - 3000 };
      const write: StateWrite = { slot, field: 'r:one.0', version: 1, encoded: encoded(1) };
      const { results } = await publish(2, { writes: [write], storedUpTo: upTo(timeMs, timeMs) });
      expect(results).toEqual([{ outcome: 'late', found: null }]);
      expect((await read()).behind).toEqual([{ id: 'one', storedUpTo: upTo(1000, 1000) }]);
      await publish(3, { storedUpTo: upTo(timeMs, timeMs) });
      expect((await read()).behind).toEqual([]);
    });

    it('is born when its first contents were counted, not when they came, and never moves that forward', async () => {
      const { timeMs, born } = await publish(1, { countedForMs: 100_000 });
      expect(Math.abs(born.since - (timeMs / 1000 - 100))).toBeLessThan(1.1);
      expect((await publish(2)).born).toEqual(born);
      const earlier = (await publish(1, { countedForMs: 200_000 }, 'two')).born;
      expect(earlier.id).toBe(born.id);
      expect(Math.abs(earlier.since - (timeMs / 1000 - 200))).toBeLessThan(1.1);
    });
  });
}
