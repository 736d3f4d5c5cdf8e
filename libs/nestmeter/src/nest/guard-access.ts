import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { from, isObservable, lastValueFrom } from 'rxjs';
import type { AccessFunction, AccessOptions, Credentials } from '../serve/access.js';
import type { NativeExchange } from './http-edge.js';

/** A guard, by class or as an instance, beside the credentials that every framework knows. */
export type NestCredentials = Credentials | Type<CanActivate> | CanActivate;

/** As {@link AccessOptions}, with guards of the application. */
export interface NestAccessOptions extends Omit<AccessOptions, 'read' | 'write'> {
  readonly read?: NestCredentials | undefined;
  readonly write?: NestCredentials | undefined;
}

/**
 * Turns guards into access functions. They run before any middleware of the application, so they find a request with
 * headers, but no session and no parsed body; its class and handler stand for the toolkit's routes.
 */
export function guardsAsAccess(
  access: NestAccessOptions | AccessFunction | undefined,
  moduleRef: ModuleRef,
): AccessOptions | AccessFunction | undefined {
  if (access === undefined || typeof access === 'function' || access === null) return access;
  const { read, write, ...rest } = access;
  return {
    ...rest,
    ...(read !== undefined && { read: asCredentials(read, moduleRef) }),
    ...(write !== undefined && { write: asCredentials(write, moduleRef) }),
  };
}

function asCredentials(given: NestCredentials, moduleRef: ModuleRef): Credentials {
  if (isGuard(given)) return byGuard(async () => given);
  if (isGuardClass(given)) return byGuard(() => instanceOf(given, moduleRef));
  return given;
}

function byGuard(resolve: () => Promise<CanActivate>): AccessFunction {
  let guard: Promise<CanActivate> | undefined;
  return async ({ native }) => {
    const { canActivate } = await (guard ??= resolve());
    const result = canActivate.call(await guard, contextOf(native as NativeExchange));
    return isObservable(result) ? lastValueFrom(from(result), { defaultValue: false }) : result;
  };
}

/** The application's own instance where it has one, so that it is configured alike. */
async function instanceOf(guard: Type<CanActivate>, moduleRef: ModuleRef): Promise<CanActivate> {
  try {
    return moduleRef.get<CanActivate>(guard, { strict: false });
  } catch {
    return moduleRef.create(guard);
  }
}

function isGuard(given: NestCredentials): given is CanActivate {
  return typeof given === 'object' && 'canActivate' in given && typeof given.canActivate === 'function';
}

function isGuardClass(given: NestCredentials): given is Type<CanActivate> {
  return typeof given === 'function' && typeof (given as Type<CanActivate>).prototype?.canActivate === 'function';
}

/** What guards see as the controller and handler of our routes. */
class PerformanceRoutes {
  answer(): void {}
}

/** The execution context of a request for our routes. */
function contextOf({ request, response }: NativeExchange): ExecutionContext {
  const args = [request, response];
  const other = (name: string) => (): never => {
    throw new TypeError(`The context must be used as HTTP, got a switch to ${name}. Use switchToHttp().`);
  };
  const context: Record<keyof ExecutionContext, unknown> = {
    getClass: () => PerformanceRoutes,
    getHandler: () => PerformanceRoutes.prototype.answer,
    getArgs: () => args,
    getArgByIndex: (index: number) => args[index],
    getType: () => 'http',
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => response, getNext: () => () => {} }),
    switchToRpc: other('RPC'),
    switchToWs: other('WebSocket'),
  };
  return context as unknown as ExecutionContext;
}
