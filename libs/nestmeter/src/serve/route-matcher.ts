import type { Route } from './route.js';

/** A route that fits a path, with the parts that it leaves open. */
export interface RouteMatch {
  readonly route: Route;
  readonly parts: Readonly<Record<string, string>>;
}

/** What a URL asks for. */
export interface MatchedUrl {
  /** Path below the prefix, aliases resolved. */
  readonly path: string;
  /** Path as the client sent it. */
  readonly sentPath: string;
  /** Without its `?`. */
  readonly query: string;
  /** Routes of that path, one for each method; empty when there is none. */
  readonly matches: readonly RouteMatch[];
}

const longestPath = 512;

/**
 * Finds routes by URL. Paths are compared as they came, but for one slash at the end: an encoded slash, dots or another
 * case are another path, which does not exist.
 */
export class RouteMatcher {
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #routes: readonly { route: Route; segments: readonly string[] }[];

  constructor(
    routes: readonly Route[],
    private readonly prefix: string,
    aliases: Readonly<Record<string, string>>,
  ) {
    this.#aliases = new Map(Object.entries(aliases));
    this.#routes = routes.map((route) => ({ route, segments: route.path.split('/') }));
  }

  /** Whether a URL lies under the prefix or is an alias. */
  owns(url: string): boolean {
    const { prefix } = this;
    if (url.startsWith(prefix)) {
      const next = url.charCodeAt(prefix.length);
      if (url.length === prefix.length || next === slash || next === questionMark) return true;
    }
    return this.#aliases.size > 0 && this.#aliases.has(withoutSlash(url.split('?', 1)[0]!));
  }

  /** What a URL asks for; nothing when it is not ours. */
  match(url: string): MatchedUrl {
    const at = url.indexOf('?');
    const query = at === -1 ? '' : url.slice(at + 1);
    const sentPath = (at === -1 ? url : url.slice(0, at)).slice(0, longestPath);
    const whole = withoutSlash(sentPath);
    const path = this.#aliases.get(whole) ?? below(whole, this.prefix);
    const segments = path.split('/');
    const matches: RouteMatch[] = [];
    if (!this.owns(url)) return { path, sentPath, query, matches };
    for (const { route, segments: pattern } of this.#routes) {
      const parts = fit(pattern, segments);
      if (parts !== null) matches.push({ route, parts });
    }
    return { path, sentPath, query, matches };
  }
}

const slash = 47;
const questionMark = 63;

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Path below the prefix: `/` for the prefix itself, and another for one slash too many. */
function below(path: string, prefix: string): string {
  const rest = path.slice(prefix.length);
  return rest === '' ? '/' : rest === '/' ? '//' : rest;
}

function fit(pattern: readonly string[], segments: readonly string[]): Readonly<Record<string, string>> | null {
  if (pattern.length !== segments.length) return null;
  const parts = Object.create(null) as Record<string, string>;
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!;
    if (part === segment) continue;
    if (!part.startsWith(':') || segment === '') return null;
    const decoded = decode(segment);
    if (decoded === null) return null;
    parts[part.slice(1)] = decoded;
  }
  return parts;
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
