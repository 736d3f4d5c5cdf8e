import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type ErrorRequestHandler } from 'express';
import Koa, { type Context } from 'koa';
import { nestmeter as onExpress } from 'nestmeter/express';
import { createMonitor, nestmeter as onKoa, type PerformanceMonitor } from 'nestmeter/koa';
import { ask, portOf } from '../fixtures/http-app.js';

const refuse: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) =>
  void response.status(error.status ?? 500).end();

function expressApp(monitor: PerformanceMonitor): RequestListener {
  const { middleware, routes } = onExpress(monitor);
  const things = express.Router();
  things.get('/:id', (request, response) => {
    monitor.recordLLMCall({ provider: 'openai', model: 'gpt-5', durationMs: 2, inputTokens: 3, outputTokens: 4 });
    response.json({ id: request.params.id });
  });
  things.get('/:id/broken', async () => Promise.reject(new Error('broken')));
  things.get('/:id/slow', async (_request, response) => {
    await sleep(50);
    response.end();
  });
  things.post('/', (request, response) => void response.json(request.body));
  return express().use(middleware, routes, express.json()).use('/things', things).use(refuse);
}

/** A router as `@koa/router` notes its matches. */
function koaApp(monitor: PerformanceMonitor): RequestListener {
  const { middleware, routes } = onKoa(monitor);
  const app = new Koa().use(middleware).use(routes);
  app.silent = true;
  app.use(async (context: Context & { _matchedRoute?: string | RegExp }) => {
    const [, id, action] = /^\/things\/([^/]+)\/?(\w*)$/.exec(context.path) ?? [];
    if (context.method === 'POST') {
      context._matchedRoute = '/things';
      context.throw(400);
    }
    if (id === undefined) return;
    context._matchedRoute = action ? `/things/:id/${action}` : '/things/:id';
    if (action === 'broken') throw new Error('broken');
    if (action === 'slow') await sleep(50);
    if (action === '')
      monitor.recordLLMCall({ provider: 'openai', model: 'gpt-5', durationMs: 2, inputTokens: 3, outputTokens: 4 });
    context.body = { id };
  });
  const answer = app.callback();
  return (request, response) => void answer(request, response);
}

describe.each([
  ['Express', expressApp],
  ['Koa', koaApp],
])('requests on %s', (name, build) => {
  it('are timed by template, with what happened inside', async () => {
    const monitor = createMonitor({ app: 'requests', aliases: { '/metrics': '/metrics' } });
    monitor.start();
    const server = createServer(build(monitor)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);

    await ask(port, '/things/1?secret=1');
    await ask(port, '/things/2');
    await ask(port, '/things/3/broken');
    await ask(port, '/none');
    await ask(port, '/things', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
    const leaving = httpRequest({ host: '127.0.0.1', port, path: '/things/4/slow', agent: false }).end();
    leaving.on('error', () => {});
    await sleep(20);
    leaving.destroy();
    await sleep(60);
    await ask(port, '/performance/providers');
    await ask(port, '/metrics');

    const { endpoints } = await monitor.reports.endpoints();
    // Express has not reached the router inside when its body parser refuses.
    const posted = name === 'Express' ? 'POST __unmatched__' : 'POST /things';
    expect(Object.keys(endpoints).sort()).toEqual(
      ['GET /things/:id', 'GET /things/:id/broken', 'GET /things/:id/slow', 'GET __unmatched__', posted].sort(),
    );
    expect(endpoints['GET /things/:id']).toMatchObject({
      stats: { total_operations: 2 },
      tokens: { input_tokens: 6, output_tokens: 8 },
    });
    expect(endpoints['GET /things/:id/broken']).toMatchObject({ status_code_counts: { 500: 1 } });
    expect(endpoints['GET /things/:id/slow']).toMatchObject({ aborted: 1 });
    expect(endpoints[posted]).toMatchObject({ status_code_counts: { 400: 1 } });
    server.close();
    await monitor.stop();
  });
});
