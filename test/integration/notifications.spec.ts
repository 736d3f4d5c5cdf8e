import { builtInFamilies } from '../../libs/nestmeter/src/accumulate/families.js';
import { AlertRecords } from '../../libs/nestmeter/src/alert/alert-records.js';
import { channelOptions, openChannel } from '../../libs/nestmeter/src/alert/channel/channel-kinds.js';
import type { AlertMessage } from '../../libs/nestmeter/src/alert/notify/message.js';
import { NotificationSender } from '../../libs/nestmeter/src/alert/notify/sender.js';
import { defineRule } from '../../libs/nestmeter/src/alert/rule.js';
import { AlertWatch } from '../../libs/nestmeter/src/alert/watch.js';
import { systemClock } from '../../libs/nestmeter/src/clock.js';
import type { PerformanceMonitor } from '../../libs/nestmeter/src/core.js';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { MeasuredReplica } from '../fixtures/measured-replica.js';
import {
  changesOf,
  channelsOf,
  evaluatedAgain,
  NotifyingMonitors,
  until,
  webhook,
} from '../fixtures/notifying-monitors.js';

let stage: NotifyingMonitors;

beforeAll(async () => {
  stage = await NotifyingMonitors.open();
});
beforeEach(() => stage.listen());
afterEach(() => stage.stop());
afterAll(() => stage.close());

function burst(monitor: PerformanceMonitor): void {
  for (let count = 0; count < 30; count++)
    monitor.startRequest({ endpoint: '/chat', method: 'POST' }).end({ status: 500 });
}

describe('five replicas on Redis with a burst of errors', () => {
  it('send exactly one message that it fires and one that it ends, and all answer the same of it', async () => {
    const fleet = Array.from({ length: 5 }, () => stage.start('burst'));
    fleet.forEach(burst);
    await stage.receiver.got(1);
    const answers = await Promise.all(fleet.map((monitor) => monitor.reports.alerts()));
    const ids = answers.map(({ active }) => active.map(({ id }) => id));
    await stage.receiver.got(2);
    await evaluatedAgain(fleet[0]!);
    const messages = stage.receiver.received.map(({ body }) => body as AlertMessage);
    expect(changesOf(stage.receiver.received)).toEqual(['fired', 'resolved']);
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
        const store = new RedisStore({ location: stage.redis.url, app: 'two', intervalMs: 200, timeoutMs: 1000 });
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
      // Rules are stale where nobody has published for three intervals.
      await Promise.all(replicas.map(({ publisher }) => publisher.flush()));
      for (let turn = 0; turn < 3; turn++)
        await Promise.all(keepers.flatMap(({ watch, sender }) => [watch.evaluate(), sender.send()]));
    }
    await Promise.all(keepers.map(({ sender }) => sender.send()));
    // First: what fails here must not leave them open.
    for (const { publisher, store } of replicas) {
      await publisher.stop(1000);
      await store.stop();
    }
    expect(failures).toEqual([]);
    expect(changesOf(stage.receiver.received)).toEqual(['fired', 'resolved', 'fired', 'resolved', 'fired', 'resolved']);
  }, 60_000);
});

const settings = {
  tagFamilies: new Map(),
  dailyTokenLimit: null,
  operationThresholdsMs: {},
  maxSeries: 1000,
  uptimeSeconds: () => 1,
};
