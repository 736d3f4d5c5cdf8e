import { createMonitor, NestmeterError, type MonitorOptions } from '../../core.js';
import { readOptions } from '../../options.js';

const canary = 'https://hooks.example.com/c4n4ry';
const webhook = { name: 'ops', kind: 'webhook', urlFrom: { env: 'OPS_WEBHOOK_URL' } } as const;

afterEach(() => {
  delete process.env['OPS_WEBHOOK_URL'];
  process.env['NODE_ENV'] = 'test';
});

function problemOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof NestmeterError && error.code === 'NM_OPTION_INVALID') return error.message;
    throw error;
  }
  return '';
}

const given = (...channels: unknown[]): MonitorOptions =>
  ({ logLevel: 'silent', alerts: { channels } }) as MonitorOptions;

/** What a monitor that is started and stopped says. */
async function said(options: MonitorOptions): Promise<string[]> {
  const lines: string[] = [];
  const write = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const logger = { error: write('error'), warn: write('warn'), log: write('info'), debug: () => {} };
  const monitor = createMonitor({ logger, logLevel: 'info', genaiPrices: false, ...options });
  monitor.start();
  // Alerts begin once the file of the store, if there is one, was looked at.
  await new Promise(setImmediate);
  await monitor.stop();
  return lines;
}

describe('the option alerts.channels', () => {
  it.each([
    [{ ...webhook, urlFrom: canary }, 'alerts.channels.0.urlFrom must be'],
    [{ ...webhook, urlFrom: undefined, url: canary }, 'alerts.channels.0'],
    [{ ...webhook, secretFrom: { env: canary } }, 'alerts.channels.0.secretFrom'],
    [{ ...webhook, secretFrom: { secret: canary } }, 'alerts.channels.0.secretFrom'],
    [{ ...webhook, kind: 'telegraph', url: canary }, 'alerts.channels.0.kind must be one of log, webhook, slack'],
    [{ ...webhook, name: 'Not A Name' }, 'alerts.channels.0.name must be a lower-case name'],
    [{ name: 'pd', kind: 'pagerduty', keyFrom: canary }, 'alerts.channels.0.keyFrom'],
    [
      { name: 'pd', kind: 'pagerduty', keyFrom: { env: 'A' }, url: 'https://127.0.0.1/c4n4ry' },
      'alerts.channels.0.url',
    ],
    [{ name: 'am', kind: 'alertmanager', url: 'https://10.0.0.1:9093/c4n4ry' }, 'a URL with a public address'],
    [canary, 'alerts.channels.0 must be'],
  ])('refuses %j, names the field and shows no value', (channel, problem) => {
    const message = problemOf(() => readOptions(given(channel)));
    expect(message).toContain(problem);
    expect(message).not.toContain('c4n4ry');
  });

  it('refuses two channels of one name', () => {
    expect(problemOf(() => readOptions(given(webhook, webhook)))).toContain('channels of different names');
    expect(problemOf(() => readOptions(given({ ...webhook, name: 'log' })))).toContain(
      'only one of kind log is named log',
    );
  });

  it.each(['http://hooks.example.com/c4n4ry', 'https://192.168.1.1/c4n4ry', 'c4n4ry', 'https://0x7f.1/c4n4ry'])(
    'refuses %s in the environment at once, and does not show it',
    (url) => {
      process.env['OPS_WEBHOOK_URL'] = url;
      const message = problemOf(() => createMonitor(given(webhook)));
      expect(message).toMatch(/^alerts\.channels\.0\.urlFrom must be .*OPS_WEBHOOK_URL/);
      expect(message).not.toContain('c4n4ry');
    },
  );

  it('is answered by GET /config with references only', async () => {
    process.env['OPS_WEBHOOK_URL'] = canary;
    const slack = { name: 'chat', kind: 'slack', urlFrom: { secret: () => canary } };
    const monitor = createMonitor({ ...given(webhook, slack), access: { read: 'read-token-for-tests-1' } });
    const { body } = await monitor.routes.handle({
      method: 'GET',
      url: '/performance/config',
      headers: { host: 'localhost', authorization: 'Bearer read-token-for-tests-1' },
      remoteAddress: '127.0.0.1',
      native: null,
      body: () => Promise.resolve(null),
    });
    const { effective } = JSON.parse(body as string) as { effective: { alerts: { channels: object[] } } };
    expect(effective.alerts.channels).toMatchObject([
      { name: 'ops', url_from: { env: 'OPS_WEBHOOK_URL' } },
      { name: 'chat', url_from: { secret: 'function' } },
    ]);
    expect(body).not.toContain('c4n4ry');
  });
});

describe('a monitor that starts', () => {
  it('says once that alerts reach nobody but the log: as a warning in production, as a note where people develop', async () => {
    expect(await said({})).toEqual([expect.stringMatching(/^info .*Alerts are told to nobody but the log/)]);
    process.env['NODE_ENV'] = 'production';
    expect(await said({})).toEqual([expect.stringMatching(/^warn .*Alerts are told to nobody but the log/)]);
    expect(await said({ alerts: { enabled: false } })).toEqual([]);
    expect(await said(given({ name: 'own', kind: 'function', send: () => {} }))).toEqual([]);
  });

  it('says what is missing for a channel, and starts all the same', async () => {
    expect(await said({ alerts: { channels: [webhook] } })).toEqual([
      'warn [nestmeter] Channel ops needs the environment variable OPS_WEBHOOK_URL, which is not set.',
    ]);
  });

  it('has a channel of kind log unless that is turned off or there is one', async () => {
    const names = async (alerts: MonitorOptions['alerts']) => {
      const monitor = createMonitor({ logLevel: 'silent', alerts, access: { read: 'read-token-for-tests-1' } });
      const { body } = await monitor.routes.handle({
        method: 'GET',
        url: '/performance/health',
        headers: { host: 'localhost', authorization: 'Bearer read-token-for-tests-1' },
        remoteAddress: '127.0.0.1',
        native: null,
        body: () => Promise.resolve(null),
      });
      return (JSON.parse(body as string) as { channels: { name: string }[] }).channels.map(({ name }) => name);
    };
    expect(await names({})).toEqual(['log']);
    expect(await names({ log: false })).toEqual([]);
    expect(await names({ channels: [{ name: 'lines', kind: 'log', minSeverity: 'high' }] })).toEqual(['lines']);
  });
});
