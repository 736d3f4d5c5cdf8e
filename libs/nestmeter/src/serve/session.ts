import { createHmac, timingSafeEqual } from 'node:crypto';
import { headerOf, type RequestHeaders } from './remote-address.js';

/** What carries a session: a cookie of this name. */
const cookieName = 'nestmeter_session';

/** A session that was begun with a token, read from its cookie. */
export interface Session {
  /** Digest of the token that began it. */
  readonly digest: Buffer;
  /** Unix milliseconds at which it ends. */
  readonly untilMs: number;
}

/** First digits of a digest: enough to tell the tokens of one configuration apart, too few to say anything about one. */
export function digestId(digest: Buffer): string {
  return digest.toString('hex', 0, 4);
}

/**
 * Begins a session: the value of its cookie. It is signed with the digest of the token, which every replica has and the
 * store does not: each replica takes the sessions of all, nothing is written, and a token that is changed ends its own.
 */
export function signSession({ digest, untilMs }: Session): string {
  const claim = `${digestId(digest)}.${Math.floor(untilMs / 1000).toString(36)}`;
  return `${claim}.${signatureOf(claim, digest).toString('base64url')}`;
}

/**
 * The session of a cookie's value; null when it was not signed with any of the digests. It may have ended.
 *
 * @param digests of all tokens that are valid now
 */
export function readSession(value: string, digests: readonly Buffer[]): Session | null {
  const [, claim, id, until, signature] = /^(([\da-f]{8})\.([\da-z]{1,9}))\.([\w-]{43})$/.exec(value) ?? [];
  if (claim === undefined) return null;
  const given = Buffer.from(signature!, 'base64url');
  const digest = digests.find((known) => digestId(known) === id && timingSafeEqual(signatureOf(claim, known), given));
  return digest === undefined ? null : { digest, untilMs: Number.parseInt(until!, 36) * 1000 };
}

/** The value of the session cookie that a request carries; undefined without one. */
export function sessionCookie(headers: RequestHeaders): string | undefined {
  for (const part of headerOf(headers, 'cookie')?.split(';') ?? []) {
    const [name, value] = part.split('=', 2);
    if (name?.trim() === cookieName) return value?.trim();
  }
  return undefined;
}

/**
 * The header `Set-Cookie`. It names no path: then the browser takes that of the address it asked, which alone is right
 * when a proxy in front of the service has another one.
 *
 * @param seconds for which the browser keeps it; 0 makes it forget
 */
export function setSessionCookie(value: string, seconds: number, isSecure: boolean): string {
  const attributes = [`Max-Age=${Math.round(seconds)}`, 'HttpOnly', 'SameSite=Strict', ...(isSecure ? ['Secure'] : [])];
  return `${cookieName}=${value}; ${attributes.join('; ')}`;
}

function signatureOf(claim: string, digest: Buffer): Buffer {
  return createHmac('sha256', digest).update(`nestmeter session ${claim}`).digest();
}
