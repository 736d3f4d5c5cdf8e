import 'reflect-metadata';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { jest } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { ask } from '../fixtures/http-app.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { frameworks } from '../fixtures/served-app.js';
import {
  bearer,
  cleanUpAll,
  cleanUps,
  follow,
  open,
  plainExpress,
  readToken,
  serving,
  statusOf,
  until,
} from '../fixtures/websocket-app.js';

afterEach(cleanUpAll);

describe.each(frameworks)('the WebSocket on %s', (name, start) => {
  const serve = serving(start);

  it('sends the snapshots of /live', async () => {
    const { port } = await serve({});
    const host = { host: 'localhost' };
    const socket = await open(port, '/performance/ws?interval=1', host);
    const events = follow(port, '/performance/live?interval=1', host);
    await until(() => socket.snapshots.length > 2 && events.snapshots.length > 2);
    expect(JSON.parse(socket.snapshots[0]!)).toMatchObject({ monitoring_active: expect.any(Boolean) });
    // One may have come a little later than the other; all that both got is the same.
    const shared = events.snapshots.slice(0, 2).map((snapshot) => socket.snapshots.indexOf(snapshot));
    expect(shared).toEqual([expect.any(Number), shared[0]! + 1]);
    expect(shared[0]).toBeGreaterThanOrEqual(0);
  });

  it('is opened by a token, or by the cookie of our own page', async () => {
    process.env['NODE_ENV'] = 'production';
    const { port } = await serve({ access: { read: readToken } });
    const path = '/performance/ws';
    const body = JSON.stringify({ token: readToken });
    const login = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    const cookie = (await ask(port, '/performance/login', login)).headers['set-cookie']![0]!.split(';')[0]!;
    const origin = `http://127.0.0.1:${port}`;
    for (const fitting of [
      bearer,
      { cookie, origin },
      { cookie, 'sec-fetch-site': 'same-origin' },
      { ...bearer, origin },
    ] as Record<string, string>[])
      expect([fitting, await statusOf(open(port, path, fitting))]).toEqual([fitting, 101]);
    for (const [status, headers] of [
      [401, {}],
      [401, { authorization: 'Bearer a-token-that-is-wrong' }],
      [401, { cookie: 'nestmeter_session=x' }],
      [403, { cookie }],
      [403, { cookie, origin: 'http://evil.example' }],
      [403, { cookie, origin: 'null' }],
      [403, { cookie, origin, 'sec-fetch-site': 'cross-site' }],
      [403, { ...bearer, origin: 'http://evil.example' }],
    ] as [number, Record<string, string>][])
      expect([headers, await statusOf(open(port, path, headers))]).toEqual([headers, status]);
    expect(await statusOf(open(port, `${path}?token=${readToken}`))).toBe(401);
    const refused = await open(port, path).catch((error: object) => error);
    expect(refused).toMatchObject({
      status: 401,
      headers: {
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'content-type': 'application/json; charset=utf-8',
        'www-authenticate': 'Bearer realm="nestmeter"',
        connection: 'close',
      },
      text: expect.stringContaining('NM_UNAUTHORIZED'),
    });
  });

  it('does not show in production without access, nor to a page that made DNS point here', async () => {
    process.env['NODE_ENV'] = 'production';
    const hidden = await serve({});
    expect(await statusOf(open(hidden.port, '/performance/ws', { host: 'localhost' }))).toBe(404);
    process.env['NODE_ENV'] = 'development';
    const { port } = await serve({});
    const status = (headers: Record<string, string>) => statusOf(open(port, '/performance/ws', headers));
    expect(await status({ host: 'localhost', origin: 'http://localhost' })).toBe(101);
    expect(await status({ host: 'evil.example', origin: 'http://evil.example' })).toBe(404);
    expect(await status({ host: 'localhost', origin: 'http://evil.example' })).toBe(404);
    expect(await status({ host: 'localhost', origin: 'http://localhost:1' })).toBe(403);
  });

  it('has its place among the clients of /live', async () => {
    const { port } = await serve({ liveClients: 2, access: { read: readToken } });
    const first = await open(port, '/performance/ws', bearer);
    const events = follow(port, '/performance/live', bearer);
    await until(() => events.snapshots.length > 0);
    expect(await statusOf(open(port, '/performance/ws', bearer))).toBe(503);
    first.socket.close();
    await once(first.socket, 'close');
    let status = 503;
    while (status === 503) status = await statusOf(open(port, '/performance/ws', bearer));
    expect(status).toBe(101);
  });

  it('counts against no limit of reads', async () => {
    const { port } = await serve({
      access: { read: readToken },
      rateLimits: { readsPerMinute: 1, failedLoginsPerMinute: 10 },
    });
    for (let time = 0; time < 5; time++) expect(await statusOf(open(port, '/performance/ws', bearer))).toBe(101);
  });

  it('ends with the service, which does not wait for it', async () => {
    const { port, stop } = await serve({ access: { read: readToken } });
    const { socket } = await open(port, '/performance/ws', bearer);
    const closed = once(socket, 'close');
    await stop();
    expect((await closed)[0]).toBe(1001);
  });

  it('asks a plain request to become one, and says what is wrong with others', async () => {
    const { port } = await serve({ access: { read: readToken } });
    const plain = await ask(port, '/performance/ws', { headers: bearer });
    expect([plain.status, plain.headers['upgrade'], JSON.parse(plain.text).error.code]).toEqual([
      426,
      'websocket',
      'NM_UPGRADE_REQUIRED',
    ]);
    expect(await statusOf(open(port, '/performance/ws?interval=0', bearer))).toBe(400);
    expect(await statusOf(open(port, '/performance/ws?interval=61', bearer))).toBe(400);
  });

  it('leaves every other upgrade to the application', async () => {
    const { server, port } = await serve({ access: { read: readToken } });
    const chat = new WebSocketServer({ noServer: true });
    // As @nestjs/platform-ws does: what it does not know, it ends.
    server.on('upgrade', (request: IncomingMessage, socket, head) => {
      if (request.url !== '/chat') return void socket.destroy();
      chat.handleUpgrade(request, socket, head, (accepted) => accepted.send('welcome'));
    });
    const chatting = await open(port, '/chat');
    await until(() => chatting.snapshots.length === 1);
    expect(chatting.snapshots).toEqual(['welcome']);
    const ours = await open(port, '/performance/ws', bearer);
    await until(() => ours.snapshots.length === 1);
    expect(await statusOf(open(port, '/performance/ws'))).toBe(401);
    await expect(once(new WebSocket(`ws://127.0.0.1:${port}/other`), 'open')).rejects.toThrow(/hang up|ECONNRESET/);
  });

  it('leaves requests for other protocols as plain as they are without it', async () => {
    const { port } = await serve({});
    const path = name.startsWith('Nest') ? '/api/hello' : '/hello';
    const upgrade = { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings', 'http2-settings': 'AAMAAABkAAQAAP__' };
    expect(await ask(port, path, { headers: upgrade })).toMatchObject({ status: 200, text: 'hello' });
  });
});

describe('fifty viewers', () => {
  it('cost the replica what one of them does: one snapshot per interval, whatever they speak', async () => {
    const redis = await RedisServer.start();
    cleanUps.push(() => redis.remove());
    const { port } = await serving(plainExpress)({ redis: redis.url, alerts: { enabled: false } });
    const reads = jest.spyOn(RedisStore.prototype, 'read');
    cleanUps.push(() => reads.mockRestore());
    const host = { host: 'localhost' };

    /** Lets viewers get a few snapshots each; answers how many there were and how often the store was read. */
    const watch = async (viewers: number) => {
      reads.mockClear();
      const sockets = await Promise.all(
        Array.from({ length: Math.floor(viewers / 2) }, () => open(port, '/performance/ws?interval=1', host)),
      );
      const streams = Array.from({ length: Math.ceil(viewers / 2) }, () =>
        follow(port, '/performance/live?interval=1', host),
      );
      const all = [...sockets, ...streams].map(({ snapshots }) => snapshots);
      expect(all).toHaveLength(viewers);
      await until(() => all.every((snapshots) => snapshots.length >= 4));
      for (const { stop } of streams) stop();
      for (const { socket } of sockets) socket.terminate();
      await until(() => sockets.every(({ socket }) => socket.readyState === WebSocket.CLOSED));
      return { snapshots: new Set(all.flat()).size, reads: reads.mock.calls.length };
    };

    const one = await watch(1);
    const perSnapshot = Math.ceil(one.reads / one.snapshots);
    const fifty = await watch(50);
    expect(fifty.snapshots).toBeGreaterThanOrEqual(4);
    // One more may have been made when the last of them left.
    expect(fifty.reads).toBeLessThanOrEqual((fifty.snapshots + 1) * perSnapshot);
  });
});
