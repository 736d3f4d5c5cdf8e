import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { PerformanceMonitor } from '../monitor.js';
import { isSkipped, isTracked } from '../record/decorators.js';

/** Counts handlers that no endpoint timing sees as operations: RPC, GraphQL and WebSocket. Leaves out what is marked. */
export class HandlerInterceptor implements NestInterceptor {
  constructor(private readonly monitor: PerformanceMonitor) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const handler = context.getHandler();
    const owner = context.getClass();
    if (isSkipped(handler, owner)) {
      if (context.getType() === 'http') this.monitor.skipCurrentRequest();
      return next.handle();
    }
    // A decorated handler counts itself.
    if (context.getType() === 'http' || isTracked(handler)) return next.handle();
    return this.monitor.track(`${owner.name}.${handler.name}`, () => next.handle());
  }
}

const transports = ['microservices:', 'websockets:', 'graphql:'];

/**
 * Whether an application has handlers that {@link HandlerInterceptor} is for. An interceptor costs every request several
 * microseconds, so that applications which only serve HTTP get none.
 */
export function needsInterceptor(modules: ModulesContainer): boolean {
  const scanner = new MetadataScanner();
  for (const { controllers, providers } of modules.values())
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      if (typeof metatype !== 'function') continue;
      if (isMarked(metatype)) return true;
      const prototype = metatype.prototype as Record<string, unknown> | undefined;
      if (prototype == null) continue;
      for (const name of scanner.getAllMethodNames(prototype)) if (isMarked(prototype[name])) return true;
    }
  return false;
}

function isMarked(target: unknown): boolean {
  if (typeof target !== 'function') return false;
  if (isSkipped(target)) return true;
  const keys: unknown[] = Reflect.getMetadataKeys(target);
  return keys.some((key) => typeof key === 'string' && transports.some((transport) => key.startsWith(transport)));
}
