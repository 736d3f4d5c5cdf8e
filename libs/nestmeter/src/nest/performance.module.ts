import 'reflect-metadata';
import {
  type BeforeApplicationShutdown,
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { createMonitor, PerformanceMonitor } from '../monitor.js';
import type { MonitorOptions } from '../options.js';
import type { AccessFunction } from '../serve/access.js';
import { BudgetExceededFilter } from './budget-exceeded.filter.js';
import { guardsAsAccess, type NestAccessOptions } from './guard-access.js';
import { HandlerInterceptor, needsInterceptor } from './handler-interceptor.js';
import { installHttpEdge } from './http-edge.js';
import { ownedInstances } from './owned-instances.js';

/** Options of {@link PerformanceModule}: those of every monitor, with guards of the application in `access`. */
export interface PerformanceModuleOptions extends Omit<MonitorOptions, 'access'> {
  readonly access?: NestAccessOptions | AccessFunction | undefined;
}

/** What a class given to `forRootAsync` as `useClass` or `useExisting` makes. */
export interface PerformanceOptionsFactory {
  createPerformanceOptions(): PerformanceModuleOptions | Promise<PerformanceModuleOptions>;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<PerformanceModuleOptions>({
  moduleName: 'Performance',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createPerformanceOptions')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/**
 * Measures a Nest application: import it once, with `forRoot` or `forRootAsync`, and every request is timed, decorated
 * methods are tracked, {@link PerformanceMonitor} can be injected, and the routes answer under `prefix`.
 *
 * The routes lie in front of the application: the global prefix, versioning, guards, pipes, interceptors and middleware
 * do not apply to them. `access` alone decides who may use them.
 */
@Module({
  providers: [
    {
      provide: PerformanceMonitor,
      inject: [MODULE_OPTIONS_TOKEN, ModuleRef],
      useFactory: ({ access, ...options }: PerformanceModuleOptions, moduleRef: ModuleRef): PerformanceMonitor =>
        createMonitor({ ...options, access: guardsAsAccess(access, moduleRef) }),
    },
    {
      provide: APP_INTERCEPTOR,
      inject: [PerformanceMonitor, ModulesContainer],
      // Nest leaves out a global interceptor whose factory answers null.
      useFactory: (monitor: PerformanceMonitor, modules: ModulesContainer): HandlerInterceptor | null =>
        monitor.enabled && needsInterceptor(modules) ? new HandlerInterceptor(monitor) : null,
    },
    {
      provide: APP_FILTER,
      inject: [HttpAdapterHost],
      useFactory: (host: HttpAdapterHost): BudgetExceededFilter => new BudgetExceededFilter(host),
    },
  ],
  exports: [PerformanceMonitor],
})
export class PerformanceModule
  extends ConfigurableModuleClass
  implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    @Inject(PerformanceMonitor) private readonly monitor: PerformanceMonitor,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {
    super();
    if (!monitor.enabled) return;
    const { http, routes } = monitor;
    // Now when Nest made the application at once, later when a test does; never without HTTP.
    host.init$.subscribe(() => {
      if (host.httpAdapter) installHttpEdge(host.httpAdapter, { http, routes });
    });
  }

  /** Global modules come first, so that what other modules do in this hook is measured. */
  onModuleInit(): void {
    for (const instance of ownedInstances(this.modules)) this.monitor.own(instance);
    this.monitor.start();
  }

  /** Ends the live streams: Nest closes the server next, which waits for open connections. */
  beforeApplicationShutdown(): void {
    if (this.monitor.enabled) this.monitor.routes.close();
  }

  /** The server is closed and the last request counted. */
  async onApplicationShutdown(): Promise<void> {
    await this.monitor.stop();
  }
}
