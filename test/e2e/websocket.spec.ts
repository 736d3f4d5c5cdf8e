import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer, request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import express from 'express';
import { createMonitor } from 'nestmeter';
import { nestmeter as onExpress } from 'nestmeter/express';
import { attachWebSocket } from 'nestmeter/websocket';
import { WebSocket, WebSocketServer } from 'ws';
import { RedisStore } from '../../libs/nestmeter/src/store/redis-store.js';
import { Certificate } from '../fixtures/certificate.js';
import { ask, portOf } from '../fixtures/http-app.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { RewritingProxy } from '../fixtures/rewriting-proxy.js';
import { frameworks, type ServedApp, type ServedOptions } from '../fixtures/served-app.js';

const readToken = 'a-token-to-read-with';
const bearer = { authorization: `Bearer ${readToken}` };
const plainExpress = frameworks[2]![1];

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  process.env['NODE_ENV'] = 'test';
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

const serving = (start: (options: ServedOptions) => Promise<ServedApp>) => async (options: ServedOptions) => {
  const app = await start({ app: 'socket', ...options });
  attachWebSocket(app.server, app.monitor);
  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= app.stop());
  cleanUps.push(stop);
  return { ...app, stop };
};

interface Opened {
  readonly socket: WebSocket;
  readonly snapshots: string[];
}

/** Opens a WebSocket and collects what it gets. Rejects with the status of the answer when it is refused. */
async function open(port: number, path: string, headers: Record<string, string> = {}): Promise<Opened> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  cleanUps.push(() => socket.terminate());
  const snapshots: string[] = [];
  socket.on('message', (data) => void snapshots.push((data as Buffer).toString()));
  socket.on('error', () => {});
  const refused = once(socket, 'unexpected-response').then(async ([, response]) => {
    let text = '';
    for await (const chunk of response as IncomingMessage) text += String(chunk);
    const { statusCode, headers: answered } = response as IncomingMessage;
    throw Object.assign(new Error(`refused with ${statusCode}`), { status: statusCode, headers: answered, text });
  });
  await Promise.race([once(socket, 'open'), refused]);
  refused.catch(() => {});
  return { socket, snapshots };
}

const statusOf = (opening: Promise<Opened>) =>
  opening.then(
    () => 101,
    (error: { status: number }) => error.status,
  );

/** Follows /live and collects the snapshots; ends when what it answers is called. */
function follow(port: number, path: string, headers: Record<string, string>) {
  const snapshots: string[] = [];
  const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false }).end();
  let text = '';
  request.on('response', (response: IncomingMessage) => {
    response.setEncoding('utf8');
    response.on('error', () => {});
    response.on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        if (data !== undefined) snapshots.push(data);
        text = text.slice(end + 2);
      }
    });
  });
  request.on('error', () => {});
  const stop = () => void request.destroy();
  cleanUps.push(stop);
  return { snapshots, stop };
}

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

describe('the WebSocket', () => {
  it('lets a server read bodies and further requests of a connection that asked for another protocol', async () => {
    const monitor = createMonitor({ app: 'socket' });
    const app = express().use(express.json({ limit: '2mb' }));
    app.post('/echo', (request, response) => void response.json(request.body));
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(() => server.close());
    attachWebSocket(server, monitor);
    const body = JSON.stringify({ text: 'x'.repeat(1_000_000) });
    const socket = connect(portOf(server), '127.0.0.1');
    cleanUps.push(() => socket.destroy());
    let got = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => void (got += chunk));
    const head = (more: string) =>
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${more}\r\n`;
    socket.write(head('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n') + body);
    await until(() => got.endsWith(body));
    socket.write(head('') + body);
    await until(() => got.split('HTTP/1.1 200 OK').length === 3 && got.endsWith(body));
    expect(socket.destroyed).toBe(false);
  });

  it('works over TLS, beside plain requests that ask for another protocol', async () => {
    const certificate = await Certificate.make();
    cleanUps.push(() => certificate.remove());
    const monitor = createMonitor({ app: 'socket', access: { read: readToken } });
    const app = express().use(onExpress(monitor).routes);
    app.get('/hello', (_request, response) => void response.send('hello'));
    const server = createSecureServer(certificate.contents, app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(() => void (server.closeAllConnections(), server.close()));
    attachWebSocket(server, monitor);
    const to = { host: '127.0.0.1', port: portOf(server), ca: certificate.contents.cert, agent: false };
    const askSecurely = async (path: string, headers: Record<string, string>, body?: string) => {
      const method = body === undefined ? 'GET' : 'POST';
      const [response] = (await once(secureRequest({ ...to, path, method, headers }).end(body), 'response')) as [IncomingMessage]; // prettier-ignore
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return { status: response.statusCode, headers: response.headers, text };
    };
    const h2c = { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings', 'http2-settings': 'AAMAAABkAAQAAP__' };
    expect(await askSecurely('/hello', h2c)).toMatchObject({ status: 200, text: 'hello' });
    const login = await askSecurely(
      '/performance/login',
      { 'content-type': 'application/json' },
      `{"token":"${readToken}"}`,
    );
    const [cookie] = login.headers['set-cookie']!;
    expect(cookie).toMatch(/; Secure$/);
    const { ca } = to;
    const headers = { cookie: cookie!.split(';')[0]!, origin: `https://127.0.0.1:${to.port}` };
    const socket = new WebSocket(`wss://127.0.0.1:${to.port}/performance/ws`, { ca, headers });
    const [snapshot] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(snapshot.toString())).toHaveProperty('system_health');
    socket.terminate();
    await monitor.stop();
  });

  it('works through a proxy that changes path and host', async () => {
    const { port } = await serving(plainExpress)({ access: { read: readToken, trustedProxies: 1 } });
    const proxy = await RewritingProxy.start(port, '/tools', '/performance');
    cleanUps.push(() => proxy.stop());
    const { snapshots, socket } = await open(proxy.port, '/tools/ws', { ...bearer, 'sec-fetch-site': 'same-origin' });
    await until(() => snapshots.length > 0);
    expect(JSON.parse(snapshots[0]!)).toHaveProperty('system_health');
    socket.terminate();
  });

  it('is found at an alias, and below another prefix', async () => {
    const { port } = await serving(plainExpress)({ prefix: '/ops/numbers', aliases: { '/live-socket': '/ws' } });
    const host = { host: 'localhost' };
    expect(await statusOf(open(port, '/ops/numbers/ws', host))).toBe(101);
    expect(await statusOf(open(port, '/live-socket?interval=2', host))).toBe(101);
  });

  it('is on the port of the routes where they have one of their own', async () => {
    const { port, monitor } = await serving(plainExpress)({ listen: { host: '127.0.0.1', port: 0 } });
    await until(() => monitor.ownPort !== null);
    const host = { host: 'localhost' };
    const { snapshots } = await open(monitor.ownPort!, '/performance/ws', host);
    await until(() => snapshots.length > 0);
    expect(await statusOf(open(monitor.ownPort!, '/performance/real-time', host))).toBe(200);
    expect(await statusOf(open(port, '/performance/ws', host))).toBe(404);
  });

  it('is not there while nothing attaches it, which is said', async () => {
    const { port, monitor, stop } = await plainExpress({ app: 'socket', listen: { host: '127.0.0.1', port: 0 } });
    cleanUps.push(stop);
    await until(() => monitor.ownPort !== null);
    expect(await statusOf(open(monitor.ownPort!, '/performance/ws', { host: 'localhost' }))).toBe(426);
    expect(await statusOf(open(port, '/performance/ws', { host: 'localhost' }))).toBe(404);
  });

  it('takes no place when disabled', async () => {
    const { port } = await serving(plainExpress)({ enabled: false });
    expect(await statusOf(open(port, '/performance/ws', { host: 'localhost' }))).toBe(404);
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
