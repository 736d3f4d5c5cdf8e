/*
 * A Nest application with one bare route on Express, measured by one of several means; started by http.mjs.
 * Arguments: what measures it, port of Redis. Messages: tells its port; answers anything with the processor time it used
 * so far, in milliseconds.
 */
import 'reflect-metadata';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';

const [means, redisPort] = process.argv.slice(2);

class Hello {
  hello(id) {
    return { hello: id };
  }
}
Get('hello/:id')(Hello.prototype, 'hello', Object.getOwnPropertyDescriptor(Hello.prototype, 'hello'));
Param('id')(Hello.prototype, 'hello', 0);
Controller()(Hello);

const prepare = {
  bare: () => {},
  async nestmeter({ imports }) {
    const { PerformanceModule } = await import('../libs/nestmeter/dist/index.js');
    const redis = `redis://127.0.0.1:${redisPort}`;
    imports.push(PerformanceModule.forRoot({ app: 'bench', redis, logLevel: 'silent' }));
  },
  async express_prom_bundle({ middleware }) {
    const { default: bundle } = await import('express-prom-bundle');
    middleware.push(bundle({ includeMethod: true, includePath: true }));
  },
  async swagger_stats({ middleware }) {
    const { default: stats } = await import('swagger-stats');
    middleware.push(stats.getMiddleware({}));
  },
  redis_pipeline({ middleware }) {
    const redis = new Redis({ port: Number(redisPort), host: '127.0.0.1' });
    middleware.push((request, response, next) => {
      const started = performance.now();
      response.once('finish', () => {
        const elapsedMs = performance.now() - started;
        const key = `requests:${request.method}:${request.route.path}:${Math.floor(Date.now() / 10_000)}`;
        redis
          .pipeline()
          .hincrby(key, 'count', 1)
          .hincrby(key, `status:${response.statusCode}`, 1)
          .hincrby(key, 'us', Math.round(elapsedMs * 1000))
          .hincrby(key, `le:${Math.ceil(Math.log2(elapsedMs * 1000))}`, 1)
          .expire(key, 3600)
          .exec()
          .catch(() => {});
      });
      next();
    });
  },
};

const parts = { imports: [], middleware: [] };
await prepare[means](parts);
// oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is a class
class App {}
Module({ imports: parts.imports, controllers: [Hello] })(App);
const app = await NestFactory.create(App, { logger: false });
for (const middleware of parts.middleware) app.use(middleware);
const server = await app.listen(0, '127.0.0.1');

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
process.send({ port: server.address().port });
