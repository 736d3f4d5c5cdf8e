import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { headerOf, isLoopbackAddress, isLoopbackHost, type RequestHeaders } from './remote-address.js';
import { digestId, readSession, type Session, sessionCookie } from './session.js';

/** What a caller may do: read, or also change things. */
export type AccessLevel = 'read' | 'write';

/** What an access function gets to decide with. */
export interface AccessRequest {
  readonly method: string;
  /** Path below the prefix, such as `/providers`. */
  readonly path: string;
  /** What the route asks for. */
  readonly level: AccessLevel;
  readonly headers: RequestHeaders;
  /** Address of the caller; see `trustedProxies`. */
  readonly address: string;
  /** What the framework handed over: Express request, Fastify request, Koa context, or Node's own request. */
  readonly native: unknown;
}

/** Who a caller is, for rate limits and the record of changes, and what he may do. */
export interface AccessGrant {
  readonly principal: string;
  readonly level: AccessLevel;
}

/**
 * Decides about a request. `false` and exceptions refuse. `true` grants reading, whatever the request asks for: to write
 * takes a grant that says `write`, or `true` from a function that stands in the place of `write`.
 */
export type AccessFunction = (request: AccessRequest) => boolean | AccessGrant | Promise<boolean | AccessGrant>;

/** Bearer tokens that open a level, or a function that decides. */
export type Credentials = string | readonly string[] | AccessFunction;

/** Who may use the routes. Without it they answer on loopback in development and test only. */
export interface AccessOptions {
  /** Opens the routes that read. */
  readonly read?: Credentials | undefined;
  /** Opens all routes. Without it nothing can be changed over HTTP. */
  readonly write?: Credentials | undefined;
  /** Routes that need no credentials, by the first part of their path: `health`, `metrics`. Only such that read. */
  readonly open?: readonly string[] | undefined;
  /** Proxies in front of the service that append to X-Forwarded-For. Default 0: the header is not read. */
  readonly trustedProxies?: number | undefined;
}

const token = z.string().min(16, 'a token of at least 16 characters').max(512);
const credentials = z.union([token, z.array(token).min(1).max(100), z.custom<AccessFunction>(isFunction)], {
  error: 'a token of at least 16 characters, a list of such tokens, or a function',
});

/** Schema of {@link AccessOptions}; a function alone decides about both levels and says `write` itself. */
export const accessOptions: z.ZodType<AccessOptions, AccessOptions | AccessFunction> = z.union([
  z.custom<AccessFunction>(isFunction).transform((check): AccessOptions => ({ read: check })),
  z.strictObject({
    read: credentials.optional(),
    write: credentials.optional(),
    open: z.array(z.string()).optional(),
    trustedProxies: z.int().min(0).max(16).optional(),
  }),
]);

/** What somebody showed to be let in. */
export type Proof = 'token' | 'session' | 'function' | 'local' | 'open';

/** Leave to do what was asked for. */
export interface Granted extends AccessGrant {
  readonly outcome: 'granted';
  readonly proof: Proof;
  /** Unix milliseconds at which the session ends; null for every other proof. */
  readonly untilMs: number | null;
}

/** What became of a request's credentials. */
export type Verdict =
  | Granted
  /** Nothing may show that there is a route. */
  | { readonly outcome: 'hidden' }
  /** No credentials, or wrong ones. */
  | { readonly outcome: 'unauthenticated'; readonly attempted: boolean }
  /** Known, but not for this. */
  | { readonly outcome: 'forbidden' };

/** What a request carries that tokens can be compared with. */
interface Carried {
  readonly digest: Buffer | null;
  /** Null without a valid one, which includes one that has ended. */
  readonly session: Session | null;
}

interface Rule {
  readonly level: AccessLevel;
  readonly digests: readonly Buffer[];
  readonly check: AccessFunction | null;
}

const forwarding = /^(forwarded|via|x-forwarded-.*|x-real-ip|cf-connecting-ip|true-client-ip)$/;

/** What {@link Access} needs besides its options. */
export interface AccessSurroundings {
  /** Told when an access function throws, which refuses. */
  readonly failed: (error: unknown) => void;
  /** Unix milliseconds, by a clock that all replicas share. */
  readonly nowMs: () => number;
  /** NODE_ENV of the process, which is the default; anything but `development` and `test` counts as production. */
  readonly nodeEnv?: string | undefined;
}

/** Whether this is a place where people develop or test: anything but `development` and `test` counts as production. */
export function isTried(nodeEnv: string | undefined = process.env['NODE_ENV']): boolean {
  return nodeEnv === 'development' || nodeEnv === 'test';
}

/** Decides who may use the routes of one monitor. */
export class Access {
  readonly #rules: readonly Rule[] | null;
  readonly #open: ReadonlySet<string>;
  readonly #failed: (error: unknown) => void;
  readonly #nowMs: () => number;
  readonly #nodeEnv: string | undefined;
  readonly trustedProxies: number;

  constructor(
    options: AccessOptions | undefined,
    { failed, nowMs, nodeEnv = process.env['NODE_ENV'] }: AccessSurroundings,
  ) {
    this.#failed = failed;
    this.#nowMs = nowMs;
    this.#nodeEnv = nodeEnv;
    this.#rules = options === undefined ? null : rulesOf(options);
    this.#open = new Set(options?.open?.map((name) => name.replace(/^\//, '')));
    this.trustedProxies = options?.trustedProxies ?? 0;
  }

  /** Judges a request. @param remoteAddress of the connection itself, whatever headers say */
  async judge(request: AccessRequest, remoteAddress: string | undefined): Promise<Verdict> {
    if (this.#rules === null) {
      if (!this.#isLocal(request, remoteAddress)) return { outcome: 'hidden' };
      return granted({ principal: 'local', level: 'write' }, 'local');
    }
    if (request.level === 'read' && this.#open.has(request.path.split('/')[1] ?? ''))
      return granted({ principal: 'open', level: 'read' }, 'open');
    const given = /^bearer +(\S+) *$/i.exec(headerOf(request.headers, 'authorization') ?? '')?.[1];
    const begun = this.#sessionOf(request.headers);
    const session = begun !== null && begun.untilMs > this.#nowMs() ? begun : null;
    const carried = { digest: given === undefined ? null : digestOf(given), session };
    let known = false;
    for (const rule of this.#rules) {
      const grant = await this.#apply(rule, request, carried);
      if (grant === null) continue;
      if (request.level === 'read' || grant.level === 'write') return grant;
      known = true;
    }
    if (known) return { outcome: 'forbidden' };
    return { outcome: 'unauthenticated', attempted: this.isGuess(request.headers) };
  }

  /** Whether tokens open anything: only then can somebody log in with one. */
  get takesTokens(): boolean {
    return this.#rules !== null && this.#digests().length > 0;
  }

  /**
   * Whether a request carries anything that may be a guess. Cookies of the application are for functions only, and a
   * session is none, even one that has ended: whoever has it has known a token.
   */
  isGuess(headers: RequestHeaders): boolean {
    const { authorization, cookie } = headers;
    if (authorization !== undefined) return true;
    if (cookie === undefined) return false;
    if (this.#rules?.some(({ check }) => check !== null) === true) return true;
    return sessionCookie(headers) !== undefined && this.#sessionOf(headers) === null;
  }

  /** Who may do what with a token, and its digest; null for one that opens nothing. */
  byToken(text: string): (AccessGrant & { readonly digest: Buffer }) | null {
    const digest = digestOf(text);
    for (const rule of this.#rules ?? []) {
      const known = fitting(rule, digest);
      if (known !== undefined) return { ...grantOf(rule, known), digest: known };
    }
    return null;
  }

  #digests(): Buffer[] {
    return this.#rules?.flatMap(({ digests }) => digests) ?? [];
  }

  #sessionOf(headers: RequestHeaders): Session | null {
    const value = sessionCookie(headers);
    return value === undefined ? null : readSession(value, this.#digests());
  }

  async #apply(rule: Rule, request: AccessRequest, { digest, session }: Carried): Promise<Granted | null> {
    const known = digest === null ? undefined : fitting(rule, digest);
    if (known !== undefined) return granted(grantOf(rule, known), 'token');
    // Its level is that of the token as it is now, whatever it was when the session began.
    if (session !== null && fitting(rule, session.digest) !== undefined)
      return granted(grantOf(rule, session.digest), 'session', session.untilMs);
    if (rule.check === null) return null;
    try {
      const decision = await rule.check(request);
      // The level of the place where the function stands: never what the request asks for.
      if (decision === true) return granted({ principal: rule.level, level: rule.level }, 'function');
      if (typeof decision !== 'object' || decision === null) return null;
      const level = decision.level === 'write' ? 'write' : 'read';
      return granted({ principal: decision.principal.slice(0, 128), level }, 'function');
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  /**
   * Whether a request comes from a developer at this very machine. A proxy makes every caller look local, so forwarding
   * headers rule that out; a page that made DNS point its own name here (rebinding) still sends that name as Host.
   */
  #isLocal({ headers }: AccessRequest, remoteAddress: string | undefined): boolean {
    if (!isTried(this.#nodeEnv)) return false;
    if (!isLoopbackAddress(remoteAddress) || !isLoopbackHost(headerOf(headers, 'host'))) return false;
    const origin = headerOf(headers, 'origin');
    if (origin !== undefined && !isLoopbackHost(/^https?:\/\/([^/]+)$/.exec(origin)?.[1])) return false;
    return !Object.keys(headers).some((name) => forwarding.test(name));
  }
}

function rulesOf({ read, write }: AccessOptions): Rule[] {
  const rules: Rule[] = [];
  // The stronger level first: a token listed for both may then write.
  if (write !== undefined) rules.push(ruleOf('write', write));
  if (read !== undefined) rules.push(ruleOf('read', read));
  return rules;
}

function ruleOf(level: AccessLevel, given: Credentials): Rule {
  if (typeof given === 'function') return { level, digests: [], check: given };
  return { level, digests: (typeof given === 'string' ? [given] : given).map(digestOf), check: null };
}

/** Digests have one length whatever the token's, as constant-time comparison asks for. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The digest of a rule that is the same. All are compared, so that the time says nothing about which nearly fitted. */
function fitting({ digests }: Rule, digest: Buffer): Buffer | undefined {
  return digests.filter((known) => timingSafeEqual(known, digest))[0];
}

function grantOf({ level }: Rule, digest: Buffer): AccessGrant {
  return { principal: `token:${digestId(digest)}`, level };
}

function granted({ principal, level }: AccessGrant, proof: Proof, untilMs: number | null = null): Granted {
  return { outcome: 'granted', principal, level, proof, untilMs };
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
