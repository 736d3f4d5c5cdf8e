import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer, request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import express from 'express';
import { createMonitor } from 'nestmeter';
import { nestmeter as onExpress } from 'nestmeter/express';
import { attachWebSocket } from 'nestmeter/websocket';
import { WebSocket } from 'ws';
import { Certificate } from '../fixtures/certificate.js';
import { portOf } from '../fixtures/http-app.js';
import { RewritingProxy } from '../fixtures/rewriting-proxy.js';
import {
  bearer,
  cleanUpAll,
  cleanUps,
  open,
  plainExpress,
  readToken,
  serving,
  statusOf,
  until,
} from '../fixtures/websocket-app.js';

afterEach(cleanUpAll);

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
