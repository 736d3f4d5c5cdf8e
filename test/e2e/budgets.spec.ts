import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { jest } from '@jest/globals';
import { Controller, Get, Injectable, type INestApplication, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import Koa from 'koa';
import { BudgetGuard, checkBudget, PerformanceModule, PerformanceMonitor, TrackLLMCall } from 'nestmeter';
import { createMonitor, nestmeter as onExpress } from 'nestmeter/express';
import { nestmeter as onKoa } from 'nestmeter/koa';
import { type Answer, ask, portOf } from '../fixtures/http-app.js';

const options = {
  genaiPrices: false,
  prices: { openai: { 'gpt-4o': { inputPerMillion: 5, outputPerMillion: 5 } } },
  budgets: [
    { name: 'all', limitUsd: '0.02', period: 'day', hardStop: true },
    { name: 'chat', limitUsd: '0.01', period: 'day', hardStop: true, per: { operation: 'chat' } },
  ] as const,
};
const usage = { prompt_tokens: 1000, completion_tokens: 1000 };
const answer = { object: 'chat.completion', model: 'gpt-4o', choices: [{ finish_reason: 'stop' }], usage };

let handled = 0;

@Injectable()
class Model {
  /** Costs 0.01 USD. */
  @TrackLLMCall({ provider: 'openai', model: 'gpt-4o' })
  async chat() {
    return answer;
  }

  @TrackLLMCall({ provider: 'openai', model: 'gpt-4o', operation: 'summary' })
  summarise() {
    return Promise.resolve(answer);
  }
}

@Controller()
class ModelController {
  constructor(private readonly model: Model) {}

  @Get('chat')
  async chat() {
    return this.model.chat();
  }

  @Get('summary')
  async summary() {
    return this.model.summarise();
  }

  @Post('guarded')
  @UseGuards(BudgetGuard)
  guarded() {
    handled++;
    return 'handled';
  }

  @Post('guarded-chat')
  @UseGuards(BudgetGuard.for({ provider: 'openai', operation: 'chat' }))
  guardedChat() {
    handled++;
    return 'handled';
  }

  @Get('broken')
  broken() {
    throw new Error('broken');
  }
}

async function nest(adapter: ExpressAdapter | FastifyAdapter): Promise<INestApplication> {
  @Module({
    imports: [PerformanceModule.forRoot({ app: 'budgets', ...options, budgets: [...options.budgets] })],
    controllers: [ModelController],
    providers: [Model],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

function expectRefused({ status, headers, text }: Answer): void {
  expect(status).toBe(429);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(86_400);
  // What was spent is nobody's business outside.
  expect(text).not.toMatch(/0\.0[12]|USD/);
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('budgets in Nest on %s', (_, adapter) => {
  it('refuse with 429 and Retry-After: calls of handlers, and before handlers by the guard', async () => {
    handled = 0;
    const app = await nest(adapter());
    try {
      const port = portOf(app.getHttpServer());
      const get = (path: string, method = 'GET') => ask(port, path, { method });
      expect((await get('/guarded-chat', 'POST')).status).toBe(201);
      expect((await get('/chat')).status).toBe(200);
      expectRefused(await get('/chat'));
      expectRefused(await get('/guarded-chat', 'POST'));
      // The budget of everything has something left.
      expect((await get('/guarded', 'POST')).status).toBe(201);
      expect((await get('/summary')).status).toBe(200);
      expectRefused(await get('/summary'));
      expectRefused(await get('/guarded', 'POST'));
      expect(handled).toBe(2);
      expect(JSON.parse((await get('/chat')).text)).toEqual({ statusCode: 429, message: 'Too Many Requests', error: 'NM_BUDGET_EXCEEDED' }); // prettier-ignore
      const broken = await get('/broken');
      expect(broken.status).toBe(500);
      expect(broken.headers['retry-after']).toBeUndefined();

      const monitor = app.get(PerformanceMonitor);
      const { endpoints } = await monitor.reports.endpoints();
      expect(endpoints['GET /chat']!.errors).toEqual({ quota: 2 });
      expect(endpoints['POST /guarded']!.errors).toEqual({ quota: 1 });
      const { providers } = await monitor.reports.providers();
      expect(providers['openai']).toMatchObject({ total_requests: 2, outcomes: { completed: 2, refused: 3 } });

      const { budgets } = JSON.parse((await get('/performance/budgets')).text) as { budgets: object[] };
      expect(budgets).toMatchObject([
        { name: 'all', labels: {}, used_cost_usd: '0.020000000', remaining_cost_usd: '0.000000000', state: 'exceeded' },
        { name: 'chat', labels: { operation: 'chat' }, used_cost_usd: '0.010000000', refused_calls: 2 },
      ]);
    } finally {
      await app.close();
    }
  });

  it('are raised by an override until it ends', async () => {
    const app = await nest(adapter());
    try {
      const port = portOf(app.getHttpServer());
      const send = (method: string, path: string, body?: object) =>
        ask(port, `/performance/budgets/${path}`, {
          method,
          headers: body === undefined ? {} : { 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
      expect((await ask(port, '/chat')).status).toBe(200);
      expectRefused(await ask(port, '/chat'));
      const given = await send('POST', 'chat/override', { limit_usd: '0.05', minutes: 5, why: 'launch' });
      expect(given.status).toBe(200);
      expect(JSON.parse(given.text)).toMatchObject({ name: 'chat', override: { limit_cost_usd: '0.050000000', limit_tokens: null, why: 'launch' } }); // prettier-ignore
      expect((await ask(port, '/chat')).status).toBe(200);
      for (const [path, body, status] of [
        ['chat/override', { limit_tokens: 5, why: 'x' }, 400],
        ['chat/override', { limit_usd: 1, until: 5, why: 'x' }, 400],
        ['chat/override', { limit_usd: 1 }, 400],
        ['none/override', { limit_usd: 1, why: 'x' }, 404],
      ] as const)
        expect((await send('POST', path, body)).status).toBe(status);
      expect((await send('DELETE', 'chat/override')).status).toBe(200);
      expect((await send('DELETE', 'chat/override')).status).toBe(404);
      expectRefused(await ask(port, '/chat'));
    } finally {
      await app.close();
    }
  });
});

describe('an uncaught BudgetExceededError', () => {
  // Express writes what its handlers throw.
  beforeEach(() => void jest.spyOn(console, 'error').mockImplementation(() => {}));
  afterEach(() => jest.restoreAllMocks());

  it.each<[string, (monitor: PerformanceMonitor) => RequestListener]>([
    ['Express', expressApp],
    ['Koa', koaApp],
  ])('is answered with 429 and Retry-After by %s', async (_, build) => {
    const monitor = createMonitor({ ...options, budgets: [...options.budgets] });
    monitor.start();
    const server = createServer(build(monitor)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      expect((await ask(portOf(server), '/chat')).status).toBe(200);
      monitor.recordLLMCall({ provider: 'openai', model: 'gpt-4o', durationMs: 1, costUsd: '0.015' });
      expectRefused(await ask(portOf(server), '/chat'));
      const { endpoints } = await monitor.reports.endpoints();
      expect(endpoints['GET /chat']!.errors).toEqual({ quota: 1 });
      expect((await monitor.reports.budgets()).budgets.map(({ state }) => state)).toEqual(['warning', 'exceeded']);
    } finally {
      server.close();
      await monitor.stop();
    }
  });
});

function expressApp(monitor: PerformanceMonitor): RequestListener {
  const { middleware, routes } = onExpress(monitor);
  const app = express().use(middleware, routes).set('env', 'production');
  return app.get('/chat', (_request, response) => {
    checkBudget({ provider: 'openai', model: 'gpt-4o', operation: 'chat' });
    response.end();
  });
}

function koaApp(monitor: PerformanceMonitor): RequestListener {
  const { middleware, routes } = onKoa(monitor);
  const app = new Koa().use(middleware).use(routes);
  app.silent = true;
  app.use(async (context: Koa.Context & { _matchedRoute?: string }) => {
    // As `@koa/router` notes its matches.
    context._matchedRoute = '/chat';
    checkBudget({ provider: 'openai', model: 'gpt-4o', operation: 'chat' });
    context.status = 200;
  });
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}
