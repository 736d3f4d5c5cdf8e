/*
 * The route template of an Express request. Express says it as `req.route.path` below `req.baseUrl`; but an error handler
 * further up runs when `baseUrl` is already back at its root, and `baseUrl` of a router mounted at a path with parameters
 * holds their values, which must never become a label. So both are noted at the moment when Express sets them.
 */

interface Routing {
  /** Each `baseUrl` seen, the innermost last, with what it is a value of. */
  readonly bases: { readonly url: string; readonly template: string }[];
  url: string;
  route: unknown;
  template: string | null;
}

const routing = Symbol('nestmeter.routing');

interface Routed {
  [routing]?: Routing;
  params?: Readonly<Record<string, unknown>>;
  route?: { path?: unknown };
  baseUrl?: string;
  method?: string;
  originalUrl?: string;
  app?: { request?: object; router?: { stack?: Layer[] }; _router?: { stack?: Layer[] } };
}

const watched = new WeakSet<object>();

/** Lets the requests of an application note their routes; called with each, before it is routed. */
export function noteRoutes(request: object): void {
  const routed = request as Routed;
  const prototype = routed.app?.request;
  if (prototype === undefined) return;
  if (!watched.has(prototype)) watch(prototype);
  // On requests that were under way before, Express has already made it a property of their own.
  if (!Object.hasOwn(routed, 'baseUrl')) return;
  const { baseUrl } = routed;
  delete routed.baseUrl;
  routed.baseUrl = baseUrl ?? '';
}

function watch(prototype: object): void {
  watched.add(prototype);
  Object.defineProperties(prototype, {
    route: {
      configurable: true,
      enumerable: true,
      get(this: Routed) {
        return this[routing]?.route;
      },
      set(this: Routed, route: { path?: unknown } | undefined) {
        const noted = (this[routing] ??= begun());
        noted.route = route;
        if (route !== undefined) noted.template = templateOf(noted, route);
      },
    },
    baseUrl: {
      configurable: true,
      enumerable: true,
      get(this: Routed) {
        return this[routing]?.url;
      },
      set(this: Routed, url: string) {
        const noted = (this[routing] ??= begun());
        noted.url = url;
        enter(noted, url ?? '', this.params ?? {});
      },
    },
  });
}

/**
 * The template of the route that matched last; null when none did. Middleware refuses some requests before they are
 * routed, a body parser for one: those belong to the route of the application that they would have reached.
 */
export function expressRoute(request: object): string | null {
  const routed = request as Routed;
  return routed[routing]?.template ?? routeAhead(routed);
}

interface Layer {
  readonly route?: { readonly path?: unknown; readonly methods?: Readonly<Record<string, boolean>> };
  match?(path: string): boolean;
}

/** Looks through the application's own routes, not those of routers inside; as Express does, the first that fits counts. */
function routeAhead({ app, method = '', originalUrl = '' }: Routed): string | null {
  const path = originalUrl.split('?', 1)[0]!;
  const name = method.toLowerCase();
  try {
    // Express 4 keeps it under the second name, and its `router` throws.
    const layers = (app?._router ?? app?.router)?.stack ?? [];
    const found = layers.find(
      (layer) => (layer.route?.methods?.[name] ?? layer.route?.methods?.['_all']) && layer.match?.(path),
    );
    return found === undefined ? null : pathText(found.route!.path);
  } catch {
    // The path is not encoded properly.
    return null;
  }
}

function begun(): Routing {
  return { bases: [{ url: '', template: '' }], url: '', route: undefined, template: null };
}

function enter({ bases }: Routing, url: string, params: Readonly<Record<string, unknown>>): void {
  while (bases.length > 1 && !url.startsWith(bases.at(-1)!.url)) bases.pop();
  const { url: outer, template } = bases.at(-1)!;
  if (url === outer) return;
  bases.push({ url, template: template + parametersNamed(url.slice(outer.length), params) });
}

/** A stretch of path in which values of parameters are replaced by their names. */
function parametersNamed(path: string, params: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(params);
  if (names.length === 0) return path;
  return path
    .split('/')
    .map((segment) => {
      const name = names.find((key) => segment !== '' && params[key] === decoded(segment));
      return name === undefined ? segment : `:${name}`;
    })
    .join('/');
}

function templateOf({ bases }: Routing, { path }: { path?: unknown }): string {
  const base = bases.at(-1)!.template;
  const own = pathText(path);
  return own === '/' && base !== '' ? base : `${base}${own}`;
}

/** A route may have a list of paths, or a regular expression. */
function pathText(path: unknown): string {
  return Array.isArray(path) ? path.map(String).join('|') : String(path ?? '');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
