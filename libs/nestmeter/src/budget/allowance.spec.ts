import fc from 'fast-check';
import { ManualClock } from '../clock.js';
import { MemoryStore } from '../store/memory-store.js';
import type { Reservation, Reserved } from '../store/upkeep.js';
import { Allowance } from './allowance.js';
import { periodAt } from './period.js';

const limit = 1000;
const noon = Date.UTC(2026, 10, 22, 12, 0, 5);

/** What happens to a call to the store: it may not arrive, its answer may get lost, or it may arrive again later. */
type Fault = 'none' | 'fails' | 'loses the reply' | 'comes again later';

/** Replicas that share a budget per hour over one store with a bad network. */
class Fleet {
  readonly clock = new ManualClock(noon);
  readonly store = new MemoryStore({ clock: this.clock });
  readonly failures: unknown[] = [];
  fault: Fault = 'none';
  limit = limit;
  used = 0;
  #late: Reservation[] = [];
  #replicas = 0;

  add(holder?: () => string): Allowance {
    const { clock } = this;
    const name = `replica ${++this.#replicas}`;
    return new Allowance({
      account: 'hourly:',
      holder: holder ?? (() => name),
      upkeep: { reserve: (reservation) => this.#reserve(reservation) },
      storeNowMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      spanAt: (nowMs) => periodAt({ kind: 'hour' }, nowMs),
      limit: () => this.limit,
      used: () => this.used,
      estimate: 10,
      failed: (error) => this.failures.push(error),
    });
  }

  /** Lets come again what is late. */
  async deliver(): Promise<void> {
    for (const reservation of this.#late.splice(0)) await this.store.upkeep.reserve(reservation);
  }

  async #reserve(reservation: Reservation): Promise<Reserved> {
    const { fault } = this;
    if (fault === 'fails') throw new Error('away');
    const reserved = await this.store.upkeep.reserve(reservation);
    if (fault === 'comes again later') this.#late.push(reservation);
    if (fault === 'loses the reply') throw new Error('away');
    return reserved;
  }
}

describe('the share of a replica', () => {
  let fleet: Fleet;

  beforeEach(() => (fleet = new Fleet()));

  it('covers nothing before the store gave it, one call then, and two seconds of calls after', async () => {
    const one = fleet.add();
    expect(one.take(10)).toBe(false);
    expect(one.isKnown).toBe(false);
    await one.sync();
    expect(one.held).toBe(10);
    for (let second = 0; second < 3; second++) {
      for (let count = 0; count < 5; count++) if (one.take(10)) one.settle(10, 10);
      await one.sync();
      fleet.clock.advance(1000);
    }
    expect(one.held).toBeGreaterThanOrEqual(150);
  });

  it('waits for the store where the caller may wait', async () => {
    const one = fleet.add();
    expect(await one.takeSoon(25)).toBe(true);
    fleet.limit = 30;
    expect(await fleet.add().takeSoon(25)).toBe(false);
  });

  it('comes back to others once nobody uses it', async () => {
    const [one, two] = [fleet.add(), fleet.add()];
    expect(await one.takeSoon(900)).toBe(true);
    one.settle(900, 100);
    expect(await two.takeSoon(500)).toBe(false);
    fleet.clock.advance(11_000);
    await one.sync();
    expect(await two.takeSoon(500)).toBe(true);
  });

  it('is given back when the replica stops, but for calls that are under way', async () => {
    const [one, two] = [fleet.add(), fleet.add()];
    await one.takeSoon(100);
    await one.close();
    await two.takeSoon(1);
    expect(two.free! + two.held).toBe(limit - 100);
  });

  it('of a process that was copied goes on under another name once its replica has one, so that both keep to the limit', async () => {
    let renewed = 'copied';
    const [one, copy] = [fleet.add(() => 'copied'), fleet.add(() => renewed)];
    for (const allowance of [one, copy]) await allowance.sync();
    expect(copy.take(5)).toBe(true);
    renewed = 'a name of its own';
    let spent = 0;
    for (let second = 0; second < 60; second++) {
      for (const allowance of [one, copy]) {
        await allowance.sync();
        for (let count = 0; count < 10; count++)
          if (allowance.take(10)) {
            allowance.settle(10, 10);
            spent += 10;
          }
      }
      fleet.clock.advance(1000);
    }
    copy.settle(5, 5);
    // All but what one call needs can be spent, and never more than all.
    expect(spent + 5).toBeLessThanOrEqual(limit);
    expect(spent).toBeGreaterThan(limit * 0.9);
  });

  it('counts what was spent without it, and closes', async () => {
    const [one, two] = [fleet.add(), fleet.add()];
    await Promise.all([one.sync(), two.sync()]);
    one.spend(1500);
    await one.sync();
    expect(one.take(1)).toBe(false);
    expect(await two.takeSoon(20)).toBe(false);
    expect(two.free).toBe(0);
    expect(await fleet.add().takeSoon(1)).toBe(false);
  });

  it('is there when the next period begins, and calls under way take their part of it', async () => {
    const one = fleet.add();
    await one.takeSoon(300);
    fleet.clock.advance(3600_000 - 5000 - 3000);
    await one.sync();
    fleet.clock.advance(3000);
    expect(one.take(10)).toBe(true);
    one.settle(300, 300);
    await one.sync();
    const two = fleet.add();
    expect(await two.takeSoon(700)).toBe(false);
    // What is too little for a call is not kept from others.
    await two.sync();
    expect(await fleet.add().takeSoon(350)).toBe(true);
  });

  it('says that the store is out while it does not answer, and goes on with what it holds', async () => {
    const one = fleet.add();
    await one.sync();
    fleet.fault = 'fails';
    fleet.clock.advance(61_000);
    await one.sync();
    expect([one.isOut, one.take(10), one.take(10)]).toEqual([true, true, false]);
    expect(fleet.failures).toHaveLength(1);
    fleet.fault = 'none';
    await one.sync();
    expect([one.isOut, one.take(10)]).toEqual([false, true]);
  });
});

describe('all replicas together', () => {
  const fault = fc.constantFrom<Fault>(
    'none',
    'none',
    'fails',
    'loses the reply',
    'comes again later',
    'comes again later',
  );
  const replica = fc.nat({ max: 4 });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('call' as const), replica, amount: fc.integer({ min: 1, max: 60 }) }) }, // prettier-ignore
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), replica, share: fc.double({ min: 0, max: 1, noNaN: true }) }) }, // prettier-ignore
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('sync' as const), replica, fault }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 15_000 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('deliver' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), replica }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wipe' as const) }) },
  );

  it('never spend more than the limit, whatever is lost, comes again, is killed or wiped, while calls cost what was reserved', async () => {
    let closest = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 200 }), async (steps) => {
        const fleet = new Fleet();
        fleet.limit = 150;
        const replicas = Array.from({ length: 5 }, () => ({ share: fleet.add(), underWay: [] as number[] }));
        let spent = 0;
        for (const next of steps) {
          if (next.kind === 'pass') fleet.clock.advance(next.ms);
          else if (next.kind === 'deliver') await fleet.deliver();
          else if (next.kind === 'wipe') {
            // Who is new cannot know what was lost; who lives says it within the time in which nobody gets more.
            await fleet.store.clear();
            fleet.used = spent;
            fleet.clock.advance(2000);
            for (const { share } of replicas) {
              fleet.clock.advance(500);
              fleet.fault = 'none';
              await share.sync();
            }
          } else {
            const one = replicas[next.replica]!;
            if (next.kind === 'call') {
              if (one.share.take(next.amount)) one.underWay.push(next.amount);
            } else if (next.kind === 'end') {
              const amount = one.underWay.shift();
              if (amount === undefined) continue;
              const cost = Math.round(amount * next.share);
              spent += cost;
              one.share.settle(amount, cost);
            } else if (next.kind === 'sync') {
              fleet.fault = next.fault;
              await one.share.sync();
            } else {
              // What was under way may have been spent.
              spent += one.underWay.splice(0).reduce((sum, amount) => sum + amount, 0);
              fleet.used = spent;
              one.share = fleet.add();
            }
          }
          const underWay = replicas.flatMap((one) => one.underWay).reduce((sum, amount) => sum + amount, 0);
          closest = Math.max(closest, spent + underWay);
          expect(spent + underWay).toBeLessThanOrEqual(fleet.limit);
        }
      }),
      { numRuns: 400 },
    );
    // The law says nothing of fleets that spend nothing.
    expect(closest).toBeGreaterThan(0.6 * 150);
  }, 60_000);
});
