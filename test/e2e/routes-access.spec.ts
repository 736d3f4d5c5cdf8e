import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import { type CanActivate, Controller, type ExecutionContext, Get, Injectable, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import Koa from 'koa';
import { createMonitor, PerformanceModule, type PerformanceModuleOptions } from 'nestmeter';
import { nestmeter as onExpress } from 'nestmeter/express';
import { nestmeter as onKoa } from 'nestmeter/koa';
import type { Route } from '../../libs/nestmeter/src/serve/route.js';
import { routeTable } from '../../libs/nestmeter/src/serve/routes.js';
import { type Asked, ask, portOf } from '../fixtures/http-app.js';

const readToken = 'read-token-for-tests';
const writeToken = 'write-token-for-tests';

type Options = Pick<PerformanceModuleOptions, 'access' | 'cors' | 'enabled' | 'aliases'>;

/** A service with our routes, and how to ask it. */
interface Service {
  get(path: string, asked?: Asked): ReturnType<typeof ask>;
  stop(): Promise<void>;
}

const running: Service[] = [];

afterEach(async () => {
  process.env['NODE_ENV'] = 'test';
  await Promise.all(running.splice(0).map((service) => service.stop()));
});

function serviceOf(server: Server, stop: () => Promise<unknown>): Service {
  const get = (path: string, asked?: Asked) => ask(portOf(server), path, asked);
  const service = { get, stop: async () => void (await stop()) };
  running.push(service);
  return service;
}

async function listening(server: Server, stop: () => Promise<unknown>): Promise<Service> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return serviceOf(server, async () => {
    await stop();
    await new Promise((resolve) => server.close(resolve));
  });
}

@Injectable()
class RefuseAll implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller()
class HelloController {
  @Get('hello')
  hello() {
    return 'hello';
  }
}

async function startNest(adapter: ExpressAdapter | FastifyAdapter, options: Options): Promise<Service> {
  @Module({
    imports: [PerformanceModule.forRoot({ app: 'access', logLevel: 'error', ...options })],
    controllers: [HelloController],
    providers: [{ provide: APP_GUARD, useClass: RefuseAll }],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter, { logger: false, cors: true });
  app.setGlobalPrefix('api');
  await app.listen(0, '127.0.0.1');
  return serviceOf(app.getHttpServer(), () => app.close());
}

const frameworks: [name: string, start: (options: Options) => Promise<Service>][] = [
  ['Nest on Express', (options) => startNest(new ExpressAdapter(), options)],
  ['Nest on Fastify', (options) => startNest(new FastifyAdapter(), options)],
  [
    'Express',
    async (options) => {
      const monitor = createMonitor({ app: 'access', logLevel: 'error', ...(options as object) });
      const { middleware, routes } = onExpress(monitor);
      const app = express().use(middleware, express.json(), routes);
      app.get('/hello', (_request, response) => void response.send('hello'));
      monitor.start();
      return listening(createServer(app), () => monitor.stop());
    },
  ],
  [
    'Koa',
    async (options) => {
      const monitor = createMonitor({ app: 'access', logLevel: 'error', ...(options as object) });
      const { middleware, routes } = onKoa(monitor);
      const app = new Koa().use(middleware).use(routes);
      app.use((context) => {
        if (context.path === '/hello') context.body = 'hello';
      });
      monitor.start();
      const answer = app.callback();
      return listening(
        createServer((request, response) => void answer(request, response)),
        () => monitor.stop(),
      );
    },
  ],
];

/** A row's address; what a part of it leaves open is something that there is not. */
const addressOf = ({ path }: Route) => `/performance${path.replaceAll(/:\w+/g, 'none')}`;
/** Rows that may be asked for without credentials once there is `access`. A new one needs a reason. */
const openRows = [
  // The page holds no data, and whoever wants to log in must be able to load it.
  'GET /',
  'GET /assets/:name',
  'POST /login',
  'POST /logout',
];
const rows = routeTable.filter(({ access }) => access !== 'open');
const paths = rows.filter(({ method }) => method === 'GET').map(addressOf);
const changing = new Set(rows.filter(({ method }) => method === 'POST').map(addressOf));
const bearer = (token: string): Asked => ({ headers: { authorization: `Bearer ${token}` } });
const local: Asked = { headers: { host: 'localhost:3000' } };

/** Not those that go on, which a test of its own asks for. */
const finite = (path: string) => !path.endsWith('/live') && !path.endsWith('/ws');

describe('the route table', () => {
  it('opens to everybody what needs no credentials for a reason, and nothing else', () => {
    const named = routeTable.filter(({ access }) => access === 'open').map(({ method, path }) => `${method} ${path}`);
    expect(named).toEqual(openRows);
  });

  it('lets nothing be changed without the level for it, nor from another origin', () => {
    const changed = routeTable.filter(({ method }) => method !== 'GET');
    expect(changed.filter(({ origin }) => origin !== 'own').map(addressOf)).toEqual([]);
    const loose = changed.filter(({ access }) => access !== 'write').map(({ method, path }) => `${method} ${path}`);
    expect(loose).toEqual(['POST /login', 'POST /logout']);
  });
});

describe.each(frameworks)('routes on %s', (name, start) => {
  it('answer 404, every one, when nothing says who may look and it is production', async () => {
    process.env['NODE_ENV'] = 'production';
    const { get } = await start({});
    const all = routeTable.map((row) => [row.method, addressOf(row)] as const);
    for (const [method, path] of [...all, ['GET', '/performance'], ['GET', '/performance/none']] as const) {
      const { status, text } = await get(path, { ...local, method });
      expect([method, path, status, JSON.parse(text).error.code]).toEqual([method, path, 404, 'NM_NOT_FOUND']);
    }
  });

  it('answer 404 as well when NODE_ENV is missing', async () => {
    delete process.env['NODE_ENV'];
    const { get } = await start({});
    for (const row of routeTable) {
      const [path, method] = [addressOf(row), row.method];
      expect([path, (await get(path, { ...local, method })).status]).toEqual([path, 404]);
    }
  });

  it('answer in development, but not through a proxy, and not under a name that DNS made point here', async () => {
    process.env['NODE_ENV'] = 'development';
    const { get } = await start({});
    for (const path of paths.filter(finite)) {
      const { status, text, headers } = await get(path, local);
      expect([path, status]).toEqual([path, 200]);
      expect(text.length).toBeGreaterThan(1);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
    const elsewhere: Record<string, string>[] = [
      { host: 'localhost', 'x-forwarded-for': '10.0.0.1' },
      { host: 'localhost', 'x-forwarded-proto': 'https' },
      { host: 'localhost', forwarded: 'for=10.0.0.1' },
      { host: 'localhost', 'x-real-ip': '10.0.0.1' },
      { host: 'evil.example' },
      { host: 'localhost.evil.example' },
      { host: 'localhost', origin: 'http://evil.example' },
    ];
    for (const headers of elsewhere)
      for (const path of paths)
        expect([path, headers, (await get(path, { headers })).status]).toEqual([path, headers, 404]);
  });

  it('ask for a token of the level that they need', async () => {
    process.env['NODE_ENV'] = 'production';
    const { get } = await start({ access: { read: readToken, write: [writeToken], open: ['health', 'metrics'] } });
    for (const path of paths.filter(finite)) {
      const isOpen = path.endsWith('/health') || path.endsWith('/metrics');
      const refused = await get(path);
      expect([path, refused.status]).toEqual([path, isOpen ? 200 : 401]);
      expect([path, refused.headers['www-authenticate']]).toEqual([
        path,
        isOpen ? undefined : 'Bearer realm="nestmeter"',
      ]);
      expect((await get(path, bearer(readToken))).status).toBe(200);
      expect((await get(path, bearer(writeToken))).status).toBe(200);
      expect((await get(path, { ...bearer(readToken), method: 'POST' })).status).toBe(403);
      // Who may write is told what is wrong with it.
      expect((await get(path, { ...bearer(writeToken), method: 'POST' })).status).toBe(changing.has(path) ? 400 : 405);
    }
    expect((await get('/performance/providers', bearer('another-token-of-tests'))).status).toBe(401);
    expect((await get('/performance/none')).status).toBe(401);
    expect((await get('/performance/none', bearer(readToken))).status).toBe(404);
  });

  it('stop answering an address that keeps trying tokens', async () => {
    const { get } = await start({ access: { read: readToken } });
    const statuses = [];
    for (let attempt = 0; attempt < 12; attempt++)
      statuses.push((await get('/performance/providers', bearer(`wrong-token-number-${attempt}`))).status);
    expect(statuses).toEqual([...new Array<number>(10).fill(401), 429, 429]);
    const { status, headers } = await get('/performance/providers', bearer(readToken));
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await get('/performance/providers')).status).toBe(401);
  });

  it('leave the application alone', async () => {
    process.env['NODE_ENV'] = 'production';
    const { get } = await start({});
    const nest = name.startsWith('Nest');
    expect((await get(nest ? '/api/hello' : '/hello')).status).toBe(nest ? 403 : 200);
    expect((await get('/performances')).status).toBe(404);
    expect((await get('/performances')).text).not.toContain('NM_');
  });

  it('take no place when disabled', async () => {
    const { get } = await start({ enabled: false });
    const { status, text } = await get('/performance/providers', local);
    expect(status).toBe(404);
    expect(text).not.toContain('NM_');
  });

  it('answer pages of listed origins only', async () => {
    const { get } = await start({ access: { read: readToken }, cors: { origins: ['https://ops.example'] } });
    const asked = (origin: string): Asked => ({ headers: { ...bearer(readToken).headers, origin } });
    const listed = await get('/performance/cache', asked('https://ops.example'));
    expect(listed.headers['access-control-allow-origin']).toBe('https://ops.example');
    const other = await get('/performance/cache', asked('https://evil.example'));
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    const preflight = await get('/performance/cache', {
      method: 'OPTIONS',
      headers: { origin: 'https://ops.example' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).toEqual([204, 'authorization']);
  });

  it('stream to one who may read, and end when the service stops', async () => {
    const service = await start({ access: { read: readToken }, aliases: { '/metrics': '/metrics' } });
    const streaming = service.get('/performance/live?interval=1', bearer(readToken));
    expect((await service.get('/metrics', bearer(readToken))).text).toContain('# TYPE nestmeter_build_info gauge');
    running.splice(running.indexOf(service), 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await service.stop();
    const { headers, text } = await streaming;
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const [line] = /^data: .*$/m.exec(text)!;
    expect(JSON.parse(line.slice(6))).toMatchObject({ monitoring_active: expect.any(Boolean) });
  });
});

describe('guards of a Nest application', () => {
  const seen: unknown[] = [];

  @Injectable()
  class HeaderGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
      seen.push(context.getType());
      return request.headers['x-user'] === 'ada';
    }
  }

  it.each([
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ])('decide about the routes on %s', async (_name, adapter) => {
    process.env['NODE_ENV'] = 'production';
    const { get } = await startNest(adapter(), { access: { read: HeaderGuard } });
    expect((await get('/performance/usage', { headers: { 'x-user': 'ada' } })).status).toBe(200);
    expect((await get('/performance/usage')).status).toBe(401);
    expect((await get('/performance/usage', { headers: { 'x-user': 'ada' }, method: 'POST' })).status).toBe(403);
    expect(seen).toContain('http');
  });
});
