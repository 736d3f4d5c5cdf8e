import { once } from 'node:events';
import { createServer } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { ask, portOf } from '../../../../test/fixtures/http-app.js';
import { expressRoute, noteRoutes } from './express-route.js';

/** Asks an application and says which template it noted for each request. */
async function templatesOf(build: (app: Express) => void, asked: [method: string, path: string][]) {
  const templates: (string | null)[] = [];
  const app = express();
  app.use((request, response, next) => {
    noteRoutes(request);
    response.once('finish', () => templates.push(expressRoute(request)));
    next();
  });
  build(app);
  const server = createServer(app).listen(0);
  await once(server, 'listening');
  for (const [method, path] of asked) await ask(portOf(server), path, { method });
  server.close();
  return templates;
}

const fail: ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).end();

describe('expressRoute', () => {
  it('is the template of the route with that of the router around it, also when an error handler answers', async () => {
    const build = (app: Express) => {
      const users = express.Router({ mergeParams: true });
      users.get('/', (_request, response) => void response.end());
      users.get('/:id/posts', (_request, response) => void response.end());
      users.get('/:id/broken', () => {
        throw new Error('broken');
      });
      app.use('/users', users);
      app.get(['/one', '/two'], (_request, response) => void response.end());
      app.get(/^\/plain-\d+$/, (_request, response) => void response.end());
      app.use(fail);
    };
    expect(
      await templatesOf(build, [
        ['GET', '/users/42/posts?a=1'],
        ['GET', '/users/42/broken'],
        ['GET', '/users/'],
        ['GET', '/two'],
        ['GET', '/plain-7'],
        ['GET', '/users/42/nothing'],
        ['GET', '/nothing'],
      ]),
    ).toEqual(['/users/:id/posts', '/users/:id/broken', '/users', '/one|/two', '/^\\/plain-\\d+$/', null, null]);
  });

  it('never holds values of parameters, of mounted routers and applications neither', async () => {
    const build = (app: Express) => {
      const orders = express.Router();
      orders.get('/:order', (_request, response) => void response.end());
      const tenant = express();
      tenant.use('/accounts/:account', orders);
      app.use('/tenants/:tenant', tenant);
      app.use(fail);
    };
    const template = '/tenants/:tenant/accounts/:account/:order';
    expect(
      await templatesOf(build, [
        ['GET', '/tenants/acme/accounts/12/77'],
        ['GET', '/tenants/a%20b/accounts/a/a'],
      ]),
    ).toEqual([template, template]);
  });

  it('is the route ahead when middleware answers before it', async () => {
    const build = (app: Express) => {
      app.use((_request, response) => void response.status(401).end());
      app.get('/reports/:id', (_request, response) => void response.end());
      app.post('/reports', (_request, response) => void response.end());
    };
    expect(
      await templatesOf(build, [
        ['GET', '/reports/5?x=1'],
        ['POST', '/reports'],
        ['DELETE', '/reports'],
        ['GET', '/reports/%'],
        ['GET', '/else'],
      ]),
    ).toEqual(['/reports/:id', '/reports', null, null, null]);
  });
});
