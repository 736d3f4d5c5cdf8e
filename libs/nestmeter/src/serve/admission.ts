import { Access, type AccessLevel, type Proof, type Verdict } from './access.js';
import type { MonitorView } from './monitor-view.js';
import { RateLimit } from './rate-limit.js';
import { notFound, Refusal, tooMany } from './refusal.js';
import { addressKey, clientAddress, clientProtocol, headerOf, type RequestHeaders } from './remote-address.js';
import type { Route, RouteRequest } from './route.js';
import { signSession } from './session.js';

/** Who asks, once let in. */
export interface Caller {
  /** For the record of changes; `open` where nobody had to say who he is. */
  readonly principal: string;
  /** The most that he may do. */
  readonly level: AccessLevel;
  /** What counts as one address for limits. */
  readonly addressKey: string;
  /** Whether the browser asks over HTTPS. */
  readonly isSecure: boolean;
  /** Unix milliseconds at which the session ends; null without one. */
  readonly untilMs: number | null;
}

/** A log-in that succeeded. */
export interface LogIn {
  readonly principal: string;
  readonly level: AccessLevel;
  /** Value of the session cookie. */
  readonly session: string;
  readonly untilMs: number;
}

/** Of a route, what decides about who may ask for it. */
export type Asked = Pick<Route, 'access' | 'origin'>;

const unknownCaller = { principal: 'open', level: 'read', untilMs: null } as const;

/** Lets requests in or throws a {@link Refusal}: who may ask, from where, and how often. */
export class Admission {
  readonly #access: Access;
  readonly #reads: RateLimit;
  readonly #failedLogins: RateLimit;

  constructor(private readonly view: MonitorView) {
    this.#access = new Access(view.access, {
      failed: (error) => view.failed('access', error),
      nowMs: () => view.nowMs(),
    });
    this.#reads = new RateLimit(() => view.limits.readsPerMinute, view.clock);
    this.#failedLogins = new RateLimit(() => view.limits.failedLoginsPerMinute, view.clock);
  }

  /** Lets a request in. @param path below the prefix */
  async admit(request: RouteRequest, path: string, { access, origin }: Asked): Promise<Caller> {
    const { method, headers, native, remoteAddress } = request;
    const { trustedProxies } = this.#access;
    const address = clientAddress(headers, remoteAddress, trustedProxies);
    const isSecure = clientProtocol(headers, request.isEncrypted === true, trustedProxies) === 'https';
    const who = { addressKey: addressKey(address), isSecure };
    const level = access === 'open' ? 'read' : access;
    // Before any comparison: else guessing would go on, only without an answer for the wrong ones.
    const wait = access === 'open' ? 0 : this.#failedLogins.wait(who.addressKey);
    if (wait > 0 && this.#access.isGuess(headers)) throw tooMany(wait);
    const verdict = await this.#access.judge({ method, path, level, headers, address, native }, remoteAddress);
    if (verdict.outcome !== 'granted' && (access !== 'open' || verdict.outcome === 'hidden'))
      throw this.#refusal(verdict, level, who.addressKey);
    const proof = verdict.outcome === 'granted' ? verdict.proof : 'open';
    if (origin === 'own' || level === 'write') sameOrigin(headers, proof, trustedProxies > 0);
    const { principal, level: granted, untilMs } = verdict.outcome === 'granted' ? verdict : unknownCaller;
    return { principal, level: granted, untilMs, ...who };
  }

  /** Counts a request against the limit of reads. */
  countRead({ principal, addressKey: key }: Caller): void {
    take(this.#reads, `${principal} ${key}`);
  }

  /** Begins a session with a token. Throws a refusal for a wrong one, or after too many wrong ones. */
  logIn(token: string, { addressKey: key }: Caller): LogIn {
    if (!this.#access.takesTokens) {
      const message =
        'Tokens must be configured in `access` to log in with one, got none. Log in to the application itself.';
      throw new Refusal('NM_LOGIN_ELSEWHERE', message);
    }
    // Even the right one, as everywhere.
    const wait = this.#failedLogins.wait(key);
    if (wait > 0) throw tooMany(wait);
    const known = this.#access.byToken(token);
    if (known === null) throw this.#unauthenticated(true, key);
    const { principal, level, digest } = known;
    // A whole second, as the session itself says it.
    const untilMs = Math.floor(this.view.nowMs() / 1000 + this.view.sessionHours * 3600) * 1000;
    return { principal, level, untilMs, session: signSession({ digest, untilMs }) };
  }

  #refusal(verdict: Exclude<Verdict, { outcome: 'granted' }>, level: AccessLevel, key: string): Refusal {
    if (verdict.outcome === 'hidden') return notFound();
    if (verdict.outcome === 'forbidden')
      return new Refusal('NM_FORBIDDEN', `The credentials must be of level ${level}, got others. Use those.`);
    return this.#unauthenticated(verdict.attempted, key);
  }

  #unauthenticated(attempted: boolean, key: string): Refusal {
    take(attempted ? this.#failedLogins : this.#reads, attempted ? key : `? ${key}`);
    const byToken = this.#access.takesTokens;
    const advice = byToken ? 'Send Authorization: Bearer <token>' : 'Log in to the application';
    const message = `The request must carry credentials, got none that are valid. ${advice}.`;
    const headers = { 'www-authenticate': 'Bearer realm="nestmeter"' };
    return new Refusal('NM_UNAUTHORIZED', message, headers, { login: byToken ? 'token' : 'application' });
  }
}

function take(limit: RateLimit, key: string): void {
  const seconds = limit.take(key);
  if (seconds > 0) throw tooMany(seconds);
}

/**
 * A browser says where a request comes from; what changes something must come from our own page. Who is not a browser
 * says nothing, which is refused where a browser may have added a cookie by itself.
 */
function sameOrigin(headers: RequestHeaders, proof: Proof, isProxied: boolean): void {
  const site = headerOf(headers, 'sec-fetch-site');
  const origin = headerOf(headers, 'origin');
  const byItself = proof === 'session' || (proof !== 'token' && headers['cookie'] !== undefined);
  // Pages cannot set this header, and a proxy that changes the host does not spoil it.
  if (site === 'same-origin' || (site === 'none' && !byItself)) return;
  if (site === undefined && origin === undefined && !byItself) return;
  const hosts = [headerOf(headers, 'host'), isProxied ? headerOf(headers, 'x-forwarded-host') : undefined];
  if (site === undefined && origin !== undefined && hosts.includes(/^https?:\/\/(.+)$/.exec(origin)?.[1] ?? '')) return;
  throw new Refusal('NM_ORIGIN_REFUSED', 'A change must come from the same origin. Send it from the page itself.');
}
