import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { defaultTiers } from '../../libs/nestmeter/src/time-slot.js';
import { callsOf, MeasuredReplica, storedCalls } from '../fixtures/measured-replica.js';
import { sampleFamily } from '../fixtures/random-state.js';
import { RedisServer } from '../fixtures/redis-server.js';

/** Three replicas over one real Redis, publishing by their timers as in production. */
class Fleet {
  readonly startedMs = Date.now();
  #ended: Promise<void> | null = null;

  private constructor(
    readonly redis: RedisServer,
    readonly replicas: readonly MeasuredReplica[],
  ) {}

  static async start(): Promise<Fleet> {
    const redis = await RedisServer.start();
    const location = redis.url;
    const replicas = Array.from({ length: 3 }, () => {
      const store = new RedisStore({ location, app: 'fleet', intervalMs: 200, timeoutMs: 1000 });
      return new MeasuredReplica(systemClock, store, { intervalMs: 200 });
    });
    for (const { store, publisher } of replicas) {
      store.start();
      publisher.start();
    }
    const fleet = new Fleet(redis, replicas);
    await fleet.until(async () => replicas.every(({ store }) => store.status().state === 'ready'));
    return fleet;
  }

  get counted(): number {
    return this.replicas.reduce((sum, { counted }) => sum + counted, 0);
  }

  flush(): Promise<unknown> {
    return Promise.all(this.replicas.map(({ publisher }) => publisher.flush()));
  }

  /** What each replica reads, and what Redis holds of each tier. */
  async sums(): Promise<{ read: number[]; stored: number[] }> {
    const read = await Promise.all(this.replicas.map((replica) => replica.read('10m')));
    const { store } = this.replicas[0]!;
    const stored = defaultTiers.map((tier) => storedCalls(store, tier, this.startedMs - 3_600_000, Date.now()));
    return { read, stored: await Promise.all(stored) };
  }

  exactly(calls = this.counted) {
    return { read: this.replicas.map(() => calls), stored: defaultTiers.map(() => calls) };
  }

  /** Waits until something holds, at most 20 s. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 400 && !(await holds().catch(() => false)); attempt++) await setTimeout(50);
  }

  async isExact(): Promise<boolean> {
    await this.flush();
    return JSON.stringify(await this.sums()) === JSON.stringify(this.exactly());
  }

  /** Counts in all replicas, a call each every few milliseconds, until told to stop. */
  load(): { stop: () => Promise<void> } {
    let isOver = false;
    const running = (async () => {
      for (let index = 0; !isOver; index++) {
        this.replicas[index % 3]!.count(1 + (index % 7));
        if (index % 3 === 2) await setTimeout(2);
      }
    })();
    return {
      stop: async () => {
        isOver = true;
        await running;
      },
    };
  }

  /** Ends all replicas, once. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    await Promise.all(this.replicas.map(({ publisher }) => publisher.stop(3000)));
    await Promise.all(this.replicas.map(({ store }) => store.stop()));
  }
}

describe('a fleet of three replicas over one Redis', () => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await Fleet.start();
  });
  afterEach(async () => {
    await fleet.end();
    await fleet.redis.remove();
  });

  it('reads exactly the sums of 3,000 records made round robin, on every replica', async () => {
    let durationUs = 0;
    for (let index = 0; index < 3000; index++) {
      const replica = fleet.replicas[index % 3]!;
      replica.count(1 + (index % 5));
      const ms = 0.1 * (1 + (index % 997));
      durationUs += Math.round(ms * 1000);
      replica.series.open(performance.now()).record(sampleFamily.distribution.duration, ms);
      if (index % 100 === 0) await setTimeout(5);
    }
    await fleet.flush();
    expect(await fleet.sums()).toEqual(fleet.exactly(9000));
    for (const { reader } of fleet.replicas) {
      const found = await reader.read({ query: { window: '10m' }, fallback: '1h', families: [sampleFamily] });
      const duration = found.of(sampleFamily).at('a\0b').distributions[sampleFamily.distribution.duration]!;
      expect([duration.count, duration.sum]).toEqual([3000, durationUs]);
      expect([found.replicas, found.live.length, found.gaps]).toEqual([3, 3, []]);
    }
  });

  it.each([
    ['with its data', true],
    ['without its data', false],
  ])(
    'is exact after Redis was away for 3 s under load and came back %s',
    async (_, save) => {
      const load = fleet.load();
      await setTimeout(1500);
      await fleet.redis.stop({ save });
      await setTimeout(3000);
      const away = await fleet.replicas[0]!.reader.read({
        query: { window: '10m' },
        fallback: '1h',
        families: [sampleFamily],
      });
      expect(callsOf(away.of(sampleFamily))).toBeGreaterThan(0);
      expect(away.gaps).toHaveLength(1);
      await fleet.redis.restart();
      await setTimeout(1500);
      await load.stop();
      await fleet.until(() => fleet.isExact());
      expect(await fleet.sums()).toEqual(fleet.exactly());
    },
    60_000,
  );

  it('is exact after Redis was killed again and again under load', async () => {
    const load = fleet.load();
    for (let round = 0; round < 3; round++) {
      await setTimeout(700);
      await fleet.redis.kill();
      await setTimeout(300);
      await fleet.redis.restart();
    }
    await load.stop();
    await fleet.until(() => fleet.isExact());
    expect(await fleet.sums()).toEqual(fleet.exactly());
  }, 60_000);

  it('loses nothing of what was counted before replicas were stopped under load', async () => {
    const load = fleet.load();
    await setTimeout(1000);
    const { counted: before } = fleet;
    await fleet.end();
    await load.stop();
    expect(fleet.counted).toBeGreaterThan(before);
    const store = new RedisStore({ location: fleet.redis.url, app: 'fleet', intervalMs: 200 });
    store.start();
    await fleet.until(async () => store.status().state === 'ready');
    for (const tier of defaultTiers) {
      const stored = await storedCalls(store, tier, fleet.startedMs - 3_600_000, Date.now());
      // What is counted while they stop may be in time for it.
      expect(stored).toBeGreaterThanOrEqual(before);
      expect(stored).toBeLessThanOrEqual(fleet.counted);
    }
    expect((await store.read({ slots: [], beats: true })).beats.map(({ beat }) => beat.left)).toEqual([
      true,
      true,
      true,
    ]);
    await store.stop();
  });
});
