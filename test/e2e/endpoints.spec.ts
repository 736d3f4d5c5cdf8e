import 'reflect-metadata';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BadRequestException,
  Body,
  type CanActivate,
  Controller,
  Get,
  Head,
  Header,
  HttpCode,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Sse,
  StreamableFile,
  UseGuards,
  Version,
  VersioningType,
} from '@nestjs/common';
import { AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { PerformanceModule, PerformanceMonitor, SkipTracking } from 'nestmeter';
import { interval, map } from 'rxjs';
import { ask, portOf } from '../fixtures/http-app.js';

@Injectable()
class ClosedGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller('things')
class ThingsController {
  constructor(private readonly monitor: PerformanceMonitor) {}

  @Post()
  add(@Body() body: unknown) {
    return this.monitor.track('add', () => ({ body }));
  }

  @Get('guarded/:id')
  @UseGuards(ClosedGuard)
  guarded() {
    return 'never';
  }

  @Get('broken/now')
  broken() {
    throw new Error('broken');
  }

  @Get('refused/now')
  refused() {
    throw new BadRequestException();
  }

  @Get('file/whole')
  @Header('content-type', 'text/plain')
  file() {
    return new StreamableFile(Readable.from([Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b')]));
  }

  @Get('wild/*')
  wild() {
    return 'wild';
  }

  @Sse('events')
  events() {
    return interval(10).pipe(map((count) => ({ data: { count } })));
  }

  @Get('slow/now')
  async slow() {
    await sleep(60);
    return 'late';
  }

  @Get('cached/now')
  @HttpCode(304)
  cached() {}

  @Head('head/only')
  head() {}

  @Get('skipped/now')
  @SkipTracking()
  skipped() {
    return 'skipped';
  }

  @Version('2')
  @Get('versioned/now')
  versioned() {
    return 'second';
  }

  @Get(':id')
  one(@Param('id', ParseIntPipe) id: number) {
    return { id };
  }
}

@Module({ imports: [PerformanceModule.forRoot({ app: 'endpoints' })], controllers: [ThingsController] })
class AppModule {}

const adapters: [name: string, make: () => AbstractHttpAdapter][] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

describe.each(adapters)('endpoint timing on %s', (name, make) => {
  async function start(prefix?: string) {
    const app = await NestFactory.create(AppModule, make(), { logger: false });
    if (prefix !== undefined) app.setGlobalPrefix(prefix);
    app.enableVersioning({ type: VersioningType.URI });
    await app.listen(0, '127.0.0.1');
    const port = portOf(app.getHttpServer());
    const monitor = app.get(PerformanceMonitor);
    const endpoints = async () => (await monitor.reports.endpoints()).endpoints;
    return { app, port, monitor, endpoints };
  }

  it('counts by template, status and category whatever ends a request', async () => {
    const { app, port, endpoints, monitor } = await start();
    const json = { 'content-type': 'application/json' };
    expect((await ask(port, '/things/7?secret=1')).text).toBe('{"id":7}');
    await ask(port, '/things/8');
    expect((await ask(port, '/things/none')).status).toBe(400);
    expect((await ask(port, '/things', { method: 'POST', headers: json, body: '{"a":1}' })).status).toBe(201);
    expect((await ask(port, '/things', { method: 'POST', headers: json, body: '{"a"' })).status).toBe(400);
    expect((await ask(port, '/things/guarded/1')).status).toBe(403);
    expect((await ask(port, '/things/broken/now')).status).toBe(500);
    expect((await ask(port, '/things/refused/now')).status).toBe(400);
    expect((await ask(port, '/things/wild/a/b')).text).toBe('wild');
    expect((await ask(port, '/v2/things/versioned/now')).text).toBe('second');
    expect((await ask(port, '/nowhere/at/all')).status).toBe(404);
    expect((await ask(port, '/nowhere/else')).status).toBe(404);
    expect((await ask(port, '/things/skipped/now')).text).toBe('skipped');
    expect((await ask(port, '/health')).status).toBe(404);

    const found = await endpoints();
    const wild = name === 'Express' ? 'GET /things/wild/{*path}' : 'GET /things/wild/*';
    expect(Object.keys(found).sort()).toEqual(
      [
        'GET /things/:id',
        'GET /things/broken/now',
        'GET /things/guarded/:id',
        'GET /things/refused/now',
        'GET /v2/things/versioned/now',
        'GET __unmatched__',
        'POST /things',
        wild,
      ].sort(),
    );
    expect(found['GET /things/:id']).toMatchObject({
      stats: { total_operations: 3 },
      status_code_counts: { 200: 2, 400: 1 },
      errors: { validation: 1 },
    });
    expect(found['POST /things']).toMatchObject({ status_code_counts: { 201: 1, 400: 1 } });
    expect(found['GET /things/guarded/:id']).toMatchObject({ errors: { unauthorized: 1 } });
    expect(found['GET /things/broken/now']).toMatchObject({ errors: { server_error: 1 } });
    expect(found['GET __unmatched__']).toMatchObject({ status_code_counts: { 404: 2 } });
    expect(Object.keys((await monitor.reports.operations()).operations)).toEqual(['add']);
    await app.close();
  });

  it('times streams until their end, counts their bytes, and knows who left early', async () => {
    const { app, port, endpoints } = await start();
    const file = await ask(port, '/things/file/whole');
    expect(file.text).toHaveLength(140_000);
    await ask(port, '/things/slow/now');

    const following = httpRequest({ host: '127.0.0.1', port, path: '/things/events', agent: false }).end();
    const [events] = await once(following, 'response');
    await once(events, 'data');
    await sleep(50);
    following.destroy();
    const leaving = httpRequest({ host: '127.0.0.1', port, path: '/things/slow/now', agent: false }).end();
    leaving.on('error', () => {});
    await sleep(20);
    leaving.destroy();
    await sleep(100);

    const found = await endpoints();
    const whole = found['GET /things/file/whole']!;
    expect(whole).toMatchObject({ status_code_counts: { 200: 1 }, aborted: 0 });
    expect(whole.response_bytes).toBeGreaterThan(140_000);
    expect(whole.response_bytes).toBeLessThan(141_000);
    const followed = found['GET /things/events']!;
    expect(followed).toMatchObject({ aborted: 1, errors: { aborted: 1 }, status_code_counts: { 200: 1 } });
    expect(followed.stats.max_duration_ms).toBeGreaterThan(45);
    expect(found['GET /things/slow/now']).toMatchObject({ aborted: 1, status_code_counts: { 200: 1, 499: 1 } });
    expect(found['GET /things/slow/now']!.stats.max_duration_ms).toBeGreaterThan(55);
    await app.close();
  });

  it('counts the bytes of each answer on a connection kept alive, of answers without a body too', async () => {
    const { app, port, endpoints } = await start();
    const socket = connect(port, '127.0.0.1');
    const reads: Buffer[] = [];
    socket.on('data', (chunk) => reads.push(chunk));
    const get = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    // The second and third are pipelined: they wait for their turn on the connection.
    socket.write(get('/things/slow/now') + get('/things/1') + get('/things/cached/now'));
    await sleep(200);
    socket.write(get('/things/2', 'HEAD'));
    await sleep(60);
    socket.destroy();

    const found = await endpoints();
    const total = Object.values(found).reduce((sum, { response_bytes }) => sum + (response_bytes ?? 0), 0);
    expect(total).toBe(Buffer.concat(reads).length);
    expect(found['GET /things/cached/now']).toMatchObject({ status_code_counts: { 304: 1 }, aborted: 0 });
    expect(found['HEAD /things/:id']).toMatchObject({ status_code_counts: { 200: 1 } });
    await app.close();
  });

  it('works with a global prefix, which does not move the routes', async () => {
    const { app, port, endpoints } = await start('api');
    await ask(port, '/api/things/1');
    await ask(port, '/api/none');
    await ask(port, '/things/1');
    expect(Object.keys(await endpoints()).sort()).toEqual(['GET /api/things/:id', 'GET __unmatched__']);
    expect((await ask(port, '/performance/endpoints', { headers: { host: 'localhost' } })).status).toBe(200);
    await app.close();
  });

  it('does the same in an application made by a testing module', async () => {
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = testing.createNestApplication(make(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const port = portOf(app.getHttpServer());
    const headers = { 'content-type': 'application/json' };
    expect((await ask(port, '/things', { method: 'POST', headers, body: '{' })).status).toBe(400);
    const { endpoints } = await app.get(PerformanceMonitor).reports.endpoints();
    expect(endpoints['POST /things']).toMatchObject({ status_code_counts: { 400: 1 } });
    await app.close();
  });
});
