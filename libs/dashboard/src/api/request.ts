import type { Answers, RouteName } from './answers.js';

/** Parameters of a query; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Why there is no answer: what the server said, or that it said nothing. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';

  /**
   * @param status of the answer; null when there was none
   * @param code of the library, such as `NM_RATE_LIMITED`
   * @param retryAfterSeconds how long the server asks to wait
   * @param loginBy of a 401: whether a token is asked for here, or the application lets in by its own means
   */
  constructor(
    readonly status: number | null,
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | null = null,
    readonly loginBy: 'token' | 'application' = 'token',
  ) {
    super(message);
  }
}

const patienceMs = 20_000;

/** Address of a route, relative to that of the page: the page does not know below which prefix it is served. */
export function routeAddress(path: string, query: Query = {}): string {
  const address = new URL(path, document.baseURI);
  address.hash = '';
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) address.searchParams.set(name, String(value));
  return address.href;
}

/** Reads a route. Rejects with {@link RequestFailure}, or with an AbortError when the signal says so. */
export function read<Route extends RouteName>(
  route: Route,
  query: Query = {},
  signal?: AbortSignal,
): Promise<Answers[Route]> {
  return send('GET', routeAddress(route, query), { signal }) as Promise<Answers[Route]>;
}

/** What a change carries. */
export interface Change {
  readonly body?: unknown;
  readonly query?: Query;
  /** Version that the change was made from; another one is a conflict. */
  readonly ifMatch?: number;
}

/** Asks for a change. Rejects with {@link RequestFailure}. @param path below the prefix, its names encoded */
export function change(method: 'POST' | 'DELETE', path: string, { body, query, ifMatch }: Change = {}) {
  const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` };
  return send(method, routeAddress(path, query), { body: body ?? {}, headers });
}

interface Sending {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

async function send(method: string, address: string, { body, headers = {}, signal }: Sending): Promise<unknown> {
  const patience = AbortSignal.timeout(patienceMs);
  const response = await fetch(address, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new RequestFailure(null, 'unreachable', 'The service does not answer.');
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw failureOf(response, answer);
}

function failureOf(response: Response, answer: unknown): RequestFailure {
  const { error } = (answer ?? {}) as { error?: { code?: unknown; message?: unknown; login?: unknown } };
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  const code = typeof error?.code === 'string' ? error.code : `status_${response.status}`;
  const message =
    typeof error?.message === 'string'
      ? error.message
      : `The answer has status ${response.status} and is none of the service’s own.`;
  const loginBy = error?.login === 'application' ? 'application' : 'token';
  return new RequestFailure(response.status, code, message, Number.isFinite(wait) ? wait : null, loginBy);
}
