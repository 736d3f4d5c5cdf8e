import type { IncomingMessage, ServerResponse } from 'node:http';
import { AbstractHttpAdapter } from '@nestjs/core';
import { expressRoute, noteRoutes } from '../record/express-route.js';
import type { HttpRequests } from '../record/http-request.js';
import { timeRequest } from '../record/node-response.js';
import type { RouteServer } from '../serve/handle.js';
import { answerOnNode } from '../serve/node-handler.js';

/** What both adapters hand over: Express gives Node's own objects, Fastify wraps them. */
interface FrameworkRequest {
  readonly raw?: IncomingMessage;
  readonly is404?: boolean;
  readonly routeOptions?: { readonly url?: string | undefined };
}

interface FrameworkResponse {
  readonly raw?: ServerResponse;
  hijack?(): void;
}

type Next = (error?: unknown) => void;
type RequestHook = (request: FrameworkRequest, response: FrameworkResponse, next: Next) => unknown;

/** What a guard needs of a request; see `guard-access.ts`. */
export interface NativeExchange {
  readonly request: unknown;
  readonly response: unknown;
}

/** What the edge works for: the parts of one running monitor. */
export interface EdgeTarget {
  readonly http: HttpRequests;
  readonly routes: RouteServer;
}

/**
 * Lets an HTTP adapter time every request and serve our routes, in front of everything else: CORS, middleware, body
 * parsing, guards, global prefix and versions do not concern our routes, and what any of them refuses is timed.
 *
 * Adapters run one such hook; whoever sets one later runs after ours instead of in its place.
 */
export function installHttpEdge(adapter: AbstractHttpAdapter, { http, routes }: EdgeTarget): void {
  let theirs: RequestHook | undefined;
  const hook: RequestHook = (request, response, next) => {
    const node = request.raw ?? (request as IncomingMessage);
    const nodeResponse = response.raw ?? (response as ServerResponse);
    const url = node.url ?? '/';
    if (routes.owns(url)) {
      response.hijack?.();
      const native: NativeExchange = { request, response };
      return void answerOnNode(routes, node, nodeResponse, { url, native });
    }
    const route = request.raw === undefined ? routeOnExpress : routeOnFastify;
    if (route === routeOnExpress) noteRoutes(request);
    const active = timeRequest(http, node, nodeResponse, url, () => route(request));
    const goOn = theirs === undefined ? next : () => theirs!.call(adapter, request, response, next);
    return active === null ? goOn() : active.run(goOn);
  };

  const slot = adapter as unknown as { onRequestHook?: RequestHook };
  if (adapter.setOnRequestHook === AbstractHttpAdapter.prototype.setOnRequestHook) {
    // An adapter without such hooks: as its first middleware.
    adapter.use(hook);
    return;
  }
  const before = slot.onRequestHook;
  adapter.setOnRequestHook(hook);
  if (slot.onRequestHook !== hook) return;
  theirs = before;
  adapter.setOnRequestHook = (later) => {
    theirs = later as RequestHook;
  };
}

/** Nest mounts its answer for unknown addresses below a global prefix as a route of its own, which is no match. */
function routeOnExpress(request: object): string | null {
  const { route, baseUrl } = request as { route?: { path?: unknown }; baseUrl?: string };
  if (baseUrl && route?.path === '*path') return null;
  return expressRoute(request);
}

function routeOnFastify({ is404, routeOptions }: FrameworkRequest): string | null {
  return is404 === true ? null : (routeOptions?.url ?? null);
}
