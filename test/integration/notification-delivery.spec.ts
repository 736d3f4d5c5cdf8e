import type { ChannelOptionsInput } from '../../libs/nestmeter/src/alert/channel/channel-kinds.js';
import { createMonitor } from '../../libs/nestmeter/src/core.js';
import {
  alerts,
  channelsOf,
  evaluatedAgain,
  NotifyingMonitors,
  until,
  webhook,
  wrong,
} from '../fixtures/notifying-monitors.js';

let stage: NotifyingMonitors;

beforeAll(async () => {
  stage = await NotifyingMonitors.open();
});
beforeEach(() => stage.listen());
afterEach(() => stage.stop());
afterAll(() => stage.close());

describe('a webhook that fails in every way', () => {
  it('gets its message in the end, under one id, while rules are evaluated as ever', async () => {
    stage.receiver.answers = [500, { status: 429, retryAfter: '1' }, 'close', 'reset', 'hang', 200];
    const monitor = stage.start('failing', { alerts: { ...alerts, rules: [wrong] } });
    await stage.receiver.got(1);
    // The first answer to it failed; evaluations go on while it waits to be sent again.
    await evaluatedAgain(monitor, 3);
    await stage.receiver.got(6, 90);
    expect(new Set(stage.receiver.received.map(({ text }) => text)).size).toBe(1);
    const [, ops] = await until(
      () => channelsOf(monitor),
      ([, channel]) => channel!.sent > 0,
    );
    expect(ops).toMatchObject({ sent: 1, failed: 0, pending: 0, last_error: null });
    expect(stage.receiver.received).toHaveLength(6);
  }, 180_000);

  it('is marked as failed where everybody sees it when it never takes the message', async () => {
    stage.receiver.answers = [500];
    // Over before the next evaluation, which gives up what is overdue for a reason of its own.
    const channels = [{ ...webhook, retryForSeconds: 3 }];
    const monitor = stage.start('given-up', { alerts: { ...alerts, rules: [wrong], channels } });
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
