import { Redis } from 'ioredis';
import type { ChannelOptionsInput } from '../../libs/nestmeter/src/alert/channel/channel-kinds.js';
import { routeTable } from '../../libs/nestmeter/src/serve/routes.js';
import { alerts, ask, channelsOf, NotifyingMonitors, until, webhook, wrong } from '../fixtures/notifying-monitors.js';

let stage: NotifyingMonitors;

beforeAll(async () => {
  stage = await NotifyingMonitors.open();
});
beforeEach(() => stage.listen());
afterEach(() => stage.stop());
afterAll(() => stage.close());

describe('secrets of channels', () => {
  it('are in no answer, no line of the log and nothing that Redis holds', async () => {
    const canary = 'c4n4ry5ecret';
    process.env['OPS_WEBHOOK_URL'] = `${stage.receiver.url}/${canary}-url`;
    process.env['OPS_WEBHOOK_SECRET'] = `${canary}-signing`;
    process.env['PAGERDUTY_KEY'] = `${canary}-key`;
    stage.receiver.answers = [200, 500];
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
      {
        name: 'pager',
        kind: 'pagerduty',
        keyFrom: { env: 'PAGERDUTY_KEY' },
        url: stage.receiver.url,
        allowPrivate: true,
      },
      { name: 'am', kind: 'alertmanager', url: stage.receiver.url, tokenFrom: { secret: throws }, allowPrivate: true },
      { name: 'own', kind: 'function', send: throws },
    ];
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const monitor = stage.start('canary', {
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
    const sent = stage.receiver.received.map(({ path, text }) => path + text).join('\n');
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
    const client = new Redis(stage.redis.url);
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
