import type { LaterReason } from './gap.js';
import type { Store } from './store.js';
import { beatOf, type StoreSetup, type StoreUnderTest } from './store-under-test.js';
import type { Claim, ControlDocument } from './upkeep.js';

/** The part of the store contract about the lease, gap records, departures and control documents; see storeContract. */
export function recordsContract(name: string, make: (setup: StoreSetup) => Promise<StoreUnderTest>): void {
  describe(`${name} keeps what concerns all replicas: it`, () => {
    let store: Store;
    let wait: StoreUnderTest['wait'];
    let numbers = 0;

    const nowMs = async () => (await store.read({ slots: [], beats: false })).timeMs;
    const publish = (writes: readonly never[], id = 'one') =>
      store.publish({ beat: beatOf(id, ++numbers), writes, bornCandidate: 'first' });

    beforeEach(async () => {
      ({ store, wait } = await make({ app: 'records', intervalMs: 1000 }));
      await store.clear();
    });
    afterEach(() => store.stop());

    it('gives the lease to one at a time, to whoever asks once it ran out or is given back', async () => {
      const claim = (token: string, more: Partial<Claim> = {}) =>
        store.upkeep.claim({ token, replica: `replica ${token}`, schema: 1, durationMs: 1000, folded: 0, lagMs: 0, ...more }); // prettier-ignore
      expect((await publish([])).lease).toBeNull();
      const first = await claim('a', { folded: 7, lagMs: 12 });
      expect(first).toMatchObject({ token: 'a', replica: 'replica a', schema: 1, folded: 7, lagMs: 12 });
      expect(Math.abs(first.untilMs - 1000 - (await nowMs()))).toBeLessThan(900);
      expect(await claim('b')).toEqual(first);
      expect((await publish([])).lease).toEqual(first);
      expect((await claim('a', { durationMs: 5000 })).untilMs).toBeGreaterThan(first.untilMs);
      await store.upkeep.release('b');
      expect((await claim('b')).token).toBe('a');
      await store.upkeep.release('a');
      expect((await claim('b')).token).toBe('b');
      await wait(1100);
      expect((await claim('c')).token).toBe('c');
      expect((await claim('d', { schema: 2, durationMs: 60_000 })).token).toBe('d');
      expect((await claim('c')).token).toBe('d');
    });

    it('keeps gap records joined and bounded, and answers them with every read', async () => {
      const gap = (from: number, to: number, slotSeconds: number | null = 10) =>
        ({ from, to, slotSeconds, reason: 'dropped' }) as const;
      const gaps = async () => (await store.read({ slots: [], beats: false })).gaps;
      await publish([]);
      await store.upkeep.note({ gaps: [gap(10, 20), gap(40, 50)], since: null });
      await store.upkeep.note({ gaps: [gap(20, 30), gap(20, 30, null)], since: null });
      expect(await gaps()).toEqual([gap(10, 30), gap(20, 30, null), gap(40, 50)]);
      await store.upkeep.note({ gaps: [gap(40, 45)], since: null, before: 35 });
      expect(await gaps()).toEqual([gap(40, 50)]);
      const many = Array.from({ length: 150 }, (_, index) => gap(1000 + index * 20, 1010 + index * 20));
      await Promise.all(many.map((one) => store.upkeep.note({ gaps: [one], since: null }).catch(() => {})));
      await store.upkeep.note({ gaps: many, since: null });
      const kept = await gaps();
      expect(kept).toHaveLength(100);
      for (const one of many) expect(kept.some(({ from, to }) => from <= one.from && one.to <= to)).toBe(true);
    });

    it('keeps the loss that a later release noted for a reason of its own when an older one notes another', async () => {
      const gap = { from: 10, to: 20, slotSeconds: 10 };
      const later = { ...gap, reason: 'of_a_later_release' as LaterReason };
      await publish([]);
      await store.upkeep.note({ gaps: [later], since: null });
      await store.upkeep.note({ gaps: [{ ...gap, from: 15, reason: 'late' }], since: null });
      const { gaps } = await store.read({ slots: [], beats: false });
      expect(gaps).toEqual([later, { ...gap, from: 15, reason: 'late' }]);
    });

    it('takes back an earlier time of its first contents, never a later one', async () => {
      const { since } = (await publish([])).born;
      await store.upkeep.note({ gaps: [], since: since - 1000 });
      expect((await publish([])).born).toEqual({ id: 'first', since: since - 1000 });
      await store.upkeep.note({ gaps: [], since });
      expect((await store.read({ slots: [], beats: false })).born!.since).toBe(since - 1000);
    });

    it('knows who left or fell silent last, and when', async () => {
      expect((await publish([], 'a')).departedMs).toBeNull();
      const leaving = await store.publish({ beat: beatOf('b', 1, { left: true }), writes: [], bornCandidate: 'x' });
      expect(Math.abs(leaving.departedMs! - leaving.timeMs)).toBeLessThan(2);
      await wait(3200);
      const { departedMs, previousBeatMs, timeMs } = await publish([], 'c');
      expect([previousBeatMs, Math.round((timeMs - departedMs!) / 2000)]).toEqual([null, 2]);
      const { silent } = await store.read({ slots: [], beats: false });
      expect(silent.map(({ id }) => id)).toEqual(['a']);
      expect((await publish([], 'a')).previousBeatMs).toBe(silent[0]!.atMs);
      expect((await store.read({ slots: [], beats: false })).silent).toEqual([]);
    });

    it('keeps of each control document the highest version, and of two equal ones the higher id', async () => {
      const document = (version: number, id: string, named = 'config'): ControlDocument => ({ name: named, version, id, body: `${version} ${id} {"é":"|"}` }); // prettier-ignore
      const held = async () => (await store.upkeep.documents(['config']))[0];
      expect(await store.upkeep.offer(document(2, 'b'), null)).toBe('stored');
      for (const [version, id, expected] of [
        [1, 'z', 'have'],
        [2, 'a', 'have'],
        [2, 'b', 'have'],
        [2, 'c', 'stored'],
        [10, 'a', 'stored'],
        [9, 'z', 'have'],
      ] as const)
        expect(await store.upkeep.offer(document(version, id), null)).toBe(expected);
      expect(await held()).toEqual(document(10, 'a'));
      expect(await store.upkeep.documents(['none', 'config'])).toEqual([null, document(10, 'a')]);
      expect([...(await publish([])).documents]).toEqual([['config', { version: 10, id: 'a' }]]);
    });

    it('takes of two documents made from the same one only the first', async () => {
      const document = (version: number, id: string): ControlDocument => ({ name: 'config', version, id, body: id });
      const first = document(1, 'm');
      expect(await store.upkeep.offer(first, null, { version: 1, id: 'a' })).toBe('changed');
      expect(await store.upkeep.offer(first, null, null)).toBe('stored');
      expect(await store.upkeep.offer(first, null, null)).toBe('have');
      expect(await store.upkeep.offer(document(1, 'z'), null, null)).toBe('changed');
      expect(await store.upkeep.offer(document(2, 'a'), null, first)).toBe('stored');
      expect(await store.upkeep.offer(document(2, 'z'), null, first)).toBe('changed');
      expect(await store.upkeep.offer(document(2, 'a'), null, first)).toBe('have');
      expect(await store.upkeep.documents(['config'])).toEqual([document(2, 'a')]);
    });

    it('takes documents that need the lease from its holder only', async () => {
      const document = { name: 'alerts', version: 1, id: 'a', body: '{}' };
      expect(await store.upkeep.offer(document, 'a')).toBe('refused');
      const claim = { token: 'a', replica: 'a', schema: 1, durationMs: 1000, folded: 0, lagMs: 0 };
      await store.upkeep.claim(claim);
      expect(await store.upkeep.offer(document, 'b')).toBe('refused');
      expect(await store.upkeep.offer(document, 'a')).toBe('stored');
      await wait(1100);
      expect(await store.upkeep.offer({ ...document, version: 2 }, 'a')).toBe('refused');
    });
  });
}
