import { type ErrorCode, NestmeterError } from '../errors.js';
import { readQuery } from '../report/report.js';
import { Admission } from './admission.js';
import { DashboardAssets } from './dashboard-assets.js';
import { LiveStreams } from './live.js';
import type { MonitorView } from './monitor-view.js';
import { Exposition } from './prometheus.js';
import { parseQuery } from './query-string.js';
import { notFound, Refusal } from './refusal.js';
import { headerOf, type RequestHeaders } from './remote-address.js';
import { readBody } from './request-body.js';
import type { Route, RouteAnswer, RouteRequest, ServeContext } from './route.js';
import { type MatchedUrl, RouteMatcher } from './route-matcher.js';
import type { AcceptSocket } from './upgrade.js';
import { liveSnapshot, routeTable } from './routes.js';
import { type AnswerHeaders, type RouteResponse, securityHeaders, writeAnswer } from './write-answer.js';

const statusOf: Partial<Record<ErrorCode, number>> = {
  NM_QUERY_INVALID: 400,
  NM_BODY_INVALID: 400,
  NM_CONFIG_INVALID: 400,
  NM_UNAUTHORIZED: 401,
  NM_FORBIDDEN: 403,
  NM_ORIGIN_REFUSED: 403,
  NM_NOT_FOUND: 404,
  NM_LOGIN_ELSEWHERE: 404,
  NM_METHOD_NOT_ALLOWED: 405,
  NM_CONFIG_CONFLICT: 409,
  NM_UPGRADE_REQUIRED: 426,
  NM_RATE_LIMITED: 429,
  NM_BUDGET_EXCEEDED: 429,
  NM_DASHBOARD_NOT_BUILT: 503,
  NM_STORE_UNREACHABLE: 503,
  NM_TOO_MANY_STREAMS: 503,
};

/** What decides whether a request is admitted where no route fits it: as for one that reads, or changes something. */
const unmatched = {
  read: { access: 'read', origin: 'any' },
  write: { access: 'write', origin: 'own' },
} as const;

/**
 * Answers requests for the routes of one monitor: who may ask, how often, whether the question can be understood, and the
 * answer. Knows no framework; edges translate. Never throws and never rejects.
 */
export class RouteServer {
  readonly #context: ServeContext;
  readonly #matcher: RouteMatcher;
  /** What makes WebSockets of connections; null where nothing does. */
  acceptSocket: AcceptSocket | null = null;

  constructor(
    private readonly view: MonitorView,
    routes: readonly Route[] = routeTable,
  ) {
    const live = new LiveStreams(view, () => liveSnapshot(view));
    const [exposition, admission, assets] = [new Exposition(view), new Admission(view), new DashboardAssets()];
    this.#context = { view, live, exposition, admission, assets };
    const served = routes.filter(({ forPage }) => !forPage || view.dashboard);
    this.#matcher = new RouteMatcher(served, view.prefix, view.aliases);
  }

  /**
   * Whether a request to the application's port is for us: everything under the prefix is, and the aliases, unless the
   * routes have a port of their own. Cheap: asked for every request.
   */
  owns(url: string): boolean {
    return !this.view.hasOwnPort && this.#matcher.owns(url);
  }

  /** Whether a request to the application's port is for the WebSocket. Asked for upgrades only. */
  ownsSocket(url: string): boolean {
    return this.owns(url) && this.#matcher.match(url).path === '/ws';
  }

  /** Whether the routes are on a port of their own only. */
  get hasOwnPort(): boolean {
    return this.view.hasOwnPort;
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
    const headers = { ...securityHeaders, ...this.#corsHeaders(request.headers) };
    // A browser asks for permission without credentials.
    if (request.method === 'OPTIONS' && 'access-control-allow-origin' in headers)
      return { status: 204, headers, body: '' };
    try {
      return writeAnswer(await this.#answer(request), request.headers, headers);
    } catch (error) {
      return this.#failure(error, request.headers, headers);
    }
  }

  async #answer(request: RouteRequest): Promise<RouteAnswer> {
    const { admission } = this.#context;
    const matched = this.#matcher.match(request.url);
    const { path, query, matches } = matched;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const match = matches.find(({ route }) => route.method === method);
    const asked = match?.route ?? unmatched[method === 'GET' || method === 'OPTIONS' ? 'read' : 'write'];
    const caller = await admission.admit(request, path, asked);
    if (match === undefined) throw unanswered(matched);
    const { route } = match;
    if (route.limited) admission.countRead(caller);
    const call = {
      query: readQuery(route, { ...parseQuery(query) }),
      path: match.parts,
      body: route.body === null ? null : await readBody(route.body, request, this.view.limits.bodyBytes),
      principal: caller.principal,
      caller,
      sentPath: matched.sentPath,
      isUpgrade: request.isUpgrade === true,
      ifMatch: headerOf(request.headers, 'if-match') ?? null,
    };
    return route.handle(this.#context, call);
  }

  #corsHeaders(headers: RequestHeaders): AnswerHeaders {
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

  #failure(error: unknown, asked: RequestHeaders, headers: AnswerHeaders): RouteResponse {
    const known = error instanceof NestmeterError ? statusOf[error.code] : undefined;
    if (known === undefined) this.view.failed('serve', error);
    const { code, message } =
      known === undefined
        ? { code: 'NM_INTERNAL', message: 'The answer could not be made. Look into the log of the service.' }
        : (error as NestmeterError);
    const more = error instanceof Refusal ? error : { headers: {}, details: {} };
    const value = { error: { code, message, ...more.details } };
    const answer = writeAnswer({ kind: 'json', value }, asked, { ...headers, ...more.headers });
    return { ...answer, status: known ?? 500 };
  }
}

/** Nothing answers: there is no such path, or it does not take this method. */
function unanswered({ matches }: MatchedUrl): Refusal {
  if (matches.length === 0) return notFound();
  const allow = [...new Set(matches.map(({ route }) => route.method))].flatMap(withHead).join(', ');
  return new Refusal('NM_METHOD_NOT_ALLOWED', `The method must be one of ${allow}. Use one of them.`, { allow });
}

function withHead(method: string): string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method];
}
