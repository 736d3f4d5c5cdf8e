import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import Koa from 'koa';
import { createMonitor, type MonitorOptions, PerformanceModule } from 'nestmeter';
import { nestmeter as onExpress } from 'nestmeter/express';
import { nestmeter as onKoa } from 'nestmeter/koa';
import { type Asked, ask, portOf } from '../fixtures/http-app.js';

const readToken = 'read-token-for-tests';
const writeToken = 'write-token-for-tests';
const access = { read: readToken, write: writeToken };

type Options = Pick<MonitorOptions, 'access' | 'redis' | 'persistence' | 'logger' | 'dailyTokenLimit'>;
type Ask = (path: string, asked?: Asked) => Promise<{ status: number; headers: Asked['headers'] & object; json: Json }>;
type Json = Record<string, never> & { error: { code: string; message: string } };

const running: (() => Promise<void>)[] = [];

beforeEach(() => {
  process.env['NODE_ENV'] = 'production';
});
afterEach(async () => {
  process.env['NODE_ENV'] = 'test';
  for (const stop of running.splice(0)) await stop();
});

function asking(server: Server, stop: () => Promise<unknown>): Ask {
  running.push(async () => void (await stop()));
  return async (path, asked) => {
    const { status, headers, text } = await ask(portOf(server), `/performance${path}`, asked);
    return { status, headers: headers as Asked['headers'] & object, json: JSON.parse(text) as Json };
  };
}

async function startNest(adapter: ExpressAdapter | FastifyAdapter, options: Options): Promise<Ask> {
  @Module({ imports: [PerformanceModule.forRoot({ app: 'config', logLevel: 'error', ...options })] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  return asking(app.getHttpServer(), () => app.close());
}

async function startPlain(
  options: Options,
  handler: (monitor: ReturnType<typeof createMonitor>) => Server,
): Promise<Ask> {
  const monitor = createMonitor({ app: 'config', logLevel: 'error', ...options });
  const server = handler(monitor);
  monitor.start();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return asking(server, async () => {
    await monitor.stop();
    await new Promise((resolve) => server.close(resolve));
  });
}

const frameworks: [name: string, start: (options: Options) => Promise<Ask>][] = [
  ['Nest on Express', (options) => startNest(new ExpressAdapter(), options)],
  ['Nest on Fastify', (options) => startNest(new FastifyAdapter(), options)],
  [
    'Express',
    (options) =>
      startPlain(options, (monitor) => {
        const { middleware, routes } = onExpress(monitor);
        return createServer(express().use(middleware, routes));
      }),
  ],
  [
    'Koa',
    (options) =>
      startPlain(options, (monitor) => {
        const { middleware, routes } = onKoa(monitor);
        const answer = new Koa().use(middleware).use(routes).callback();
        return createServer((request, response) => void answer(request, response));
      }),
  ],
];

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const reading: Asked = { headers: bearer(readToken) };
const post = (patch: unknown, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'POST',
  headers: { ...bearer(writeToken), 'content-type': 'application/json', ...headers },
  body: JSON.stringify(patch),
});
const taken = (headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'DELETE',
  headers: { ...bearer(writeToken), ...headers },
});

describe.each(frameworks)('the configuration on %s', (_, start) => {
  it('is changed, in force, taken back, and tells who changed it', async () => {
    const get = await start({ access, dailyTokenLimit: 500 });
    const before = await get('/config', reading);
    expect([before.status, before.headers['etag'], before.json['version'], before.json['posted']]).toEqual([200, '"0"', 0, {}]); // prettier-ignore

    const posted = await get('/config', post({ daily_token_limit: 900, operation_thresholds_ms: { qa_response: 40 } }));
    expect([posted.status, posted.headers['etag']]).toEqual([200, '"1"']);
    expect(posted.json).toMatchObject({
      version: 1,
      effective: { daily_token_limit: 900, operation_thresholds_ms: { qa_response: 40, vector_search: 500 } },
      sources: { daily_token_limit: 'posted', operation_thresholds_ms: 'posted', app: 'code' },
      posted: { daily_token_limit: 900, operation_thresholds_ms: { qa_response: 40 } },
      overridden: { daily_token_limit: 500, operation_thresholds_ms: { qa_response: 3000 } },
    });

    const interval = 'alert_evaluation_interval_seconds';
    const { json: changed } = await get('/config', post({ [interval]: 30 }));
    expect(changed).toMatchObject({
      effective: { [interval]: 30, alerts: { evaluation_interval_seconds: 30 } },
      sources: { [interval]: 'posted', alerts: 'default' },
      overridden: { [interval]: 10 },
      changeable: expect.arrayContaining([interval]),
    });
    const { json: without } = await get(`/config/${interval}`, taken());
    expect(without).toMatchObject({ version: 3, effective: { [interval]: 10 }, sources: { [interval]: 'default' } });

    const back = await get('/config/daily_token_limit', taken({ 'if-match': '"3"' }));
    expect(back.json).toMatchObject({ version: 4, effective: { daily_token_limit: 500 }, sources: { daily_token_limit: 'code' } }); // prettier-ignore
    const { json } = await get('/config/history', reading);
    expect(json).toMatchObject({
      version: 4,
      changes: [
        { version: 4, by: expect.stringMatching(/^token:/), before: { daily_token_limit: 900 }, after: { daily_token_limit: 500 } }, // prettier-ignore
        { version: 3, before: { [interval]: 30 }, after: { [interval]: 10 } },
        { version: 2, before: { [interval]: 10 }, after: { [interval]: 30 } },
        { version: 1, before: { daily_token_limit: 500, operation_thresholds_ms: { qa_response: 3000 } } },
      ],
    });
    expect(JSON.stringify(json)).not.toContain(writeToken);
  });

  it('is not changed without the right to write, from another origin, on another version, or by what is wrong', async () => {
    const get = await start({ access });
    const outcome = async (path: string, asked: Asked) => {
      const { status, json } = await get(path, asked);
      return [status, json.error.code];
    };
    const patch = { daily_token_limit: 5 };
    expect(await outcome('/config', { ...post(patch), headers: { 'content-type': 'application/json' } })).toEqual([401, 'NM_UNAUTHORIZED']); // prettier-ignore
    expect(await outcome('/config', post(patch, bearer(readToken)))).toEqual([403, 'NM_FORBIDDEN']);
    expect(await outcome('/config/apdex_ms', taken(bearer(readToken)))).toEqual([403, 'NM_FORBIDDEN']);
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      expect(await outcome('/config', post(patch, headers))).toEqual([403, 'NM_ORIGIN_REFUSED']);
      expect(await outcome('/config/apdex_ms', taken(headers))).toEqual([403, 'NM_ORIGIN_REFUSED']);
    }
    expect(await outcome('/config', post(patch, { 'content-type': 'text/plain' }))).toEqual([400, 'NM_BODY_INVALID']);
    expect(await outcome('/config', post(patch, { 'if-match': '"7"' }))).toEqual([409, 'NM_CONFIG_CONFLICT']);
    expect(await outcome('/config', post([patch]))).toEqual([400, 'NM_BODY_INVALID']);
    expect(await outcome('/config/redis', taken())).toEqual([400, 'NM_CONFIG_INVALID']);
    const { status, json } = await get(
      '/config',
      post({ ...patch, publish_interval_ms: 1, redis: 'redis://:hunter2@x' }),
    );
    expect([status, json.error.code]).toEqual([400, 'NM_CONFIG_INVALID']);
    expect(json.error.message).toMatch(/publish_interval_ms must be at least 200[^]*redis must be left out/);
    expect(json.error.message).not.toContain('hunter2');
    expect((await get('/config', reading)).json).toMatchObject({ version: 0, posted: {} });
  });
});

describe('the configuration', () => {
  const start = frameworks[2]![1];
  const quiet = { error: () => {}, warn: () => {}, log: () => {} };

  it('cannot be changed over HTTP when nothing grants writing', async () => {
    const get = await start({ access: () => true });
    expect((await get('/config')).status).toBe(200);
    const { status, json } = await get('/config', post({ daily_token_limit: 5 }));
    expect([status, json.error.code]).toEqual([403, 'NM_FORBIDDEN']);
  });

  it('answers 503 to a change while Redis is unreachable, and applies nothing', async () => {
    const get = await start({ access, redis: 'redis://127.0.0.1:1', logger: quiet });
    const { status, json } = await get('/config', post({ daily_token_limit: 5 }));
    expect([status, json.error.code]).toEqual([503, 'NM_STORE_UNREACHABLE']);
    expect((await get('/config', reading)).json).toMatchObject({
      version: 0,
      effective: { daily_token_limit: 1_000_000 },
    });
  });

  it('limits those who ask by the limit that was posted', async () => {
    const get = await start({ access });
    await get('/config', post({ rate_limits: { reads_per_minute: 2 } }));
    const statuses = [];
    for (let attempt = 0; attempt < 3; attempt++) statuses.push((await get('/cache', reading)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('is in the file of the memory store, and in force again after a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestmeter-config-'));
    try {
      const persistence = { file: join(folder, 'numbers.json') };
      const get = await start({ access, persistence });
      await get('/config', post({ daily_token_limit: 5 }));
      await running.splice(0)[0]!();
      const again = await start({ access, persistence });
      let limit: unknown;
      for (let attempt = 0; attempt < 400 && limit !== 5; attempt++) {
        const { effective } = (await again('/config', reading)).json as unknown as {
          effective: { daily_token_limit: number };
        };
        limit = effective.daily_token_limit;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      expect(limit).toBe(5);
    } finally {
      for (const stop of running.splice(0)) await stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
