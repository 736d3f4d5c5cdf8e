import { type ErrorCode, NestmeterError } from '../errors.js';
import { readQuery } from '../report/report.js';
import { Access, type AccessLevel, type Verdict } from './access.js';
import { LiveStreams, type ServerSentEvents } from './live.js';
import type { MonitorView } from './monitor-view.js';
import { Exposition } from './prometheus.js';
import { readBody } from './request-body.js';
import { parseQuery } from './query-string.js';
import { RateLimit } from './rate-limit.js';
import { addressKey, clientAddress, headerOf, type RequestHeaders } from './remote-address.js';
import type { Route, RouteAnswer, RouteRequest, ServeContext } from './route.js';
import { RouteMatcher } from './route-matcher.js';
import { liveSnapshot, routeTable } from './routes.js';

/** The answer to a {@link RouteRequest}. */
export interface RouteResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | ServerSentEvents;
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  NM_QUERY_INVALID: 400,
  NM_BODY_INVALID: 400,
  NM_CONFIG_INVALID: 400,
  NM_UNAUTHORIZED: 401,
  NM_FORBIDDEN: 403,
  NM_ORIGIN_REFUSED: 403,
  NM_NOT_FOUND: 404,
  NM_METHOD_NOT_ALLOWED: 405,
  NM_CONFIG_CONFLICT: 409,
  NM_RATE_LIMITED: 429,
  NM_BUDGET_EXCEEDED: 429,
  NM_STORE_UNREACHABLE: 503,
  NM_TOO_MANY_STREAMS: 503,
};

const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

type Headers = Record<string, string>;

/** Thrown to answer something else than 200. */
class Refusal extends NestmeterError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly headers: Readonly<Headers> = {},
  ) {
    super({ code, message });
  }
}

/**
 * Answers requests for the routes of one monitor: who may ask, how often, whether the question can be understood, and the
 * answer. Knows no framework; edges translate. Never throws and never rejects.
 */
export class RouteServer {
  readonly #context: ServeContext;
  readonly #access: Access;
  readonly #matcher: RouteMatcher;
  readonly #reads: RateLimit;
  readonly #failedLogins: RateLimit;

  constructor(
    private readonly view: MonitorView,
    routes: readonly Route[] = routeTable,
  ) {
    const live = new LiveStreams(view, () => liveSnapshot(view));
    this.#context = { view, live, exposition: new Exposition(view) };
    this.#access = new Access(view.access, (error) => view.failed('access', error));
    this.#matcher = new RouteMatcher(routes, view.prefix, view.aliases);
    this.#reads = new RateLimit(() => view.limits.readsPerMinute, view.clock);
    this.#failedLogins = new RateLimit(() => view.limits.failedLoginsPerMinute, view.clock);
  }

  /**
   * Whether a request to the application's port is for us: everything under the prefix is, and the aliases, unless the
   * routes have a port of their own. Cheap: asked for every request.
   */
  owns(url: string): boolean {
    return !this.view.hasOwnPort && this.#matcher.owns(url);
  }

  /** Metrics as Prometheus text, as GET /metrics answers them. */
  get exposition(): Exposition {
    return this.#context.exposition;
  }

  /** Ends the live streams, so that a server waiting for its connections can close. */
  close(): void {
    this.#context.live.close();
  }

  /** Answers a request. */
  async handle(request: RouteRequest): Promise<RouteResponse> {
    const headers: Headers = { ...securityHeaders, ...this.#corsHeaders(request.headers) };
    // A browser asks for permission without credentials.
    if (request.method === 'OPTIONS' && 'access-control-allow-origin' in headers)
      return { status: 204, headers, body: '' };
    try {
      return { ...written(await this.#answer(request), headers), status: 200 };
    } catch (error) {
      return this.#failure(error, headers);
    }
  }

  async #answer(request: RouteRequest): Promise<RouteAnswer> {
    const { path, query, matches } = this.#matcher.match(request.url);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const match = matches.find(({ route }) => route.method === method);
    const asked = match?.route.access ?? (method === 'GET' || method === 'OPTIONS' ? 'read' : 'write');
    const address = clientAddress(request.headers, request.remoteAddress, this.#access.trustedProxies);
    const caller = addressKey(address);
    const principal = await this.#admit(request, path, asked, address, caller);
    if (match === undefined) {
      if (matches.length === 0) throw notFound();
      const allow = [...new Set(matches.map(({ route }) => route.method))].flatMap(withHead).join(', ');
      throw new Refusal('NM_METHOD_NOT_ALLOWED', `The method must be one of ${allow}. Use one of them.`, { allow });
    }
    const { route } = match;
    if (route.limited) this.#limit(this.#reads, `${principal} ${caller}`);
    const call = {
      query: readQuery(route, { ...parseQuery(query) }),
      path: match.parts,
      body: route.body === null ? null : await readBody(route.body, request, this.view.limits.bodyBytes),
      principal,
      ifMatch: headerOf(request.headers, 'if-match') ?? null,
    };
    return route.handle(this.#context, call);
  }

  /** Lets a request pass or throws; answers who asks. */
  async #admit(
    request: RouteRequest,
    path: string,
    asked: AccessLevel | 'open',
    address: string,
    caller: string,
  ): Promise<string> {
    const { method, headers, native, remoteAddress } = request;
    const level = asked === 'open' ? 'read' : asked;
    // Before any comparison: else guessing would go on, only without an answer for the wrong ones.
    const wait = this.#failedLogins.wait(caller);
    const guesses = headers['authorization'] !== undefined || headers['cookie'] !== undefined;
    if (wait > 0 && guesses) throw tooMany(wait);
    const verdict = await this.#access.judge({ method, path, level, headers, address, native }, remoteAddress);
    if (verdict.outcome !== 'granted' && !(asked === 'open' && verdict.outcome !== 'hidden'))
      throw this.#refusal(verdict, level, caller);
    if (level === 'write') this.#sameOrigin(headers);
    return verdict.outcome === 'granted' ? verdict.principal : 'open';
  }

  #refusal(verdict: Exclude<Verdict, { outcome: 'granted' }>, level: AccessLevel, caller: string): Refusal {
    if (verdict.outcome === 'hidden') return notFound();
    if (verdict.outcome === 'forbidden')
      return new Refusal('NM_FORBIDDEN', `The credentials must be of level ${level}, got others. Use those.`);
    this.#limit(verdict.attempted ? this.#failedLogins : this.#reads, verdict.attempted ? caller : `? ${caller}`);
    const message = 'The request must carry credentials, got none that are valid. Send Authorization: Bearer <token>.';
    return new Refusal('NM_UNAUTHORIZED', message, { 'www-authenticate': 'Bearer realm="nestmeter"' });
  }

  #limit(limit: RateLimit, key: string): void {
    const seconds = limit.take(key);
    if (seconds > 0) throw tooMany(seconds);
  }

  /** A browser says where a request comes from; what changes something must come from our own page. */
  #sameOrigin(headers: RequestHeaders): void {
    const origin = headerOf(headers, 'origin');
    const site = headerOf(headers, 'sec-fetch-site');
    const host = headerOf(headers, 'host');
    const own = origin === undefined || /^https?:\/\/(.+)$/.exec(origin)?.[1] === host;
    if (own && (site === undefined || site === 'same-origin' || site === 'none')) return;
    throw new Refusal('NM_ORIGIN_REFUSED', 'A change must come from the same origin. Send it from the page itself.');
  }

  #corsHeaders(headers: RequestHeaders): Headers {
    const { corsOrigins } = this.view;
    if (corsOrigins.length === 0) return {};
    const origin = headerOf(headers, 'origin');
    if (origin === undefined || !corsOrigins.includes(origin)) return { vary: 'origin' };
    return {
      vary: 'origin',
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization',
      'access-control-allow-methods': 'GET',
      'cross-origin-resource-policy': 'cross-origin',
    };
  }

  #failure(error: unknown, headers: Headers): RouteResponse {
    const known = error instanceof NestmeterError ? statusOf[error.code] : undefined;
    if (known === undefined) this.view.failed('serve', error);
    const { code, message } =
      known === undefined
        ? { code: 'NM_INTERNAL', message: 'The answer could not be made. Look into the log of the service.' }
        : (error as NestmeterError);
    const more = error instanceof Refusal ? error.headers : {};
    const answer = written({ kind: 'json', value: { error: { code, message } } }, { ...headers, ...more });
    return { ...answer, status: known ?? 500 };
  }
}

function written(answer: RouteAnswer, headers: Headers): Omit<RouteResponse, 'status'> {
  if (answer.kind === 'events')
    return { headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' }, body: answer.events };
  const body = answer.kind === 'text' ? answer.text : JSON.stringify(answer.value);
  const etag: Headers = answer.kind === 'json' && answer.etag !== undefined ? { etag: answer.etag } : {};
  const contentType = answer.kind === 'text' ? answer.contentType : 'application/json; charset=utf-8';
  return {
    headers: { ...headers, ...etag, 'content-type': contentType, 'content-length': String(Buffer.byteLength(body)) },
    body,
  };
}

/** The same words for what does not exist and for what must not show. */
function notFound(): Refusal {
  const message = 'The address must be one of the routes, got another. Check it; outside development set `access`.';
  return new Refusal('NM_NOT_FOUND', message);
}

function tooMany(seconds: number): Refusal {
  const message = `Requests must stay below the limit, got more. Try again in ${seconds} s.`;
  return new Refusal('NM_RATE_LIMITED', message, { 'retry-after': String(seconds) });
}

function withHead(method: string): string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method];
}
