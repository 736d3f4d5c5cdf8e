import { setTimeout } from 'node:timers/promises';
import { createMonitor, type MonitorOptions, type PerformanceMonitor } from '../../libs/nestmeter/src/core.js';
import { builtInFamilies } from '../../libs/nestmeter/src/accumulate/families.js';
import { AlertRecords } from '../../libs/nestmeter/src/alert/alert-records.js';
import { defineRule } from '../../libs/nestmeter/src/alert/rule.js';
import { AlertWatch } from '../../libs/nestmeter/src/alert/watch.js';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { MeasuredReplica } from '../fixtures/measured-replica.js';
import { RedisServer } from '../fixtures/redis-server.js';

let redis: RedisServer;
const monitors: PerformanceMonitor[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
});
afterEach(async () => {
  await Promise.all(monitors.splice(0).map((monitor) => monitor.stop()));
});
afterAll(() => redis.remove());

async function until<Value>(
  read: () => Promise<Value>,
  holds: (value: Value) => boolean,
  seconds = 60,
): Promise<Value> {
  let value = await read();
  for (let attempt = 0; attempt < seconds * 10 && !holds(value); attempt++) {
    await setTimeout(100);
    value = await read();
  }
  return value;
}

function start(app: string, options: MonitorOptions = {}): PerformanceMonitor {
  const monitor = createMonitor({ app, redis: redis.url, logLevel: 'silent', publishIntervalMs: 200, ...options });
  monitor.start();
  monitors.push(monitor);
  return monitor;
}

function burst(monitor: PerformanceMonitor): void {
  for (let count = 0; count < 30; count++)
    monitor.startRequest({ endpoint: '/chat', method: 'POST' }).end({ status: count % 2 === 0 ? 500 : 200 });
}

describe('five replicas on Redis', () => {
  it('answer the same alerts under the same ids, and go on with them when the keeper leaves', async () => {
    const options = { alerts: { evaluationIntervalSeconds: 5, disable: ['cpu', 'memory_pressure'] } };
    const fleet = Array.from({ length: 5 }, () => start('five', options));
    fleet.forEach(burst);
    const read = (all: readonly PerformanceMonitor[]) => Promise.all(all.map((monitor) => monitor.reports.alerts()));
    const answers = await until(
      () => read(fleet),
      (all) => all.every(({ active_alerts_count }) => active_alerts_count > 0),
    );
    const ids = answers.map(({ active }) => active.map(({ id }) => id));
    expect(ids).toEqual(ids.map(() => ids[0]));
    expect(answers[0]!.active.map(({ rule, severity }) => [rule, severity])).toEqual([
      ['error_rate', 'critical'],
      ['success_rate', 'critical'],
    ]);
    expect(answers[0]!.alerts[0]).toBe('[critical] High error rate detected (50.0%)');
    expect(answers[0]!.rules.find(({ name }) => name === 'error_rate')).toMatchObject({
      state: 'firing',
      metric: 'error_rate_percent',
      comparison: '>',
      thresholds: { warning: 5, critical: 10 },
      target: 1,
    });
    const realTime = await fleet[3]!.reports.realTime();
    expect(realTime).toMatchObject({ active_alerts: 2, system_health: 'critical', alerts: answers[0]!.alerts });

    const { keeper } = await fleet[0]!.routes.handle(healthRequest).then(({ body }) => JSON.parse(body as string) as { keeper: { id: string } }); // prettier-ignore
    const leaving = (await Promise.all(fleet.map(async (monitor) => ({ monitor, id: await ownId(monitor) })))).find(
      ({ id }) => id === keeper.id,
    )!.monitor;
    await leaving.stop();
    const rest = fleet.filter((monitor) => monitor !== leaving);
    const before = answers[0]!.evaluated_at!;
    const later = await until(
      () => read(rest),
      (all) => all.every(({ evaluated_at }) => (evaluated_at ?? 0) > before + 10),
    );
    for (const { active } of later) expect(active.map(({ id }) => id)).toEqual(ids[0]);
  }, 120_000);

  it('watch a threshold that was set on any one of them', async () => {
    const [one, two] = [0, 1].map(() => start('posted', { alerts: { evaluationIntervalSeconds: 5 } }));
    await until(
      async () =>
        await one!.flush().then(
          () => true,
          () => false,
        ),
      (isReady) => isReady,
    );
    burst(one!);
    await one!.setAlertThreshold('requests_per_second', 0, '>', 'medium');
    const { active } = await until(
      () => two!.reports.alerts(),
      (answer) => answer.active.some(({ metric }) => metric === 'requests_per_second'),
    );
    expect(active.find(({ metric }) => metric === 'requests_per_second')).toMatchObject({
      rule: 'requests_per_second_set',
      severity: 'warning',
      threshold: 0,
    });
  }, 90_000);

  it('keep one state when two take themselves for the keeper', async () => {
    const replicas = [0, 1].map(() => {
      const store = new RedisStore({ location: redis.url, app: 'two', intervalMs: 200, timeoutMs: 1000 });
      store.start();
      return new MeasuredReplica(systemClock, store, { intervalMs: 200 });
    });
    const [first] = replicas;
    await until(
      async () => replicas.every(({ store }) => store.status().state === 'ready'),
      (ready) => ready,
    );
    const claim = { replica: 'x', schema: 1, durationMs: 60_000, folded: 0, lagMs: 0 };
    const { token } = await first!.store.upkeep.claim({ ...claim, token: 'held' });
    const outcomes: string[] = [];
    const rule = defineRule({ name: 'always', check: () => [{ severity: 'warning' }] });
    const watches = replicas.map(({ store, publisher }, index) => {
      const records = new AlertRecords(store.upkeep);
      const watch = new AlertWatch({
        records,
        clock: systemClock,
        rules: () => [rule],
        intervalSeconds: () => 10,
        channels: [],
        app: 'two',
        written: () => {},
        // The second one held the lease once and does not know that it lost it.
        keeperToken: () => (index === 0 ? token : 'lost'),
        failed: (where, error) => outcomes.push(`${where} ${String(error)}`),
        context: { settings, read: (request) => replicas[index]!.reader.read(request) },
        families: () => builtInFamilies,
        slotSeconds: 10,
        storeNowMs: () => Date.now(),
      });
      return { watch, records, publisher };
    });
    for (const { publisher } of watches) await publisher.flush();
    for (let round = 0; round < 5; round++) {
      await Promise.all(watches.map(({ watch }) => watch.evaluate()));
      // Both with the same token: each write names what it was made from.
      await Promise.all([watches[0]!.watch.evaluate(), watches[0]!.watch.evaluate()]);
    }
    for (const { records } of watches) await records.refresh();
    const [one, two] = watches.map(({ records }) => records.board.body);
    expect(outcomes).toEqual([]);
    expect(one).toEqual(two);
    expect(one!.alerts).toHaveLength(1);
    expect(watches[0]!.records.history.body.changes.map(({ kind }) => kind)).toEqual(['fired']);
    for (const { publisher, store } of replicas) {
      await publisher.stop(1000);
      await store.stop();
    }
  }, 60_000);
});

const settings = {
  tagFamilies: new Map(),
  dailyTokenLimit: null,
  operationThresholdsMs: {},
  maxSeries: 1000,
  uptimeSeconds: () => 1,
};

const healthRequest = {
  method: 'GET',
  url: '/performance/health',
  headers: { host: 'localhost' },
  remoteAddress: '127.0.0.1',
  native: null,
  body: () => Promise.resolve(null),
};

async function ownId(monitor: PerformanceMonitor): Promise<string> {
  const { body } = await monitor.routes.handle(healthRequest);
  const { replicas } = JSON.parse(body as string) as { replicas: { id: string; self: boolean }[] };
  return replicas.find(({ self }) => self)!.id;
}
