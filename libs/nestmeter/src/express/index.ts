import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { PerformanceMonitor } from '../monitor.js';
import { expressRoute, noteRoutes } from '../record/express-route.js';
import { timeRequest } from '../record/node-response.js';
import { answerOnNode } from '../serve/node-handler.js';

export * from '../core.js';

/** What {@link nestmeter} makes of a monitor. */
export interface ExpressEdge {
  /** Times every request that comes after it. `app.use(middleware)` before anything else. */
  readonly middleware: RequestHandler;
  /** Serves the routes under the option `prefix` and passes everything else on. `app.use(routes)` at the root. */
  readonly routes: RequestHandler;
}

/** Connects a monitor to an Express application: `app.use(middleware, routes)`. Does nothing when disabled. */
export function nestmeter(monitor: PerformanceMonitor): ExpressEdge {
  if (!monitor.enabled) return { middleware: passOn, routes: passOn };
  const { http, routes: server } = monitor;
  return {
    middleware(request: Request, response: Response, next: NextFunction): void {
      if (server.owns(request.originalUrl)) return next();
      noteRoutes(request);
      const active = timeRequest(http, request, response, request.originalUrl, () => expressRoute(request));
      if (active === null) next();
      else active.run(next);
    },
    routes(request: Request, response: Response, next: NextFunction): void {
      const { url } = request;
      if (!server.owns(url)) return next();
      const parsed: unknown = request.body;
      void answerOnNode(server, request, response, { url, native: request, parsed });
    },
  };
}

function passOn(_request: Request, _response: Response, next: NextFunction): void {
  next();
}
