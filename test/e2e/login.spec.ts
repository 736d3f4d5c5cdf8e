import 'reflect-metadata';
import { type CanActivate, type ExecutionContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PerformanceModule } from 'nestmeter';
import { ask, portOf } from '../fixtures/http-app.js';
import { RewritingProxy } from '../fixtures/rewriting-proxy.js';
import { frameworks, type ServedApp, type ServedOptions } from '../fixtures/served-app.js';

const readToken = 'a-token-to-read-with';
const otherReadToken = 'another-one-to-read';
const writeToken = 'a-token-to-write-with';
const access = { read: [readToken, otherReadToken], write: writeToken };
const json = { 'content-type': 'application/json' };

const running: { stop(): Promise<void> }[] = [];
beforeEach(() => {
  process.env['NODE_ENV'] = 'production';
});
afterEach(async () => {
  process.env['NODE_ENV'] = 'test';
  for (const one of running.splice(0).toReversed()) await one.stop();
});

/** Asks one service as a browser's page would, with what it knows of cookies. */
function pageOf({ port }: Pick<ServedApp, 'port'>, path = '/performance') {
  const get = (route: string, headers: Record<string, string> = {}) => ask(port, `${path}${route}`, { headers });
  const post = (route: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') =>
    ask(port, `${path}${route}`, {
      method,
      headers: { ...json, ...headers },
      ...(body !== null && { body: JSON.stringify(body) }),
    });
  const logIn = (token: string, headers: Record<string, string> = {}) => post('/login', { token }, headers);
  return { get, post, logIn };
}

const cookieIn = ({ headers }: { headers: { 'set-cookie'?: string[] | undefined } }): string =>
  headers['set-cookie']![0]!.split(';')[0]!;
const errorIn = ({ text }: { text: string }) =>
  (JSON.parse(text) as { error: { code: string; message: string; login?: string } }).error;
const ownPage = (port: number) => ({ host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` });

describe.each(frameworks)('a log-in on %s', (_name, start) => {
  const serve = async (options: ServedOptions) => {
    const app = await start({ app: 'login', ...options });
    running.push(app);
    return { app, ...pageOf(app) };
  };

  it('exchanges a token for a cookie that opens what the token opens', async () => {
    const { get, post, logIn, app } = await serve({ access });
    expect((await get('/real-time')).status).toBe(401);
    const answer = await logIn(readToken);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      { principal: expect.stringMatching(/^token:[\da-f]{8}$/), level: 'read', session_ends: expect.any(Number) },
    ]);
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
    // Without a path the browser takes that of the address, which a proxy may have changed.
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^nestmeter_session=[\w.-]+; Max-Age=43200; HttpOnly; SameSite=Strict$/),
    ]);
    expect(answer.headers['set-cookie']![0]).not.toContain(readToken);
    const cookie = cookieIn(answer);
    expect((await get('/real-time', { cookie })).status).toBe(200);
    const session = await get('/session', { cookie: `theme=dark; ${cookie}` });
    expect(JSON.parse(session.text)).toEqual({
      app: 'login',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      ...JSON.parse(answer.text),
    });
    const own = ownPage(app.port);
    const refused = await post('/alerts/x/acknowledge', {}, { ...own, cookie });
    expect([refused.status, errorIn(refused).code]).toEqual([403, 'NM_FORBIDDEN']);
    const writer = cookieIn(await logIn(writeToken));
    expect(JSON.parse((await get('/session', { cookie: writer })).text).level).toBe('write');
    expect((await post('/config', { daily_token_limit: 5 }, { ...own, cookie: writer })).status).toBe(200);
    const [change] = JSON.parse((await get('/config/history', { cookie: writer })).text).changes;
    expect(change.by).toBe(JSON.parse((await get('/session', { cookie: writer })).text).principal);
  });

  it('lets a cookie change something only from our own page', async () => {
    const { post, logIn, app } = await serve({ access });
    const { host, origin } = ownPage(app.port);
    const cookie = cookieIn(await logIn(writeToken));
    const change = (headers: Record<string, string>) =>
      post('/config', { daily_token_limit: 5 }, { host, cookie, ...headers });
    for (const fitting of [
      { origin },
      { 'sec-fetch-site': 'same-origin' },
      { origin, 'sec-fetch-site': 'same-origin' },
    ] as Record<string, string>[])
      expect([fitting, (await change(fitting)).status]).toEqual([fitting, 200]);
    for (const foreign of [
      {},
      { origin: 'null' },
      { origin: 'http://evil.example' },
      { origin: 'http://127.0.0.1:1' },
      { origin: `${origin}.evil.example` },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { origin, 'sec-fetch-site': 'cross-site' },
      { origin: 'http://evil.example', 'x-forwarded-host': 'evil.example' },
    ] as Record<string, string>[]) {
      const refused = await change(foreign);
      expect([foreign, refused.status, errorIn(refused).code]).toEqual([foreign, 403, 'NM_ORIGIN_REFUSED']);
    }
    const form = await change({ origin, 'content-type': 'text/plain' });
    expect([form.status, errorIn(form).code]).toEqual([400, 'NM_BODY_INVALID']);
    // A program that shows its token is no browser that is made to.
    expect((await change({ cookie: '', authorization: `Bearer ${writeToken}` })).status).toBe(200);
    const removed = await post('/config/daily_token_limit', null, { host, origin, cookie, ...json }, 'DELETE');
    expect(removed.status).toBe(200);
    expect((await post('/config/daily_token_limit', null, { host, cookie }, 'DELETE')).status).toBe(403);
  });

  it('is refused with a wrong token, ten times a minute and no more, even with the right one then', async () => {
    const { get, logIn } = await serve({ access: { ...access, trustedProxies: 1 } });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    for (let attempt = 0; attempt < 10; attempt++) {
      const wrong = await logIn(`wrong-token-number-${attempt}`, from('198.51.100.1'));
      expect([wrong.status, errorIn(wrong)]).toMatchObject([401, { code: 'NM_UNAUTHORIZED', login: 'token' }]);
      expect(wrong.headers).not.toHaveProperty('set-cookie');
    }
    for (const token of ['wrong-token-number-10', readToken]) {
      const { status, headers, text } = await logIn(token, from('198.51.100.1'));
      expect([status, errorIn({ text }).code]).toEqual([429, 'NM_RATE_LIMITED']);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(headers).not.toHaveProperty('set-cookie');
    }
    const bearer = { authorization: `Bearer ${readToken}`, ...from('198.51.100.1') };
    expect((await get('/real-time', bearer)).status).toBe(429);
    // The page can still be loaded and say so.
    expect((await get('/', from('198.51.100.1'))).status).toBe(200);
    expect((await logIn(readToken, from('198.51.100.2'))).status).toBe(200);
  });

  it('counts forged sessions as wrong tokens, and neither other cookies nor none at all', async () => {
    const { get, logIn } = await serve({ access });
    for (let request = 0; request < 12; request++) expect((await get('/session')).status).toBe(401);
    for (let request = 0; request < 12; request++)
      expect((await get('/session', { cookie: `theme=dark${request}` })).status).toBe(401);
    const [id, until] = cookieIn(await logIn(readToken))
      .split('=')[1]!
      .split('.') as [string, string];
    const forged = (attempt: number) => `nestmeter_session=${id}.${until}.${String(attempt).padStart(43, 'A')}`;
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++)
      statuses.push((await get('/session', { cookie: forged(attempt) })).status);
    expect(statuses).toEqual([...new Array<number>(10).fill(401), 429, 429]);
  });

  it('takes a body of exactly one token, from our own page', async () => {
    const { post, logIn, app } = await serve({ access });
    for (const body of [
      {},
      { token: '' },
      { token: 7 },
      { token: 'x'.repeat(513) },
      { token: readToken, more: 1 },
      [],
    ]) {
      const refused = await post('/login', body);
      expect([body, refused.status, errorIn(refused).code]).toEqual([body, 400, 'NM_BODY_INVALID']);
      expect(refused.text).not.toContain(readToken);
    }
    expect((await post('/login', { token: readToken }, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await logIn(readToken, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await logIn(readToken, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await logIn(readToken, { 'sec-fetch-site': 'same-origin', ...ownPage(app.port) })).status).toBe(200);
    expect((await post('/login?token=a-token-to-read-with', { token: readToken })).status).toBe(400);
  });

  it('is taken back by a log-out', async () => {
    const { post, logIn, app } = await serve({ access });
    const cookie = cookieIn(await logIn(readToken));
    const answer = await post('/logout', {}, { ...ownPage(app.port), cookie });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { logged_out: true }]);
    expect(answer.headers['set-cookie']).toEqual(['nestmeter_session=; Max-Age=0; HttpOnly; SameSite=Strict']);
    expect((await post('/logout', {}, { origin: 'http://evil.example', cookie })).status).toBe(403);
  });

  it('is marked as secure where the browser asks over HTTPS, as trusted proxies say', async () => {
    const setBy = async (options: ServedOptions['access'], headers: Record<string, string>) => {
      const { app, logIn } = await serve({ access: options });
      const [cookie] = (await logIn(readToken, headers)).headers['set-cookie']!;
      running.splice(running.indexOf(app), 1);
      await app.stop();
      return cookie!.endsWith('; Secure');
    };
    expect(await setBy(access, { 'x-forwarded-proto': 'https' })).toBe(false);
    expect(await setBy({ ...access, trustedProxies: 1 }, { 'x-forwarded-proto': 'https' })).toBe(true);
    expect(await setBy({ ...access, trustedProxies: 1 }, { 'x-forwarded-proto': 'https, http' })).toBe(false);
    expect(await setBy({ ...access, trustedProxies: 2 }, { 'x-forwarded-proto': 'https, http' })).toBe(true);
    expect(await setBy({ ...access, trustedProxies: 1 }, {})).toBe(false);
  });

  it('works through a proxy that changes path and host', async () => {
    const { app } = await serve({ access: { ...access, trustedProxies: 1 } });
    const proxy = await RewritingProxy.start(app.port, '/tools', '/performance');
    running.push(proxy);
    const { get, post, logIn } = pageOf(proxy, '/tools');
    const page = { origin: 'https://tools.example', 'sec-fetch-site': 'same-origin' };
    const answer = await logIn(writeToken, page);
    expect(answer.headers['set-cookie']![0]).toMatch(/; Secure$/);
    const cookie = cookieIn(answer);
    expect((await get('/real-time', { cookie })).status).toBe(200);
    expect((await post('/config', { daily_token_limit: 5 }, { ...page, cookie })).status).toBe(200);
    expect((await post('/config', { daily_token_limit: 5 }, { origin: page.origin, cookie })).status).toBe(403);
  });

  it('is of no use where a function decides, which is said', async () => {
    const { get, logIn } = await serve({ access: ({ headers }) => headers['cookie'] === 'user=ada' });
    const refused = await get('/session');
    expect([refused.status, errorIn(refused)]).toMatchObject([
      401,
      { code: 'NM_UNAUTHORIZED', login: 'application', message: expect.stringContaining('Log in to the application.') },
    ]);
    const elsewhere = await logIn(readToken);
    expect([elsewhere.status, errorIn(elsewhere).code]).toEqual([404, 'NM_LOGIN_ELSEWHERE']);
    expect(elsewhere.headers).not.toHaveProperty('set-cookie');
    expect(JSON.parse((await get('/session', { cookie: 'user=ada' })).text)).toMatchObject({ level: 'read' });
  });

  it('is not needed by a developer at this machine', async () => {
    process.env['NODE_ENV'] = 'development';
    const { get, post, app } = await serve({});
    const own = ownPage(app.port);
    expect(JSON.parse((await get('/session', own)).text)).toEqual({
      app: 'login',
      version: expect.any(String),
      principal: 'local',
      level: 'write',
      session_ends: null,
    });
    expect((await post('/config', { daily_token_limit: 5 }, own)).status).toBe(200);
    expect((await post('/config', { daily_token_limit: 5 }, { origin: 'http://localhost:1' })).status).toBe(403);
    const rebound = { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' };
    expect((await post('/config', { daily_token_limit: 5 }, rebound)).status).toBe(404);
    expect((await get('/session', rebound)).status).toBe(404);
  });
});

describe('sessions over several replicas', () => {
  const [, start] = frameworks[2]!;
  const serve = async (options: ServedOptions) => {
    const app = await start({ app: 'login', ...options });
    running.push(app);
    return pageOf(app);
  };

  it('are those of all, and end with the token that began them', async () => {
    const first = await serve({ access });
    const second = await serve({ access: { ...access } });
    const cookie = cookieIn(await first.logIn(readToken));
    const other = cookieIn(await first.logIn(otherReadToken));
    expect((await second.get('/real-time', { cookie })).status).toBe(200);
    const changed = await serve({ access: { read: ['a-token-in-its-place', otherReadToken] } });
    expect((await changed.get('/real-time', { cookie })).status).toBe(401);
    expect((await changed.get('/real-time', { cookie: other })).status).toBe(200);
  });

  it('have the level that their token has now', async () => {
    const first = await serve({ access });
    const cookie = cookieIn(await first.logIn(writeToken));
    const lowered = await serve({ access: { read: writeToken } });
    expect(JSON.parse((await lowered.get('/session', { cookie })).text).level).toBe('read');
  });

  it('are no tokens', async () => {
    const { get, logIn } = await serve({ access });
    const [, value] = cookieIn(await logIn(readToken)).split('=');
    expect((await get('/real-time', { authorization: `Bearer ${value}` })).status).toBe(401);
    expect((await get('/real-time', { cookie: `nestmeter_session=${readToken}` })).status).toBe(401);
  });
});

describe('a guard of a Nest application', () => {
  @Injectable()
  class CookieGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
      return headers['cookie'] === 'user=ada';
    }
  }

  @Module({ imports: [PerformanceModule.forRoot({ app: 'guarded', access: { write: CookieGuard } })] })
  class AppModule {}

  it('sees cookies itself, and they change something only from our own page', async () => {
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    running.push({ stop: () => app.close() });
    const port = portOf(app.getHttpServer());
    const { get, post, logIn } = pageOf({ port });
    const cookie = 'user=ada';
    expect(JSON.parse((await get('/session', { cookie })).text)).toMatchObject({ principal: 'write', level: 'write' });
    expect(errorIn(await logIn(readToken)).code).toBe('NM_LOGIN_ELSEWHERE');
    const change = (headers: Record<string, string>) => post('/config', { daily_token_limit: 5 }, headers);
    expect((await change({ cookie, ...ownPage(port) })).status).toBe(200);
    expect((await change({ cookie })).status).toBe(403);
    expect((await change({ cookie, origin: 'http://evil.example' })).status).toBe(403);
  });
});
