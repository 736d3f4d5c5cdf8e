import type { ChannelOptionsInput } from '../alert/channel/channel-kinds.js';
import { ManualClock } from '../clock.js';
import { createMonitor, PerformanceMonitor } from '../monitor.js';

const writer = { authorization: 'Bearer write-token-for-tests' };

/** A monitor that was never started: nothing is evaluated. */
function quiet(): PerformanceMonitor {
  const access = { write: 'write-token-for-tests', read: 'read-token-for-tests-1' };
  return new PerformanceMonitor({ logLevel: 'silent', access }, new ManualClock(Date.UTC(2026, 10, 22, 12)));
}

async function call(
  monitor: PerformanceMonitor,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = writer,
) {
  // prettier-ignore
  const { status, body: text } = await monitor.routes.handle({
    method,
    url: `/performance${path}`,
    headers: { host: 'localhost', 'content-type': 'application/json', ...headers },
    remoteAddress: '127.0.0.1',
    native: null,
    body: () => Promise.resolve(body === undefined ? '' : JSON.stringify(body)),
  });
  return { status, answer: JSON.parse(text as string) as Record<string, unknown> };
}

describe('the routes of alerts', () => {
  it('say that nothing is known before rules were evaluated', async () => {
    const { status, answer } = await call(quiet(), 'GET', '/alerts');
    expect({ status, ...answer }).toMatchObject({
      status: 200,
      active_alerts_count: 0,
      system_health: 'unknown',
      active: [],
    });
  });

  it('silence, list and end silences', async () => {
    const monitor = quiet();
    const made = await call(monitor, 'POST', '/alerts/silences', { matchers: { rule: 'x*' }, minutes: 5, why: 'test' });
    expect(made).toMatchObject({ status: 200, answer: { by: expect.any(String) as string, why: 'test' } });
    const id = made.answer['id'] as string;
    expect((await call(monitor, 'GET', '/alerts/silences')).answer['silences']).toEqual([made.answer]);
    expect((await call(monitor, 'DELETE', `/alerts/silences?id=${id}`)).status).toBe(200);
    expect((await call(monitor, 'GET', '/alerts/silences')).answer['silences']).toEqual([]);
    expect((await call(monitor, 'DELETE', `/alerts/silences?id=${id}`)).status).toBe(404);
  });

  it('refuse what cannot be understood, and say what is wrong', async () => {
    const monitor = quiet();
    expect((await call(monitor, 'POST', '/alerts/silences', { matchers: {} })).status).toBe(400);
    expect((await call(monitor, 'GET', '/alerts/summary?hours=721')).answer).toMatchObject({
      error: { code: 'NM_QUERY_INVALID', message: expect.stringContaining('hours must be a whole number') as string },
    });
    expect((await call(monitor, 'POST', '/alerts/nothing/acknowledge', {})).status).toBe(404);
  });

  it('refuse a threshold on what nothing measures, name it, and change nothing', async () => {
    const monitor = quiet();
    const post = (metric: string) => call(monitor, 'POST', '/config', { alert_thresholds: [{ metric, threshold: 1 }] });
    for (const metric of ['nonsense', 'endpoint.reqests', 'endpont.requests'])
      expect(await post(metric)).toMatchObject({
        status: 400,
        answer: { error: { code: 'NM_CONFIG_INVALID', message: expect.stringMatching(/^alert_thresholds\.0 must be/) as string } }, // prettier-ignore
      });
    expect((await call(monitor, 'GET', '/config')).answer).toMatchObject({ version: 0, posted: {} });
    expect((await post('endpoint.requests')).status).toBe(200);
  });

  it('send a test message, and say what came of it', async () => {
    const told: string[] = [];
    const channels: ChannelOptionsInput[] = [
      { name: 'own', kind: 'function', send: ({ kind }) => told.push(kind) },
      { name: 'slack', kind: 'slack', urlFrom: { secret: () => 'https://10.0.0.1/a' } },
    ];
    const access = { write: 'write-token-for-tests', read: 'read-token-for-tests-1' };
    const monitor = createMonitor({ logLevel: 'silent', access, alerts: { channels } });
    const test = (name: string, headers = writer) =>
      call(monitor, 'POST', `/alerts/channels/${name}/test`, {}, headers);
    expect(await test('own')).toEqual({ status: 200, answer: { channel: 'own', delivered: true, error: null } });
    expect(told).toEqual(['test']);
    expect((await test('slack')).answer).toMatchObject({
      delivered: false,
      error: { code: 'NM_CHANNEL_ADDRESS_REFUSED' },
    });
    expect((await test('none')).status).toBe(404);
    expect((await test('own', { authorization: 'Bearer read-token-for-tests-1' })).status).toBe(403);
    expect(told).toEqual(['test']);
  });

  it('take changes from writers only', async () => {
    const monitor = quiet();
    const reader = { authorization: 'Bearer read-token-for-tests-1' };
    expect((await call(monitor, 'GET', '/alerts', undefined, reader)).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/alerts/a/acknowledge'],
      ['POST', '/alerts/silences'],
      ['DELETE', '/alerts/silences?id=a'],
    ] as const)
      expect((await call(monitor, method, path, {}, reader)).status).toBe(403);
  });

  it('count what happened', async () => {
    const { answer } = await call(quiet(), 'GET', '/alerts/summary?hours=1');
    expect(answer).toEqual({
      hours: 1,
      fired: 0,
      resolved: 0,
      by_severity: {},
      by_rule: {},
      average_duration_seconds: null,
    });
    expect((await call(quiet(), 'GET', '/alerts/history')).answer).toEqual({ hours: 24, changes: [] });
  });

  it('are what reports answer in process', async () => {
    const monitor = createMonitor({ logLevel: 'silent' });
    expect(await monitor.reports.alerts()).toMatchObject({ active_alerts_count: 0, system_health: 'unknown' });
    expect(await monitor.reports.realTime()).toMatchObject({ active_alerts: 0, alerts: [], system_health: 'unknown' });
  });
});
