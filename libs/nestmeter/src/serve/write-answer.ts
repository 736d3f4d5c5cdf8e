import { codingFor } from './content-coding.js';
import type { DashboardAsset } from './dashboard-assets.js';
import type { LiveFeed } from './live.js';
import { headerOf, type RequestHeaders } from './remote-address.js';
import type { RouteAnswer } from './route.js';

/** The answer to a request for one of our routes, free of any framework. */
export interface RouteResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A feed with status 101 goes to a WebSocket, any other as server-sent events. */
  readonly body: string | Buffer | LiveFeed;
}

/** Headers by name in lower case. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** What every answer says unless its kind says otherwise: nothing is kept, nothing is loaded, nobody frames it. */
export const securityHeaders: AnswerHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The page loads what is beside it and talks to where it came from; nothing else, and no code inside of it. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const pageHeaders: AnswerHeaders = {
  // Asked for again each time, so that a new version is seen at once; what it loads has names that change with it.
  'cache-control': 'no-cache',
  'content-security-policy': pagePolicy,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};
const assetHeaders: AnswerHeaders = { 'cache-control': 'public, max-age=31536000, immutable' };

/** Makes a response of what a handler answered. @param base headers of every answer */
export function writeAnswer(answer: RouteAnswer, asked: RequestHeaders, base: AnswerHeaders): RouteResponse {
  switch (answer.kind) {
    case 'json': {
      const { value, etag, cookie } = answer;
      const more = { ...(etag !== undefined && { etag }), ...(cookie !== undefined && { 'set-cookie': cookie }) };
      return written(200, JSON.stringify(value), {
        ...base,
        ...more,
        'content-type': 'application/json; charset=utf-8',
      });
    }
    case 'text':
      return written(200, answer.text, { ...base, 'content-type': answer.contentType });
    case 'events':
      return {
        status: 200,
        headers: { ...base, 'content-type': 'text/event-stream; charset=utf-8' },
        body: answer.feed,
      };
    case 'socket':
      return { status: 101, headers: base, body: answer.feed };
    case 'document':
      return fileAnswer(answer.file, asked, { ...base, ...pageHeaders });
    case 'asset':
      return fileAnswer(answer.file, asked, { ...base, ...assetHeaders });
    case 'redirect':
      return written(307, '', { ...base, location: answer.location });
  }
}

function fileAnswer({ bodies, contentType, etag }: DashboardAsset, asked: RequestHeaders, base: AnswerHeaders) {
  const headers = { ...base, etag, vary: [base['vary'], 'accept-encoding'].filter(Boolean).join(', ') };
  if (fitsEtag(headerOf(asked, 'if-none-match'), etag)) return { status: 304, headers, body: '' };
  const coding = codingFor(headerOf(asked, 'accept-encoding'), bodies);
  const encoded = coding === 'identity' ? headers : { ...headers, 'content-encoding': coding };
  return written(200, bodies.get(coding)!, { ...encoded, 'content-type': contentType });
}

function fitsEtag(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((part) => part.trim().replace(/^W\//, '') === etag.replace(/^W\//, '')) === true;
}

function written(status: number, body: string | Buffer, headers: AnswerHeaders): RouteResponse {
  return { status, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, body };
}
