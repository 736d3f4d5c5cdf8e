import type { Store } from './store.js';
import type { StoreSetup, StoreUnderTest } from './store-under-test.js';
import { type Reservation, restoringMs } from './upkeep.js';

/** The part of the store contract about what replicas hold of budgets; see storeContract. */
export function reservationsContract(name: string, make: (setup: StoreSetup) => Promise<StoreUnderTest>): void {
  describe(`${name} keeps reservations of budgets: it`, () => {
    let store: Store;
    let wait: StoreUnderTest['wait'];
    let expiresAt: number;

    const reserve = (holder: string, version: number, more: Partial<Reservation> = {}) =>
      store.upkeep.reserve({
        account: 'daily:é}:1',
        expiresAt,
        holder,
        version,
        acknowledged: version - 1,
        spent: 0,
        held: 0,
        wanted: 0,
        limit: 100,
        used: 0,
        final: false,
        ...more,
      });

    beforeEach(async () => {
      ({ store, wait } = await make({ app: 'reservations', intervalMs: 1000 }));
      await store.clear();
      expiresAt = Math.floor((await store.read({ slots: [], beats: false })).timeMs / 1000) + 3600;
    });
    afterEach(() => store.stop());

    it('gives what is wished until all of the limit is held, then what is left of it', async () => {
      expect(await reserve('a', 1, { wanted: 60 })).toEqual({ held: 60, version: 1, free: 40 });
      expect(await reserve('b', 1, { wanted: 60 })).toEqual({ held: 40, version: 1, free: 0 });
      expect(await reserve('c', 1, { wanted: 60 })).toEqual({ held: 0, version: 1, free: 0 });
      expect(await reserve('a', 2, { held: 20, wanted: 20, spent: 20 })).toEqual({ held: 20, version: 2, free: 40 });
      expect(await reserve('c', 2, { wanted: 60 })).toEqual({ held: 40, version: 2, free: 0 });
      expect(await reserve('x', 1, { account: 'daily::2', wanted: 70 })).toEqual({ held: 70, version: 1, free: 30 });
    });

    it('gives all that race for it no more than the limit together', async () => {
      const racing = Array.from({ length: 30 }, (_, number) => reserve(`racer ${number}`, 1, { wanted: 7 }));
      const held = (await Promise.all(racing)).map((reserved) => reserved.held);
      expect(held.reduce((sum, one) => sum + one)).toBe(100);
      expect(Math.max(...held)).toBe(7);
    });

    it('takes nothing from who holds it, whatever the limit has become', async () => {
      await reserve('a', 1, { wanted: 80 });
      expect(await reserve('a', 2, { held: 80, wanted: 90, limit: 50 })).toEqual({ held: 80, version: 2, free: 0 });
      // A call that cost more than was reserved for it.
      expect(await reserve('a', 3, { held: 120, wanted: 120, spent: 120 })).toEqual({ held: 120, version: 3, free: 0 });
      expect((await reserve('b', 1, { wanted: 1 })).held).toBe(0);
    });

    it('changes nothing when a reservation comes again, late, or after a newer one', async () => {
      const first = await reserve('a', 1, { wanted: 60 });
      expect(await reserve('a', 1, { wanted: 60 })).toEqual(first);
      await reserve('a', 2, { held: 10, wanted: 10, spent: 10 });
      expect(await reserve('a', 1, { wanted: 60 })).toMatchObject({ held: 10, version: 2 });
      expect(await reserve('b', 1, { wanted: 100 })).toMatchObject({ held: 90 });
      // Settled again and again: it is an amount, not a difference.
      for (let time = 0; time < 3; time++)
        expect(await reserve('a', 3, { held: 5, wanted: 5, spent: 5 })).toMatchObject({ held: 5, version: 3 });
      expect(await reserve('b', 2, { held: 90, wanted: 100, acknowledged: 1 })).toMatchObject({ held: 95 });
    });

    it('counts what is used without having been reserved', async () => {
      expect(await reserve('a', 1, { wanted: 50, used: 70 })).toMatchObject({ held: 30, free: 0 });
      // What its holder spent of it is in what is used.
      expect(await reserve('a', 2, { held: 30, wanted: 50, spent: 20, used: 90 })).toMatchObject({ held: 30 });
      expect(await reserve('a', 3, { held: 30, wanted: 50, spent: 30, used: 95 })).toMatchObject({ held: 35, free: 0 });
    });

    it('gives nobody more for a while once it turns out that it lost some, and keeps what replicas say they hold', async () => {
      await reserve('a', 1, { wanted: 50 });
      await reserve('b', 1, { wanted: 40 });
      await store.clear();
      expect(await reserve('b', 2, { held: 40, wanted: 60 })).toEqual({ held: 40, version: 2, free: 0 });
      expect(await reserve('c', 1, { wanted: 60 })).toEqual({ held: 0, version: 1, free: 0 });
      expect(await reserve('a', 2, { held: 50, wanted: 50 })).toEqual({ held: 50, version: 2, free: 0 });
      await wait(restoringMs + 100);
      expect(await reserve('c', 2, { wanted: 60 })).toEqual({ held: 10, version: 2, free: 0 });
    });

    it('keeps what a replica holds that is gone until the account expires, but for what it gave back', async () => {
      await reserve('killed', 1, { wanted: 30, spent: 10 });
      await reserve('stopped', 1, { wanted: 30 });
      await reserve('stopped', 2, { held: 5, wanted: 5, spent: 5, final: true });
      await wait(2000);
      expect(await reserve('a', 1, { wanted: 100 })).toMatchObject({ held: 65 });
      const soon = Math.floor((await store.read({ slots: [], beats: false })).timeMs / 1000) + 2;
      await reserve('a', 2, { held: 65, wanted: 65, expiresAt: soon });
      await wait(3100);
      expect(await reserve('late', 1, { wanted: 100 })).toMatchObject({ held: 100 });
    });
  });
}
