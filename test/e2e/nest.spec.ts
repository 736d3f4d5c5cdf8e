import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Controller,
  Get,
  Injectable,
  type INestApplication,
  Module,
  type OnModuleInit,
  Scope,
  SetMetadata,
} from '@nestjs/common';
import { AbstractHttpAdapter, ExternalContextCreator, ModulesContainer, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  PerformanceModule,
  type PerformanceModuleOptions,
  PerformanceMonitor,
  type PerformanceOptionsFactory,
  SkipTracking,
  TrackOperation,
} from 'nestmeter';
import { from, type Observable, of } from 'rxjs';
import { HandlerInterceptor } from '../../libs/nestmeter/src/nest/handler-interceptor.js';
import { ask, portOf } from '../fixtures/http-app.js';

@Injectable()
class Worker implements OnModuleInit {
  onModuleInit() {
    this.warmUp();
  }

  @TrackOperation()
  warmUp() {}

  @TrackOperation('work')
  work() {
    return 'done';
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestWorker {
  @TrackOperation('request-work')
  async work() {
    return 'done';
  }
}

@Controller()
class WorkController {
  constructor(
    private readonly worker: Worker,
    private readonly requestWorker: RequestWorker,
  ) {}

  @Get('work')
  async work() {
    await this.requestWorker.work();
    return this.worker.work();
  }
}

/** Starts an application with its own monitor. */
async function start(app: string, adapter: AbstractHttpAdapter = new ExpressAdapter()): Promise<INestApplication> {
  @Module({
    imports: [PerformanceModule.forRoot({ app })],
    controllers: [WorkController],
    providers: [Worker, RequestWorker],
  })
  class AppModule {}
  const nest = await NestFactory.create(AppModule, adapter, { logger: false });
  await nest.listen(0, '127.0.0.1');
  return nest;
}

const countsOf = async (app: INestApplication) => {
  const { operations } = await app.get(PerformanceMonitor).reports.operations();
  return Object.fromEntries(Object.entries(operations).map(([name, { total_operations }]) => [name, total_operations]));
};

describe('several applications in one process', () => {
  it('keep separate numbers, inside and outside of requests, for request-scoped providers and module hooks too', async () => {
    const first = await start('first');
    const second = await start('second', new FastifyAdapter());
    await ask(portOf(first.getHttpServer()), '/work');
    await ask(portOf(first.getHttpServer()), '/work');
    await ask(portOf(second.getHttpServer()), '/work');
    // No request around: the instance says whose it is.
    second.get(Worker).work();
    expect(await countsOf(first)).toEqual({ 'Worker.warmUp': 1, work: 2, 'request-work': 2 });
    expect(await countsOf(second)).toEqual({ 'Worker.warmUp': 1, work: 2, 'request-work': 1 });
    const { endpoints } = await second.get(PerformanceMonitor).reports.endpoints();
    expect(Object.keys(endpoints)).toEqual(['GET /work']);
    await first.close();
    await second.close();
  });
});

describe('PerformanceModule.forRootAsync', () => {
  @Injectable()
  class Settings implements PerformanceOptionsFactory {
    createPerformanceOptions(): PerformanceModuleOptions {
      return { app: 'by-class' };
    }
  }

  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  it.each([
    ['useFactory', PerformanceModule.forRootAsync({ useFactory: async () => ({ app: 'by-class' }) })],
    ['useClass', PerformanceModule.forRootAsync({ useClass: Settings })],
    ['useExisting', PerformanceModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings })],
    [
      'inject',
      PerformanceModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.createPerformanceOptions(),
      }),
    ],
  ])('takes its options by %s', async (_name, dynamicModule) => {
    @Module({ imports: [dynamicModule] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const monitor = app.get(PerformanceMonitor);
    expect([monitor.options.app, monitor.status()]).toEqual(['by-class', 'running']);
    await app.close();
    expect(monitor.status()).toBe('stopped');
  });

  it('refuses wrong options at the start, all at once', async () => {
    @Module({ imports: [PerformanceModule.forRoot({ app: '', prefix: 'x', publishIntervalMs: 1 })] })
    class AppModule {}
    await expect(NestFactory.create(AppModule, { logger: false, abortOnError: false })).rejects.toMatchObject({
      code: 'NM_OPTION_INVALID',
    });
  });
});

describe('handlers of other transports', () => {
  const storage = new AsyncLocalStorage<string>();

  class Handlers {
    @SetMetadata('graphql:resolver_type', 'Query')
    answer(): Observable<string> {
      return from([storage.getStore() ?? 'one', 'two']);
    }

    failing(): Promise<string> {
      return Promise.reject(new Error('failed'));
    }

    @TrackOperation('own-name')
    decorated() {
      return of('decorated');
    }

    @SkipTracking()
    skipped() {
      return 'skipped';
    }
  }

  it('count as operations, once, when the application has any', async () => {
    @Module({ imports: [PerformanceModule.forRoot({ app: 'transports' })], providers: [Handlers] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    const creator = app.get(ExternalContextCreator);
    const handlers = app.get(Handlers);
    const call = async (name: keyof Handlers) => {
      const handler = creator.create(
        handlers,
        handlers[name],
        name,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        'graphql',
      );
      return (await handler()) as unknown;
    };
    expect(await storage.run('inside', () => call('answer'))).toBe('two');
    await expect(call('failing')).rejects.toThrow('failed');
    expect(await call('decorated')).toBe('decorated');
    expect(await call('skipped')).toBe('skipped');
    expect(await countsOf(app)).toEqual({ 'Handlers.answer': 1, 'Handlers.failing': 1, 'own-name': 1 });
    const { operations } = await app.get(PerformanceMonitor).reports.operations();
    expect(operations['Handlers.failing']).toMatchObject({ errors: { application: 1 } });
    await app.close();
  });

  it('cost an application without them no interceptor', async () => {
    const app = await start('plain');
    const interceptors = [...app.get(ModulesContainer).values()]
      .flatMap(({ providers }) => [...providers.values()])
      .filter(({ instance }) => instance instanceof HandlerInterceptor);
    expect(interceptors).toEqual([]);
    await app.close();
  });
});

describe('the request hook of an adapter', () => {
  it.each([
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ])('still takes the hook of somebody else on %s', async (_name, make) => {
    const adapter = make();
    const calls: string[] = [];
    const hook = (name: string) => (_request: unknown, _response: unknown, next: () => void) => {
      calls.push(name);
      next();
    };
    adapter.setOnRequestHook(hook('before'));
    const app = await start('hooked', adapter);
    await ask(portOf(app.getHttpServer()), '/work');
    adapter.setOnRequestHook(hook('after'));
    await ask(portOf(app.getHttpServer()), '/work');
    expect(calls).toEqual(['before', 'after']);
    const { endpoints } = await app.get(PerformanceMonitor).reports.endpoints();
    expect(endpoints['GET /work']!.stats.total_operations).toBe(2);
    await app.close();
  });

  it('measures requests that are injected without a server', async () => {
    const adapter = new FastifyAdapter();
    const app = await start('injected', adapter);
    const { statusCode } = await adapter.inject({ method: 'GET', url: '/work' });
    expect(statusCode).toBe(200);
    const { endpoints } = await app.get(PerformanceMonitor).reports.endpoints();
    expect(endpoints['GET /work']!.stats.total_operations).toBe(1);
    expect(endpoints['GET /work']!.response_bytes).toBe(4);
    await app.close();
  });
});
