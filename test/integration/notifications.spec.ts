import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { builtInFamilies } from '../../libs/nestmeter/src/accumulate/families.js';
import { AlertRecords } from '../../libs/nestmeter/src/alert/alert-records.js';
import { type ChannelOptionsInput, channelOptions, openChannel } from '../../libs/nestmeter/src/alert/channel/channel-kinds.js'; // prettier-ignore
import { defaultRules } from '../../libs/nestmeter/src/alert/default-rules.js';
import type { AlertMessage } from '../../libs/nestmeter/src/alert/notify/message.js';
import { NotificationSender } from '../../libs/nestmeter/src/alert/notify/sender.js';
import { defineRule } from '../../libs/nestmeter/src/alert/rule.js';
import { AlertWatch } from '../../libs/nestmeter/src/alert/watch.js';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import { createMonitor, type MonitorOptions, type PerformanceMonitor } from '../../libs/nestmeter/src/core.js';
import type { HealthAnswer } from '../../libs/nestmeter/src/serve/health.js';
import { routeTable } from '../../libs/nestmeter/src/serve/routes.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { MeasuredReplica } from '../fixtures/measured-replica.js';
import { Receiver } from '../fixtures/receiver.js';
import { RedisServer } from '../fixtures/redis-server.js';

let redis: RedisServer;
let receiver: Receiver;
const monitors: PerformanceMonitor[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
});
beforeEach(async () => {
  receiver = await Receiver.start();
  process.env['OPS_WEBHOOK_URL'] = `${receiver.url}/hook`;
});
afterEach(async () => {
  await Promise.all(monitors.splice(0).map((monitor) => monitor.stop()));
  await receiver.stop();
});
afterAll(() => redis.remove());

const none = defaultRules({ dailyCostUsd: null, monthlyCostUsd: null }).map(({ name }) => name);
const webhook = { name: 'ops', kind: 'webhook', urlFrom: { env: 'OPS_WEBHOOK_URL' }, allowPrivate: true } as const;
const errors = {
  name: 'errors',
  title: 'Errors',
  metric: 'error_rate_percent',
  thresholds: { critical: 10 },
  windowSeconds: 10,
  keepFiringSeconds: 0,
};
/** Fires from the first evaluation on: for what is not about measuring. */
const wrong = { name: 'wrong', title: 'Wrong', check: () => [{ severity: 'critical' as const }] };
const alerts = { evaluationIntervalSeconds: 5, disable: none, rules: [errors], channels: [webhook] };

function start(app: string, options: MonitorOptions = {}): PerformanceMonitor {
  const basis = { app, redis: redis.url, logLevel: 'silent', publishIntervalMs: 200 } as const;
  const monitor = createMonitor({ ...basis, alerts, ...options });
  monitor.start();
  monitors.push(monitor);
  return monitor;
}

function burst(monitor: PerformanceMonitor): void {
  for (let count = 0; count < 30; count++)
    monitor.startRequest({ endpoint: '/chat', method: 'POST' }).end({ status: 500 });
}

/** Asks until the answer is as it should be, or a minute is over. */
async function until<Value>(read: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  let value = await read();
  for (let attempt = 0; attempt < 600 && !holds(value); attempt++) {
    await setTimeout(100);
    value = await read();
  }
  return value;
}

/** Waits for further evaluations, in which something could be told once too often. */
async function evaluatedAgain(monitor: PerformanceMonitor, times = 2): Promise<void> {
  for (let time = 0; time < times; time++) {
    const { evaluated_at: before } = await monitor.reports.alerts();
    await until(
      () => monitor.reports.alerts(),
      ({ evaluated_at }) => evaluated_at !== before,
    );
  }
}

async function ask(monitor: PerformanceMonitor, url: string, method = 'GET') {
  const { status, body } = await monitor.routes.handle({
    method,
    url: `/performance${url}`,
    headers: { host: 'localhost', authorization: 'Bearer write-token-for-tests' },
    remoteAddress: '127.0.0.1',
    native: null,
    body: () => Promise.resolve('{}'),
  });
  return { status, text: typeof body === 'string' ? body : '' };
}

async function channelsOf(monitor: PerformanceMonitor): Promise<HealthAnswer['channels']> {
  return (JSON.parse((await ask(monitor, '/health')).text) as HealthAnswer).channels;
}

const changesOf = (all: readonly { body: unknown }[]) =>
  all.flatMap(({ body }) => (body as AlertMessage).alerts.map(({ change }) => change));

describe('five replicas on Redis with a burst of errors', () => {
  it('send exactly one message that it fires and one that it ends, and all answer the same of it', async () => {
    const fleet = Array.from({ length: 5 }, () => start('burst'));
    fleet.forEach(burst);
    await receiver.got(1);
    const answers = await Promise.all(fleet.map((monitor) => monitor.reports.alerts()));
    const ids = answers.map(({ active }) => active.map(({ id }) => id));
    await receiver.got(2);
    await evaluatedAgain(fleet[0]!);
    const messages = receiver.received.map(({ body }) => body as AlertMessage);
    expect(changesOf(receiver.received)).toEqual(['fired', 'resolved']);
    expect(messages.map((message) => message.alerts[0]!.id)).toEqual([ids[0]![0], ids[0]![0]]);
    for (const own of ids) expect(own).toEqual(ids[0]);
    const channels = await Promise.all(fleet.map(channelsOf));
    for (const [log, ops] of channels) {
      expect(log).toMatchObject({ name: 'log', sent: 2, failed: 0 });
      expect(ops).toMatchObject({ name: 'ops', kind: 'webhook', sent: 2, failed: 0, pending: 0, last_error: null });
    }
  }, 150_000);
});

describe('two that take themselves for the keeper', () => {
  it('send one message about each change', async () => {
    const found: { severity: 'critical' }[] = [];
    const rule = defineRule({ name: 'errors', check: () => found, keepFiringSeconds: 0, cooldownSeconds: 0 });
    const channels = [openChannel(channelOptions.parse(webhook), { app: 'two', log: console })];
    const failures: string[] = [];
    const replicas = await Promise.all(
      [0, 1].map(async () => {
        const store = new RedisStore({ location: redis.url, app: 'two', intervalMs: 200, timeoutMs: 1000 });
        store.start();
        const replica = new MeasuredReplica(systemClock, store, { intervalMs: 200 });
        await until(() => replica.publisher.flush().then(() => true, () => false), Boolean); // prettier-ignore
        return replica;
      }),
    );
    const claim = { token: 'held', replica: 'x', schema: 1, durationMs: 60_000, folded: 0, lagMs: 0 };
    await replicas[0]!.store.upkeep.claim(claim);
    const keepers = replicas.map(({ store, reader }) => {
      const shared = {
        records: new AlertRecords(store.upkeep),
        rules: () => [rule],
        channels,
        app: 'two',
        // Both believe that they hold the lease, and the store believes it too.
        keeperToken: () => 'held',
        storeNowMs: () => Date.now(),
        failed: (where: string, error: unknown) => void failures.push(`${where} ${String(error)}`),
      };
      const context = { settings, read: reader.read.bind(reader) };
      const place = { context, clock: systemClock, families: () => builtInFamilies, slotSeconds: 10 };
      const watch = new AlertWatch({ ...shared, ...place, intervalSeconds: () => 10, written: () => {} });
      return { watch, sender: new NotificationSender({ ...shared, dashboardUrl: null, warn: () => {} }) };
    });
    for (let round = 0; round < 6; round++) {
      found.splice(0, 1, ...(round % 2 === 0 ? [{ severity: 'critical' as const }] : []));
      for (let turn = 0; turn < 3; turn++)
        await Promise.all(keepers.flatMap(({ watch, sender }) => [watch.evaluate(), sender.send()]));
    }
    await Promise.all(keepers.map(({ sender }) => sender.send()));
    expect(failures).toEqual([]);
    expect(changesOf(receiver.received)).toEqual(['fired', 'resolved', 'fired', 'resolved', 'fired', 'resolved']);
    for (const { publisher, store } of replicas) {
      await publisher.stop(1000);
      await store.stop();
    }
  }, 60_000);
});

describe('a keeper that is killed between the change and the answer to its message', () => {
  it('has its message sent by the next one, under the same id', async () => {
    receiver.answers = ['hang', 200];
    const rules = [{ ...errors, windowSeconds: 300 }];
    const env = { ...process.env, APP: 'killed', REDIS_URL: redis.url, ALERTS: JSON.stringify({ ...alerts, rules }) };
    const child = fork(fileURLToPath(new URL('../fixtures/notifying-replica.mjs', import.meta.url)), {
      env,
      execArgv: [],
    });
    const ended = once(child, 'exit');
    await receiver.got(1);
    child.kill('SIGKILL');
    await ended;
    const next = start('killed', { alerts: { ...alerts, rules } });
    await receiver.got(2, 90);
    const [first, second] = receiver.received;
    expect(second?.headers['x-nestmeter-delivery']).toBe(first!.headers['x-nestmeter-delivery']);
    expect(second?.text).toBe(first!.text);
    await evaluatedAgain(next);
    expect(receiver.received).toHaveLength(2);
    expect((await channelsOf(next))[1]).toMatchObject({ sent: 1, pending: 0 });
  }, 180_000);
});

describe('a webhook that fails in every way', () => {
  it('gets its message in the end, under one id, while rules are evaluated as ever', async () => {
    receiver.answers = [500, { status: 429, retryAfter: '1' }, 'close', 'reset', 'hang', 200];
    const monitor = start('failing', { alerts: { ...alerts, rules: [wrong] } });
    await receiver.got(1);
    // The first answer to it failed; evaluations go on while it waits to be sent again.
    await evaluatedAgain(monitor, 3);
    await receiver.got(6, 90);
    expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1);
    const [, ops] = await until(
      () => channelsOf(monitor),
      ([, channel]) => channel!.sent > 0,
    );
    expect(ops).toMatchObject({ sent: 1, failed: 0, pending: 0, last_error: null });
    expect(receiver.received).toHaveLength(6);
  }, 180_000);

  it('is marked as failed where everybody sees it when it never takes the message', async () => {
    receiver.answers = [500];
    const channels = [{ ...webhook, retryForSeconds: 5 }];
    const monitor = start('given-up', { alerts: { ...alerts, rules: [wrong], channels } });
    const [, ops] = await until(
      () => channelsOf(monitor),
      ([, channel]) => channel!.failed > 0,
    );
    expect(ops).toMatchObject({ sent: 0, failed: 1, last_error: 'HTTP 500' });
    expect((await monitor.reports.alerts()).active[0]).toMatchObject({ notified: { kind: 'fired' }, not_notified: ['ops'] }); // prettier-ignore
  }, 90_000);
});

describe('a process that stops while a channel hangs', () => {
  it('does not wait for it for longer than for the store, and counts no failure', async () => {
    let calls = 0;
    const send = () => {
      calls++;
      return new Promise(() => {});
    };
    const channels: ChannelOptionsInput[] = [{ name: 'own', kind: 'function', send }];
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const monitor = createMonitor({
      logger: { error: line, warn: line, log: line },
      shutdownTimeoutMs: 500,
      alerts: { ...alerts, rules: [wrong], channels },
    });
    monitor.start();
    await until(
      async () => calls,
      (made) => made > 0,
    );
    await monitor.stop();
    expect(calls).toBe(1);
    expect(lines).toEqual(['[nestmeter] Alert fired: [critical] Wrong detected (no data)']);
  }, 60_000);
});

describe('secrets of channels', () => {
  it('are in no answer, no line of the log and nothing that Redis holds', async () => {
    const canary = 'c4n4ry5ecret';
    process.env['OPS_WEBHOOK_URL'] = `${receiver.url}/${canary}-url`;
    process.env['OPS_WEBHOOK_SECRET'] = `${canary}-signing`;
    process.env['PAGERDUTY_KEY'] = `${canary}-key`;
    receiver.answers = [200, 500];
    const throws = () => {
      throw new Error(`${canary}-thrown`);
    };
    const channels: ChannelOptionsInput[] = [
      { ...webhook, secretFrom: { env: 'OPS_WEBHOOK_SECRET' } },
      { name: 'chat', kind: 'slack', urlFrom: { secret: () => `https://127.0.0.1:1/${canary}-slack` } },
      {
        name: 'gone',
        kind: 'slack',
        urlFrom: { secret: () => `http://127.0.0.1:1/${canary}-gone` },
        allowPrivate: true,
      },
      { name: 'pager', kind: 'pagerduty', keyFrom: { env: 'PAGERDUTY_KEY' }, url: receiver.url, allowPrivate: true },
      { name: 'am', kind: 'alertmanager', url: receiver.url, tokenFrom: { secret: throws }, allowPrivate: true },
      { name: 'own', kind: 'function', send: throws },
    ];
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const monitor = start('canary', {
      alerts: { ...alerts, rules: [wrong], channels },
      access: { write: 'write-token-for-tests' },
      logger: { error: line, warn: line, log: line, debug: line },
      logLevel: 'debug',
    });
    const count = channels.length + 1;
    await until(
      () => channelsOf(monitor),
      (all) => all.filter(({ sent, last_error }) => sent > 0 || last_error !== null).length === count,
    );
    const answers: string[] = [];
    for (const { name } of channels) answers.push((await ask(monitor, `/alerts/channels/${name}/test`, 'POST')).text);
    for (const { method, path } of routeTable) if (method === 'GET') answers.push((await ask(monitor, path)).text);
    answers.push(JSON.stringify(await monitor.reports.alerts()), await monitor.prometheus());
    const sent = receiver.received.map(({ path, text }) => path + text).join('\n');
    expect(sent).toContain(`${canary}-url`);
    expect(sent).toContain(`${canary}-key`);
    expect(answers.join('\n')).toContain('NM_CHANNEL_ADDRESS_REFUSED');
    expect(lines.join('\n')).toMatch(/Alerts do not reach channel own/);
    const dump = await dumped();
    expect(dump).toContain('"outbox"');
    for (const shown of [answers.join('\n'), lines.join('\n'), dump]) expect(shown).not.toContain(canary);
  }, 120_000);

  /** All that Redis holds, key by key. */
  async function dumped(): Promise<string> {
    const client = new Redis(redis.url);
    try {
      const parts: string[] = [];
      for (const key of await client.keys('*')) {
        parts.push(key);
        const type = await client.type(key);
        if (type === 'hash') parts.push(JSON.stringify(await client.hgetall(key)).replaceAll('\\"', '"'));
        else if (type === 'zset') parts.push(...(await client.zrange(key, '0', '-1')));
        else throw new Error(`the test must know how to read a ${type}`);
      }
      return parts.join('\n');
    } finally {
      client.disconnect();
    }
  }
});

const settings = {
  tagFamilies: new Map(),
  dailyTokenLimit: null,
  operationThresholdsMs: {},
  maxSeries: 1000,
  uptimeSeconds: () => 1,
};
