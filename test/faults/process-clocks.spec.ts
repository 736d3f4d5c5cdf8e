import { jest } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { defaultTiers, slotStart, type Tier } from '../../libs/nestmeter/src/time-slot.js';
import { until } from '../fixtures/opened-store.js';
import { ProcessClock } from '../fixtures/process-clock.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { ReplicaProcess } from '../fixtures/replica-process.js';
import { storedCalls } from '../fixtures/stored-calls.js';

const minute = 60_000;
/** All clocks stay within this on either side of the start. */
const reachMs = 60 * minute;

jest.setTimeout(60_000);

/* What clocks.spec.ts has in one process and without Redis, in a few cases. Each goes on where the one before it ended. */
describe('replica processes and a Redis whose clocks are wrong', () => {
  let redisClock: ProcessClock;
  let hosts: ProcessClock[];
  let redis: RedisServer;
  let store: RedisStore;
  let replicas: ReplicaProcess[];
  let startMs: number;

  beforeAll(async () => {
    redisClock = await ProcessClock.create();
    startMs = redisClock.nowMs();
    redis = await RedisServer.startBy(redisClock);
    store = new RedisStore({ location: redis.url, app: 'clocks', intervalMs: 1000 });
    store.start();
    hosts = await Promise.all([0, 60 * minute, -10 * minute].map((offsetMs) => ProcessClock.create(offsetMs)));
    replicas = await Promise.all(hosts.map((clock) => ReplicaProcess.start('clocks', redis.url, { clock })));
  });
  afterAll(async () => {
    // Whoever is killed leaves the memory behind that libfaketime shares.
    for (const replica of replicas) await replica.terminate();
    await store.stop();
    await redis.stop();
    await redis.remove();
    for (const clock of [redisClock, ...hosts]) await clock.remove();
  });

  /** Calls of a tier in the store, whenever they are said to have been. */
  async function stored({ slotSeconds, retentionSeconds }: Tier): Promise<number> {
    const starts: number[] = [];
    for (let at = slotStart(startMs - reachMs, slotSeconds); at * 1000 < startMs + reachMs; at += slotSeconds)
      starts.push(at);
    const slots = await storedCalls(store, { slotSeconds, retentionSeconds }, starts);
    const models = [...slots.values()].flatMap((slot) => [...slot.values()]);
    expect(models.flatMap(({ contradictions }) => contradictions)).toEqual([]);
    return models.reduce((sum, { calls }) => sum + calls, 0);
  }

  /** They record for two intervals before a fault and after it, then rest. @returns how much they recorded until now */
  async function around(fault: () => Promise<void>): Promise<number> {
    await Promise.all(replicas.map((replica) => replica.ask('go')));
    await setTimeout(2000);
    await fault();
    await setTimeout(2000);
    const reports = await Promise.all(replicas.map((replica) => replica.ask('pause')));
    const shown = await redis.command(`EVAL "return tonumber(redis.call('TIME')[1])" 0`);
    expect(Math.abs(Number(shown.slice(1)) * 1000 - redisClock.nowMs())).toBeLessThan(5000);
    for (const [index, { nowMs }] of reports.entries())
      expect(Math.abs(nowMs - hosts[index]!.nowMs())).toBeLessThan(5000);
    await until(async () => {
      const flushed = await Promise.all(replicas.map((replica) => replica.ask('flush')));
      return flushed.every(({ error }) => error === null);
    });
    return reports.reduce((sum, report) => sum + report.recorded, 0);
  }

  it.each([5000, -5000, -25_000, 10 * minute, -10 * minute])(
    'count all once when the clock of Redis is stepped by %i ms',
    async (stepMs) => {
      const recorded = await around(() => redisClock.step(stepMs));
      expect(await Promise.all(defaultTiers.map(stored))).toEqual([recorded, recorded, recorded, recorded]);
    },
  );

  it.each([10 * minute, -60 * minute])(
    'count all once when the clock of a host is stepped by %i ms',
    async (stepMs) => {
      const recorded = await around(() => hosts[1]!.step(stepMs));
      expect(await Promise.all(defaultTiers.map(stored))).toEqual([recorded, recorded, recorded, recorded]);
    },
  );

  it('show what was counted before the clock of Redis was set back once it has come past it', async () => {
    const recorded = await around(() => redisClock.step(-20 * minute));
    const answers = () => Promise.all(replicas.map(async (replica) => (await replica.ask('report 2h')).providers!));
    for (const { summary } of await answers()) expect(summary.total_requests).toBeLessThan(recorded);
    await redisClock.step(40 * minute);
    await until(async () => {
      await Promise.all(replicas.map((replica) => replica.ask('flush')));
      return (await answers()).every(({ complete }) => complete);
    });
    for (const { summary } of await answers()) expect(summary.total_requests).toBe(recorded);
  });
});
