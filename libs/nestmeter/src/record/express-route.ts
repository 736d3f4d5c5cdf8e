/*
 * The route template of an Express request. Express says it as `req.route.path` below `req.baseUrl`; but an error handler
 * further up runs when `baseUrl` is already back at its root, and `baseUrl` of a router mounted at a path with parameters
 * holds their values, which must never become a label. So each `baseUrl` is noted at the moment when Express sets it.
 * Requests that never enter a mounted router, which are all of Nest's, note nothing.
 */

interface Routing {
  /** Each `baseUrl` around the present router, the innermost last, with what it is a value of. */
  readonly bases: { readonly url: string; readonly template: string }[];
  url: string;
  /** The last route that matched in a router that was left since, with its template. */
  left: unknown;
  template: string | null;
}

const routing = Symbol('nestmeter.routing');

interface Layer {
  readonly route?: { readonly path?: unknown; readonly methods?: Readonly<Record<string, boolean>> };
  match?(path: string): boolean;
}

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
  if (prototype === undefined || watched.has(prototype)) return;
  watched.add(prototype);
  Object.defineProperty(prototype, 'baseUrl', {
    configurable: true,
    enumerable: true,
    get(this: Routed) {
      return this[routing]?.url ?? '';
    },
    set(this: Routed, url: string | undefined) {
      const noted = this[routing];
      if (noted !== undefined) enter(this, noted, url ?? '');
      else if (url) enter(this, (this[routing] = begun(this)), url);
    },
  });
  // This one request was under way before: Express has already made it a property of its own.
  const { baseUrl } = routed;
  delete routed.baseUrl;
  routed.baseUrl = baseUrl ?? '';
}

/**
 * The template of the route that matched last; null when none did. Middleware refuses some requests before they are
 * routed, a body parser for one: those belong to the route of the application that they would have reached.
 */
export function expressRoute(request: object): string | null {
  const routed = request as Routed;
  const { [routing]: noted, route } = routed;
  if (noted !== undefined && route === noted.left) return noted.template ?? routeAhead(routed);
  if (route == null) return routeAhead(routed);
  return templateOf(noted?.bases.at(-1)?.template ?? routed.baseUrl ?? '', route);
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

function begun({ route }: Routed): Routing {
  const template = route == null ? null : templateOf('', route);
  return { bases: [{ url: '', template: '' }], url: '', left: route, template };
}

function enter({ params = {}, route }: Routed, noted: Routing, url: string): void {
  const { bases } = noted;
  noted.url = url;
  if (route !== noted.left) {
    noted.left = route;
    noted.template = route == null ? null : templateOf(bases.at(-1)!.template, route);
  }
  while (bases.length > 1 && !url.startsWith(bases.at(-1)!.url)) bases.pop();
  const { url: outer, template } = bases.at(-1)!;
  if (url !== outer) bases.push({ url, template: template + parametersNamed(url.slice(outer.length), params) });
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

function templateOf(base: string, { path }: { path?: unknown }): string {
  const own = pathText(path);
  return own === '/' && base !== '' ? base : `${base}${own}`;
}

/** A route may have a list of paths, or a regular expression. */
function pathText(path: unknown): string {
  if (Array.isArray(path)) return path.map(pathText).join('|');
  return typeof path === 'string' || path instanceof RegExp ? String(path) : '';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
