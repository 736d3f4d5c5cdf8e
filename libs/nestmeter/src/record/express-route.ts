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
  app?: { request?: object };
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

/** The template of the route that matched last; null when none did. */
export function expressRoute(request: object): string | null {
  const { [routing]: noted, route, baseUrl } = request as Routed;
  if (noted !== undefined) return noted.template;
  if (route === undefined) return null;
  return `${baseUrl ?? ''}${pathText(route.path)}`;
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
