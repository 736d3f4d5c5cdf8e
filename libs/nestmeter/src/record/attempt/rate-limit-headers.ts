import { resetSeconds, retryAfterMilliseconds, retryAfterSeconds } from './told-time.js';

/** One limit of a provider, as a header told it. Null is unknown. */
export interface RateLimit {
  /** What it limits: `requests`, `tokens`, `input_tokens`, `requests_day` … */
  readonly kind: string;
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Seconds until it is full again; 0 when that is past. */
  readonly resetSeconds: number | null;
}

/** What the headers of one answer tell about limits. */
export interface RateLimitHeaders {
  readonly limits: readonly RateLimit[];
  /** Seconds to wait before the next try; above 0. */
  readonly retryAfterSeconds: number | null;
}

/** Names and values in turn, as undici (buffers) and `node:http` (text) have them before they parse them. */
export type RawHeaders = readonly (Uint8Array | string)[];

/** Headers and kinds looked at; no provider has as many. */
const mostHeaders = 200;
const mostKinds = 8;
const longestName = 80;
const longestValue = 128;

type Field = 'limit' | 'remaining' | 'reset';

interface Meaning {
  readonly kind: string;
  readonly field: Field;
}

/** Names seen before: a provider sends the same ones for ever. Past 500 all are forgotten at once. */
const meanings = new Map<string, Meaning | null>();
const mostNames = 500;

/** `x-ratelimit-remaining-tokens` of most, `x-ratelimit-reset` of gateways, `x-ratelimitbysize-…` of Mistral, `x-tokenlimit-…` of Together. */
const fieldThenKind =
  /^(?:x-)?(ratelimitbysize|ratelimit|tokenlimit)-(limit|remaining|reset)(?:-([a-z0-9][a-z0-9-]{0,39}))?$/;
/** Anthropic has the kind before the field; so has Cohere. */
const kindThenField =
  /^(?:anthropic-(ratelimit|priority)-([a-z0-9][a-z0-9-]{0,39})|x-(trial)-endpoint-call)-(limit|remaining|reset)$/;

/**
 * Reads what the headers of a provider's answer tell about its limits. Never throws; unknown and impossible values are
 * null, and a kind of which nothing but a reset is known is left out.
 *
 * Cost: half a microsecond for an answer that tells none, some microseconds for one that tells six.
 *
 * @param nowMs Unix milliseconds, for points in time
 */
export function readRateLimitHeaders(headers: RawHeaders, nowMs: number): RateLimitHeaders {
  const kinds = new Map<string, { [field in Field]?: string }>();
  const waits: { ms?: string; azureMs?: string; seconds?: string } = {};
  const end = Math.min(headers.length - 1, 2 * mostHeaders);
  for (let index = 0; index < end; index += 2) {
    const name = nameOf(headers[index]!);
    if (name === null) continue;
    if (name === 'retry-after') waits.seconds ??= valueOf(headers[index + 1]!);
    else if (name === 'retry-after-ms') waits.ms ??= valueOf(headers[index + 1]!);
    else if (name === 'x-ms-retry-after-ms') waits.azureMs ??= valueOf(headers[index + 1]!);
    else readLimit(name, headers[index + 1]!, kinds);
  }
  const limits: RateLimit[] = [];
  for (const [kind, told] of kinds) {
    const [limit, remaining] = [countOf(told.limit), countOf(told.remaining)];
    if (limit === null && remaining === null) continue;
    const reset = told.reset === undefined ? null : resetSeconds(told.reset, nowMs);
    limits.push({ kind, limit, remaining, resetSeconds: reset });
  }
  return { limits, retryAfterSeconds: waitOf(waits, nowMs) };
}

function readLimit(name: string, value: Uint8Array | string, kinds: Map<string, { [field in Field]?: string }>): void {
  let meaning = meanings.get(name);
  if (meaning === undefined) {
    if (meanings.size >= mostNames) meanings.clear();
    meanings.set(name, (meaning = meaningOf(name)));
  }
  if (meaning === null) return;
  const { kind, field } = meaning;
  let told = kinds.get(kind);
  if (told === undefined) {
    if (kinds.size >= mostKinds) return;
    kinds.set(kind, (told = {}));
  }
  told[field] ??= valueOf(value);
}

/** What a header tells; null of all that are not about limits. */
function meaningOf(name: string): Meaning | null {
  const straight = fieldThenKind.exec(name);
  if (straight !== null) return { kind: straightKind(straight[1]!, straight[3]), field: straight[2] as Field };
  const turned = kindThenField.exec(name);
  return turned === null ? null : { kind: turnedKind(turned), field: turned[4] as Field };
}

function straightKind(family: string, suffix: string | undefined): string {
  if (family !== 'ratelimit') return suffix === undefined ? 'tokens' : `tokens_${snake(suffix)}`;
  // Mistral shortens requests to `req`.
  return suffix === undefined ? 'requests' : snake(suffix).replace(/^req(?=_|$)/, 'requests');
}

function turnedKind([, tier, kind, trial]: RegExpExecArray): string {
  if (trial !== undefined) return 'trial_requests';
  return tier === 'priority' ? `priority_${snake(kind!)}` : snake(kind!);
}

function snake(name: string): string {
  return name.replaceAll('-', '_');
}

/** The lower-case name of a header that may be about limits; null for all others, which is told without decoding most. */
function nameOf(raw: Uint8Array | string): string | null {
  if (raw.length < 'retry-after'.length || raw.length > longestName) return null;
  const first = (typeof raw === 'string' ? raw.charCodeAt(0) : raw[0]!) | 0x20;
  // r(etry-after, atelimit), x(-), a(nthropic).
  if (first !== 0x72 && first !== 0x78 && first !== 0x61) return null;
  return textOf(raw).toLowerCase();
}

function valueOf(raw: Uint8Array | string): string {
  return raw.length > longestValue ? '' : textOf(raw);
}

function textOf(raw: Uint8Array | string): string {
  if (typeof raw === 'string') return raw;
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return bytes.toString('latin1');
}

/** A whole number of requests or tokens; Azure's −1 is unknown. Policies may follow it: `100, 100;w=60`. */
function countOf(text: string | undefined): number | null {
  const digits = text === undefined ? null : /^\s*(\d{1,15})(?:\.\d*)?\s*(?:[,;]|$)/.exec(text);
  return digits === null ? null : Number(digits[1]);
}

/** The order in which SDKs look. */
function waitOf({ ms, azureMs, seconds }: { ms?: string; azureMs?: string; seconds?: string }, nowMs: number) {
  const told = ms === undefined ? null : retryAfterMilliseconds(ms);
  return (
    told ??
    (azureMs === undefined ? null : retryAfterMilliseconds(azureMs)) ??
    (seconds === undefined ? null : retryAfterSeconds(seconds, nowMs))
  );
}
