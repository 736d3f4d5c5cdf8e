import type { Context, Middleware, Next } from 'koa';
import type { PerformanceMonitor } from '../monitor.js';
import { timeRequest } from '../record/node-response.js';
import { answerOnNode } from '../serve/node-handler.js';

export * from '../core.js';

/** What {@link nestmeter} makes of a monitor. */
export interface KoaEdge {
  /** Times every request that comes after it. `app.use(middleware)` before anything else. */
  readonly middleware: Middleware;
  /** Serves the routes under the option `prefix` and passes everything else on. `app.use(routes)`. */
  readonly routes: Middleware;
}

/** Options of {@link nestmeter} for Koa. */
export interface KoaEdgeOptions {
  /**
   * The route template of a request, null when no route matched; Koa itself has no routes. Default: what `@koa/router`
   * notes on the context. Must not contain values of the request.
   */
  readonly route?: ((context: Context) => string | null) | undefined;
}

/** Connects a monitor to a Koa application. Does nothing when disabled. */
export function nestmeter(monitor: PerformanceMonitor, { route = routerPath }: KoaEdgeOptions = {}): KoaEdge {
  if (!monitor.enabled) return { middleware: passOn, routes: passOn };
  const { http, routes: server } = monitor;
  return {
    middleware(context: Context, next: Next): Promise<unknown> {
      const { req, res, originalUrl } = context;
      if (server.owns(originalUrl)) return next();
      const active = timeRequest(http, req, res, originalUrl, () => route(context));
      return active === null ? next() : active.run(next);
    },
    async routes(context: Context, next: Next): Promise<unknown> {
      const { req, res, url } = context;
      if (!server.owns(url)) return next();
      // Koa would answer for itself once we return.
      context.respond = false;
      const { body } = context.request as { body?: unknown };
      return answerOnNode(server, req, res, { url, native: context, parsed: body });
    },
  };
}

/** Not in Koa's types: the router adds it once a layer with a method has matched. */
function routerPath(context: Context): string | null {
  const { _matchedRoute: path } = context as { _matchedRoute?: string | RegExp };
  return path === undefined ? null : String(path);
}

function passOn(_context: Context, next: Next): Promise<unknown> {
  return next();
}
