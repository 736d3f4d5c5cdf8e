import { z } from 'zod';
import { systemClock } from '../clock.js';
import { createMonitor, type PerformanceMonitor } from '../monitor.js';
import { RouteServer } from './handle.js';
import type { MonitorView } from './monitor-view.js';
import { defineRoute, noQuery, type Route, type RouteRequest } from './route.js';
import { routeTable } from './routes.js';

const servedLimits = { readsPerMinute: 600, failedLoginsPerMinute: 10, liveClients: 50, bodyBytes: 65_536 };

const failures: unknown[] = [];

/** A view for tests of handling; what it does not have is not asked for. */
function viewWith(more: Partial<MonitorView> = {}): MonitorView {
  const view: Partial<MonitorView> = {
    version: '0.0.0',
    prefix: '/performance',
    aliases: {},
    access: undefined,
    corsOrigins: [],
    limits: servedLimits,
    prometheus: { registry: null, semconv: 'released', le: {} },
    clock: systemClock,
    failed: (_where, error) => void failures.push(error),
    ...more,
  };
  return view as MonitorView;
}

const request = (url: string, more: Partial<RouteRequest> = {}): RouteRequest => ({
  method: 'GET',
  url: `/performance${url}`,
  headers: { host: 'localhost' },
  remoteAddress: '127.0.0.1',
  native: null,
  body: async () => '',
  ...more,
});

const change = defineRoute({
  method: 'POST',
  path: '/things/:id',
  summary: 'Changes something.',
  query: noQuery,
  body: z.strictObject({ size: z.int() }),
  access: 'write',
  handle: async (_context, { path, body, principal }) => ({ kind: 'json', value: { ...path, body, principal } }),
});
const broken = defineRoute({
  path: '/broken',
  summary: 'Fails.',
  query: noQuery,
  handle: () => Promise.reject(new Error('password hunter2')),
});
const login = defineRoute({
  path: '/login',
  summary: 'Open.',
  query: noQuery,
  access: 'open',
  handle: async () => ({ kind: 'json', value: 'open' }),
});

const serverOf = (routes: readonly Route[], more?: Partial<MonitorView>) => new RouteServer(viewWith(more), routes);
const errorOf = (body: unknown) => (JSON.parse(body as string) as { error: { code: string; message: string } }).error;

describe('RouteServer', () => {
  let monitor: PerformanceMonitor;
  beforeAll(() => {
    monitor = createMonitor({ app: 'handle' });
    monitor.start();
  });
  afterAll(() => monitor.stop());

  it.each([
    ['/providers?window=abc', 'window must be a duration'],
    ['/providers?window=1s', 'window must be a duration'],
    ['/providers?window=5m&hours=2', 'hours must be left out when window is given'],
    ['/providers?window=1h&window=2h', 'window must be a duration such as 15m or 24h, or whole minutes, given once'],
    ['/providers?points=1', 'points must be a whole number from 2 to 200, got "1"'],
    ['/providers?windw=1h', 'windw'],
    ['/providers?__proto__=1', '__proto__'],
    ['/providers?window=%', 'window must be percent-encoded UTF-8'],
    ['/usage?group=year', 'group must be'],
    ['/metrics?scope=all', 'scope must be replica or fleet, got "all"'],
    ['/metrics?window=5m', 'window must be left out unless scope is fleet'],
    ['/live?interval=0', 'interval must be a whole number of seconds from 1 to 60'],
    ['/live?interval=1e1', 'interval must be'],
    ['/health?window=5m', 'window'],
  ])('answers %s with 400 that says what is allowed', async (url, message) => {
    const { status, body } = await monitor.routes.handle(request(url));
    expect([status, errorOf(body).code]).toEqual([400, 'NM_QUERY_INVALID']);
    expect(errorOf(body).message).toContain(message);
  });

  it('answers every row of the table with what its schema says', async () => {
    // Streams go on, and the page is there only once it is built: test/e2e asks for them.
    const elsewhere = new Set(['/live', '/ws', '/', '/assets/:name']);
    for (const { path, answer, method } of routeTable) {
      if (elsewhere.has(path) || method !== 'GET') continue;
      const { status, body, headers } = await monitor.routes.handle(request(path));
      expect([path, status]).toEqual([path, 200]);
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body as string));
      if (answer === null) continue;
      const value: unknown = JSON.parse(body as string);
      expect([path, answer.safeParse(value).error?.message ?? '']).toEqual([path, '']);
    }
  });

  it('answers metrics as JSON too', async () => {
    monitor.recordLLMCall({
      provider: '__proto__',
      model: 'constructor',
      durationMs: 5,
      inputTokens: 7,
      outputTokens: 1,
    });
    for (const scope of ['replica', 'fleet']) {
      const { body } = await monitor.routes.handle(request(`/metrics?format=json&scope=${scope}`));
      const { families } = JSON.parse(body as string) as { families: { name: string; series: unknown[] }[] };
      expect(families.find(({ name }) => name === 'llm')!.series).toMatchObject([
        { labels: { provider: '__proto__', model: 'constructor' }, counters: { calls: 1, input_tokens: 7 } },
      ]);
    }
  });

  it('hides what went wrong inside, and reports it', async () => {
    failures.length = 0;
    const { status, body } = await serverOf([broken]).handle(request('/broken'));
    expect([status, errorOf(body).code]).toEqual([500, 'NM_INTERNAL']);
    expect(body).not.toContain('hunter2');
    expect(failures).toMatchObject([{ message: 'password hunter2' }]);
  });

  it('answers methods that a route does not take with those that it does', async () => {
    const server = serverOf([broken, login]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'get']) {
      const { status, headers } = await server.handle(request('/login', { method }));
      expect([method, status, headers['allow']]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect((await server.handle(request('/login', { method: 'HEAD' }))).status).toBe(200);
  });

  it('takes a change as JSON of the right shape, from our own origin, by one who may', async () => {
    const token = 'a-token-to-write-with';
    const server = serverOf([change], { access: { read: 'a-token-to-read-with', write: token } });
    const post = (more: object, text = '{"size":3}') =>
      server.handle(
        request('/things/a%20b', {
          method: 'POST',
          headers: {
            host: 'ops.example',
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            ...more,
          },
          body: async (most) => (text.length > most ? null : text),
        }),
      );
    const { status, body } = await post({});
    expect([status, JSON.parse(body as string)]).toMatchObject([200, { id: 'a b', body: { size: 3 } }]);
    expect((await post({ origin: 'https://ops.example', 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post({ authorization: 'Bearer a-token-to-read-with' })).status).toBe(403);
    expect((await post({ authorization: '' })).status).toBe(401);
    for (const [more, text, rule] of [
      [{ 'content-type': 'text/plain' }, '{"size":3}', 'type application/json'],
      [{}, '{', 'JSON'],
      [{}, '{"size":"3"}', 'size'],
      [{}, '{"size":3,"more":1}', 'more'],
      [{}, ' '.repeat(70_000), 'at most 65536 bytes'],
    ] as const) {
      const refused = await post(more, text);
      expect([refused.status, errorOf(refused.body).code]).toEqual([400, 'NM_BODY_INVALID']);
      expect(errorOf(refused.body).message).toContain(rule);
    }
  });

  it('limits reads by caller, and says when to come back', async () => {
    const limits = { ...servedLimits, readsPerMinute: 3 };
    const server = serverOf([login], { limits, access: { read: 'a-token-to-read-with', trustedProxies: 1 } });
    const from = (address: string) => server.handle(request('/login', { headers: { 'x-forwarded-for': address } }));
    for (let read = 0; read < 3; read++) expect((await from('10.0.0.1')).status).toBe(200);
    const { status, headers, body } = await from('10.0.0.1');
    expect([status, headers['retry-after'], errorOf(body).code]).toEqual([429, '20', 'NM_RATE_LIMITED']);
    expect((await from('10.0.0.2')).status).toBe(200);
  });

  it.each(['authorization', 'cookie'])(
    'refuses even the right %s for a while after too many wrong ones',
    async (name) => {
      const check = ({ headers }: { headers: RouteRequest['headers'] }) => headers[name] === 'right';
      const limits = { ...servedLimits, failedLoginsPerMinute: 2 };
      const read = defineRoute({
        path: '/read',
        summary: 'Reads.',
        query: noQuery,
        handle: async () => ({ kind: 'json', value: 1 }),
      });
      const server = serverOf([read], { limits, access: { read: check } });
      const status = async (text: string) =>
        (await server.handle(request('/read', { headers: { [name]: text } }))).status;
      expect([await status('right'), await status('wrong'), await status('guess')]).toEqual([200, 401, 401]);
      expect([await status('other'), await status('right')]).toEqual([429, 429]);
    },
  );
});
