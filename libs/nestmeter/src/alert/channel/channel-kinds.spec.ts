import { createHmac } from 'node:crypto';
import { AlertFleet } from '../../../../../test/fixtures/alert-fleet.js';
import { Receiver } from '../../../../../test/fixtures/receiver.js';
import type { FindingInput } from '../check.js';
import { type AlertMessage, alertMessage } from '../notify/message.js';
import { type ChannelOptionsInput, channelOptions } from './channel-kinds.js';

let receiver: Receiver;

beforeEach(async () => {
  receiver = await Receiver.start();
  process.env['OPS_WEBHOOK_URL'] = `${receiver.url}/hook/secret`;
  process.env['OPS_WEBHOOK_SECRET'] = 'whsec_0123456789';
  process.env['PAGERDUTY_KEY'] = 'R0UTINGKEY';
});
afterEach(() => receiver.stop());

const own = { name: 'ops', allowPrivate: true } as const;
const webhook: ChannelOptionsInput = { ...own, kind: 'webhook', urlFrom: { env: 'OPS_WEBHOOK_URL' } };
const hostile = '<!channel> & <b>"x"</b> | *bold*\n`code`';

/** A fleet whose rule finds what it is told to, with one channel. */
function fleetWith(channel: ChannelOptionsInput) {
  const found: { now: FindingInput[] } = { now: [] };
  const rule = {
    name: 'errors',
    title: 'Errors',
    category: 'errors',
    keepFiringSeconds: 0,
    recommendation: { immediate: 'Look & see' },
    runbookUrl: 'https://example.com/runbook?a=1&b=|',
    check: () => found.now,
  };
  return { found, fleet: new AlertFleet({}, [rule], [channel]) };
}

/** Lets an alert fire, escalate and end; answers the bodies that came. */
async function life(channel: ChannelOptionsInput): Promise<unknown[]> {
  const { found, fleet } = fleetWith(channel);
  const labels = { of: hostile };
  for (const severity of ['warning', 'critical', null] as const) {
    found.now = severity === null ? [] : [{ severity, value: 12.5, threshold: 10, labels }];
    await fleet.pass(10);
  }
  return receiver.received.map(({ body }) => body);
}

describe('a webhook', () => {
  it('gets a body that its schema describes, under an id that is the same for each attempt', async () => {
    receiver.answers = [500, 200];
    const { found, fleet } = fleetWith(webhook);
    found.now = [{ severity: 'warning', value: 12.5, threshold: 10, labels: { of: hostile } }];
    await fleet.pass(20);
    const [first, second] = receiver.received;
    const message = alertMessage.strict().parse(first!.body);
    expect(message).toMatchObject({
      kind: 'alerts',
      app: 'shop',
      channel: 'ops',
      counts: { fired: 1 },
      alerts: [
        {
          change: 'fired',
          severity: 'warning',
          category: 'errors',
          value: 12.5,
          threshold: 10,
          labels: { of: hostile },
          recommendation: { immediate: 'Look & see' },
          runbook_url: 'https://example.com/runbook?a=1&b=|',
        },
      ],
    });
    expect(second!.text).toBe(first!.text);
    for (const { headers, path } of [first!, second!])
      expect([path, headers['x-nestmeter-delivery'], headers['idempotency-key']]).toEqual(['/hook/secret', message.id, message.id]); // prettier-ignore
    expect(first!.headers['x-nestmeter-signature']).toBeUndefined();
  });

  it('can verify the signature, which covers the time and the body', async () => {
    await life({ ...webhook, secretFrom: { secret: async () => 'whsec_0123456789' } });
    expect(receiver.received).toHaveLength(3);
    for (const { headers, text } of receiver.received) {
      const [, seconds, given] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-nestmeter-signature']))!;
      expect(createHmac('sha256', 'whsec_0123456789').update(`${seconds}.${text}`).digest('hex')).toBe(given);
      expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(600);
    }
  });

  it('waits for a secret that is missing, and gets the message when there is one', async () => {
    delete process.env['OPS_WEBHOOK_URL'];
    const { found, fleet } = fleetWith(webhook);
    found.now = [{ severity: 'warning' }];
    await fleet.pass(10);
    expect((await fleet.one.alerts.channels())[0]).toMatchObject({
      pending: 1,
      last_error: 'the environment variable OPS_WEBHOOK_URL has no secret for it',
    });
    process.env['OPS_WEBHOOK_URL'] = `${receiver.url}/hook`;
    await fleet.pass(20);
    expect(receiver.received).toHaveLength(1);
  });

  it('waits as long as it asks for', async () => {
    receiver.answers = [{ status: 429, retryAfter: '60' }, 200];
    const { found, fleet } = fleetWith(webhook);
    found.now = [{ severity: 'warning' }];
    await fleet.pass(60);
    expect(receiver.received).toHaveLength(1);
    await fleet.pass(20);
    expect(receiver.received).toHaveLength(2);
  });

  it.each([['hang'], ['close'], ['reset'], [503]] as const)(
    'that answers with %s gets it again',
    async (answer) => {
      receiver.answers = [answer, 200];
      const { found, fleet } = fleetWith(webhook);
      found.now = [{ severity: 'warning' }];
      await fleet.pass(20);
      expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1);
      expect((await fleet.one.alerts.channels())[0]).toMatchObject({ sent: 1, pending: 0, failed: 0 });
    },
    20_000,
  );

  it('that refuses for good is failed at once, and hears of what comes later', async () => {
    receiver.answers = [404, 200];
    await life(webhook);
    expect(receiver.received.map(({ body }) => (body as AlertMessage).alerts[0]!.change)).toEqual([
      'fired',
      'resolved',
    ]);
  });
});

describe('Slack', () => {
  it('gets text in which nothing from outside is markup', async () => {
    const [fired, , resolved] = (await life({ ...own, kind: 'slack', urlFrom: { env: 'OPS_WEBHOOK_URL' } })) as { text: string }[]; // prettier-ignore
    expect(fired!.text).toContain('*fired* [warning] Errors detected (12.5) for &lt;!channel&gt; &amp; &lt;b&gt;');
    expect(fired!.text).toContain(' · threshold 10 · ');
    expect(fired!.text).toContain('> Look &amp; see');
    expect(fired!.text).toContain('<https://example.com/runbook?a=1&amp;b=%7C|Runbook>');
    expect(fired!.text.replaceAll(/<https:[^<>|]*\|Runbook>|\n> /g, '')).not.toMatch(/[<>]/);
    expect(resolved!.text).toContain('*resolved*');
  });
});

describe('PagerDuty', () => {
  const channel: ChannelOptionsInput = { ...own, kind: 'pagerduty', keyFrom: { env: 'PAGERDUTY_KEY' } };

  it('gets an event for each change, tied together by the id of the alert', async () => {
    const events = (await life({ ...channel, url: `${receiver.url}/v2/enqueue` })) as Record<string, unknown>[];
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'trigger', 'resolve']);
    expect(new Set(events.map(({ dedup_key }) => dedup_key)).size).toBe(1);
    expect(events[1]).toMatchObject({
      routing_key: 'R0UTINGKEY',
      payload: {
        summary: expect.stringContaining('[critical] Errors detected (12.5)') as string,
        severity: 'critical',
        source: 'shop',
        timestamp: expect.stringMatching(/^2026-.*Z$/) as string,
        custom_details: { value: 12.5, threshold: 10, labels: { of: hostile } },
      },
    });
  });

  it('gets an event of its own for each alert', async () => {
    const { found, fleet } = fleetWith({ ...channel, url: receiver.url });
    found.now = Array.from({ length: 12 }, (_, index) => ({ severity: 'high', labels: { of: `${index}` } }));
    await fleet.pass(40);
    const keys = receiver.received.map(({ body }) => (body as { dedup_key: string }).dedup_key);
    expect([keys.length, new Set(keys).size]).toEqual([12, 12]);
  });

  it('is that of the EU where that is set, and none on an address that is not public', () => {
    const urlOf = (options: object) => channelOptions.safeParse({ name: 'pd', kind: 'pagerduty', keyFrom: { env: 'A' }, ...options }); // prettier-ignore
    expect(urlOf({}).data).toMatchObject({ url: 'https://events.pagerduty.com/v2/enqueue' });
    expect(urlOf({ url: 'https://events.eu.pagerduty.com/v2/enqueue' }).success).toBe(true);
    expect(urlOf({ url: receiver.url }).error!.issues[0]).toMatchObject({ path: ['url'] });
  });
});

describe('Alertmanager', () => {
  const channel: ChannelOptionsInput = { ...own, kind: 'alertmanager' };
  type Posted = { labels: Record<string, string>; startsAt: string; endsAt: string }[];

  it('is told of an alert until it ends, with labels that stay the same', async () => {
    const bodies = (await life({ ...channel, url: `${receiver.url}/` })) as Posted[];
    expect(receiver.received[0]!.path).toBe('/api/v2/alerts');
    const grades = bodies.map((body) => body.map(({ labels }) => labels['severity']));
    // Another severity is another alert there: the one before ends.
    expect(grades).toEqual([['warning'], ['warning', 'critical'], ['critical']]);
    expect(bodies[0]![0]!.labels).toEqual({ alertname: 'errors', severity: 'warning', category: 'errors', app: 'shop', of: hostile }); // prettier-ignore
    expect(bodies[2]![0]!.labels).toEqual(bodies[1]![1]!.labels);
    const end = Date.parse(bodies[2]![0]!.endsAt);
    expect(end).toBe(Date.parse(bodies[1]![0]!.endsAt) + 10_000);
  });

  it('is told again every minute while an alert goes on', async () => {
    const { found, fleet } = fleetWith({ ...channel, url: receiver.url, tokenFrom: { env: 'PAGERDUTY_KEY' } });
    found.now = [{ severity: 'high' }];
    await fleet.pass(250);
    expect(receiver.received.length).toBe(5);
    expect(new Set(receiver.received.map(({ headers }) => headers['authorization']))).toEqual(new Set(['Bearer R0UTINGKEY'])); // prettier-ignore
    expect((await fleet.now()).active[0]).toMatchObject({ notified: { kind: 'firing' } });
  });

  it('must be given one address', () => {
    const problems = (options: object) => channelOptions.safeParse({ ...channel, ...options }).success;
    expect([problems({}), problems({ url: 'http://a', urlFrom: { env: 'A' } }), problems({ url: 'http://a' })]).toEqual([false, false, true]); // prettier-ignore
  });
});

describe('a test message', () => {
  const channels: readonly [string, ChannelOptionsInput, number][] = [
    ['a webhook', webhook, 1],
    ['Slack', { ...own, kind: 'slack', urlFrom: { env: 'OPS_WEBHOOK_URL' } }, 1],
    // What it opens it ends.
    ['PagerDuty', { ...own, kind: 'pagerduty', keyFrom: { env: 'PAGERDUTY_KEY' } }, 2],
    ['Alertmanager', { ...own, kind: 'alertmanager' }, 1],
  ];

  it.each(channels)('arrives over %s, and leaves nothing open', async (_name, channel, requests) => {
    const hasUrl = channel.kind === 'pagerduty' || channel.kind === 'alertmanager';
    const { fleet } = fleetWith(hasUrl ? { ...channel, url: receiver.url } : channel);
    expect(await fleet.one.alerts.testChannel('ops')).toEqual({ channel: 'ops', delivered: true, error: null });
    expect(receiver.received).toHaveLength(requests);
    expect(receiver.received[0]!.text).toMatch(/test/i);
    expect((await fleet.one.alerts.channels())[0]).toMatchObject({ sent: 0, pending: 0 });
  });

  it('says what went wrong, and of an unknown channel that there is none', async () => {
    receiver.answers = [403];
    const { fleet } = fleetWith(webhook);
    expect(await fleet.one.alerts.testChannel('ops')).toMatchObject({
      delivered: false,
      error: { code: 'NM_CHANNEL_FAILED', message: expect.stringContaining('HTTP 403') as string },
    });
    await expect(fleet.one.alerts.testChannel('nope')).rejects.toMatchObject({ code: 'NM_NOT_FOUND' });
  });
});
