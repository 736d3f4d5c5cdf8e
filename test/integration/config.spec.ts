import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import {
  createMonitor,
  type MonitorOptions,
  type NestmeterError,
  type PerformanceMonitor,
} from '../../libs/nestmeter/src/core.js';
import type { ConfigAnswer } from '../../libs/nestmeter/src/serve/config.js';
import { CuttableLink } from '../fixtures/cuttable-link.js';
import { RedisServer } from '../fixtures/redis-server.js';

const quiet = { error: () => {}, warn: () => {}, log: () => {} };

let redis: RedisServer;
let client: Redis;
const running: PerformanceMonitor[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  client = new Redis(redis.url);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop()));
});
afterAll(async () => {
  client.disconnect();
  await redis.remove();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 800; attempt++) {
    if (await holds()) return;
    await setTimeout(25);
  }
  throw new Error(`it must hold within 20 s: ${holds.toString()}`);
}

/** A running replica that has published once. */
async function replica(app: string, more: MonitorOptions = {}): Promise<PerformanceMonitor> {
  const monitor = createMonitor({ app, redis: redis.url, publishIntervalMs: 200, logger: quiet, shutdownTimeoutMs: 500, ...more }); // prettier-ignore
  running.push(monitor);
  monitor.start();
  await until(() => monitor.flush().then(() => true, () => false)); // prettier-ignore
  return monitor;
}

async function config(monitor: PerformanceMonitor): Promise<ConfigAnswer> {
  const { body, status } = await monitor.routes.handle({
    method: 'GET',
    url: '/performance/config',
    headers: { host: 'localhost' },
    remoteAddress: '127.0.0.1',
    native: null,
    body: async () => null,
  });
  expect(status).toBe(200);
  return JSON.parse(body as string) as ConfigAnswer;
}

const limitOf = async (monitor: PerformanceMonitor) => (await config(monitor)).effective['daily_token_limit'];
const codeOf = (promise: Promise<unknown>) => promise.then(() => null, (error: NestmeterError) => error.code); // prettier-ignore

describe('the live configuration on Redis', () => {
  it('reaches every replica, also one that publishes once in a minute, and is in force in their answers', async () => {
    const replicas = [await replica('reach'), await replica('reach'), await replica('reach', { publishIntervalMs: 60_000 })]; // prettier-ignore
    await replicas[0]!.updateConfig({ daily_token_limit: 1000, operation_thresholds_ms: { qa_response: 7 } });
    await replicas[1]!.setAlertThreshold('error_rate_percent', 3, '>=', 'critical');
    for (const monitor of replicas) {
      await until(async () => (await config(monitor)).version === 2);
      const { effective, sources, overridden } = await config(monitor);
      expect(effective).toMatchObject({
        daily_token_limit: 1000,
        operation_thresholds_ms: { qa_response: 7, vector_search: 500 },
        alert_thresholds: [{ metric: 'error_rate_percent', threshold: 3, comparison: '>=', severity: 'critical' }],
      });
      expect(sources).toMatchObject({ daily_token_limit: 'posted', apdex_ms: 'default', app: 'code' });
      expect(overridden).toMatchObject({
        daily_token_limit: 1_000_000,
        operation_thresholds_ms: { qa_response: 3000 },
      });
      const { day } = await monitor.reports.usage({});
      expect(day.token_limit).toBe(1000);
    }
  });

  it('shows labels of rules and tags of budgets under the names that they were given', async () => {
    const rule = { name: 'jobs', family: 'custom.jobs', metric: 'value', filter: { jobKind: 'mail' }, thresholds: { low: 1 } }; // prettier-ignore
    const budget = { name: 'team', limitUsd: 1, period: 'day', per: { tag: { tenantId: 'a' } } } as const;
    const one = await replica('labels', { tags: ['tenantId'], alerts: { rules: [rule] }, budgets: [budget] });
    expect((await config(one)).effective).toMatchObject({
      alerts: { rules: [{ window_seconds: 300, filter: { jobKind: 'mail' } }] },
      budgets: [{ limit_usd: 1, per: { tag: { tenantId: 'a' } } }],
    });
  });

  it('takes every one of the changes that three replicas make at the same time', async () => {
    const replicas = [await replica('race'), await replica('race'), await replica('race')];
    const names = Array.from({ length: 30 }, (_, at) => `operation ${at}`);
    await Promise.all(
      names.map((name, at) => replicas[at % 3]!.updateConfig({ operation_thresholds_ms: { [name]: 1 + at } })),
    );
    const expected = { operation_thresholds_ms: Object.fromEntries(names.map((name, at) => [name, 1 + at])) };
    for (const monitor of replicas) {
      await until(async () => (await config(monitor)).version === names.length);
      expect((await config(monitor)).posted).toEqual(expected);
    }
  });

  it('lets one of two win who change the same version, and tells the other', async () => {
    const [one, other] = [await replica('conflict'), await replica('conflict')];
    for (let ifVersion = 0; ifVersion < 20; ifVersion++) {
      const codes = await Promise.all([
        codeOf(one.updateConfig({ daily_token_limit: 100 + ifVersion }, { ifVersion })),
        codeOf(other.updateConfig({ daily_token_limit: 200 + ifVersion }, { ifVersion })),
      ]);
      expect(new Set(codes)).toEqual(new Set(['NM_CONFIG_CONFLICT', null]));
    }
    await until(async () => (await limitOf(one)) === (await limitOf(other)));
    expect((await config(one)).version).toBe(20);
  });

  it('is refused by a replica that is cut off, which catches up when it is back', async () => {
    const link = await CuttableLink.to(redis.port);
    const [one, away] = [await replica('cut'), await replica('cut', { redis: `redis://127.0.0.1:${link.port}` })];
    link.cut();
    expect(await codeOf(away.updateConfig({ daily_token_limit: 5 }))).toBe('NM_STORE_UNREACHABLE');
    await one.updateConfig({ daily_token_limit: 6 });
    expect([await limitOf(one), await limitOf(away)]).toEqual([6, 1_000_000]);
    link.mend();
    await until(async () => (await limitOf(away)) === 6);
    await away.stop();
    await link.close();
  });

  it('survives that all replicas are restarted, and a wipe of Redis', async () => {
    const [one, other] = [await replica('lasting'), await replica('lasting')];
    await one.updateConfig({ daily_token_limit: 9 }, { by: 'ada' });
    await Promise.all([one.stop(), other.stop()]);
    const again = await replica('lasting');
    await until(async () => (await limitOf(again)) === 9);
    await client.flushall();
    await until(async () => (await client.hexists('{nm:lasting}:documents', 'config')) === 1);
    await again.stop();
    const last = await replica('lasting');
    await until(async () => (await limitOf(last)) === 9);
    expect((await config(last)).version).toBe(1);
  });

  it('changes at once how often replicas publish, though the interval under way is a minute', async () => {
    const slow = { publishIntervalMs: 60_000 };
    const one = await replica('cadence', slow);
    await replica('cadence', slow);
    await one.updateConfig({ publish_interval_ms: 250 });
    const intervals = async () => {
      const beats = await client.hvals('{nm:cadence}:beats');
      return beats.map((beat) => /"intervalMs":(\d+)/.exec(beat)![1]);
    };
    await until(async () => !(await intervals()).includes('60000'));
    expect(await intervals()).toEqual(['250', '250']);
  });

  it('changes at once how often alerts are evaluated, on whichever replica, though ten minutes were to pass', async () => {
    const rare = { alerts: { evaluationIntervalSeconds: 600 } };
    const replicas = [await replica('watching', rare), await replica('watching', rare)];
    const evaluatedAt = async () => (await replicas[1]!.reports.alerts()).evaluated_at ?? 0;
    expect(await evaluatedAt()).toBe(0);
    await replicas[1]!.updateConfig({ alert_evaluation_interval_seconds: 5 });
    await until(async () => (await evaluatedAt()) > 0);
    const first = await evaluatedAt();
    await until(async () => (await evaluatedAt()) > first);
    for (const monitor of replicas)
      expect((await config(monitor)).effective).toMatchObject({
        alert_evaluation_interval_seconds: 5,
        alerts: { evaluation_interval_seconds: 5 },
      });
    // Whoever of them kept the store, the other one goes on as often.
    await replicas[0]!.stop();
    const last = await evaluatedAt();
    await until(async () => (await evaluatedAt()) > last);
  }, 60_000);
});
