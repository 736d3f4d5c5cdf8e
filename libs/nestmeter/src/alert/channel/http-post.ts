import { lookup as resolveName, type LookupAddress, type LookupOptions } from 'node:dns';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { retryAfterMs } from '../notify/retry.js';
import { DeliveryError } from './delivery-error.js';
import { addressRule, isPublicAddress } from './public-address.js';

/** What is posted where. */
export interface Post {
  /** May be a secret: nothing of it is told further. */
  readonly url: string;
  /** JSON. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly allowPrivate: boolean;
  /** Ends the request at once. */
  readonly signal: AbortSignal;
}

/** Milliseconds for a request and its whole answer. */
export const deadlineMs = 5000;
/** Bytes of an answer that are read, and dropped; a longer one is cut off. */
const mostAnswerBytes = 65_536;

/** Resolves a name to all its addresses, as `dns.lookup` does. */
export type Resolve = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Posts JSON once, on a connection of its own. Resolves when the target answers 2xx; rejects with a DeliveryError
 * otherwise. It follows no redirect, connects to no address that is not public unless that is allowed (the addresses that
 * are checked are those that are connected to), and tells nothing of the target or its answer but the status.
 */
export async function post(given: Post, resolve: Resolve = resolveName): Promise<void> {
  const rule = addressRule(given.url, given);
  if (rule !== null) throw refusedAddress(`its target must be ${rule}`);
  const signal = AbortSignal.any([given.signal, AbortSignal.timeout(deadlineMs)]);
  let response: IncomingMessage | null = null;
  try {
    response = await responseTo(given, signal, resolve);
    await drained(response);
  } catch (error) {
    // Once there is a status, it says what became of the message.
    if (response === null) throw deliveryError(error, signal);
  }
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  const isPassing = status >= 500 || status === 408 || status === 425 || status === 429;
  const reason =
    status >= 300 && status < 400 ? `a redirect (HTTP ${status}), which is not followed` : `HTTP ${status}`;
  throw new DeliveryError({
    reason,
    isFinal: !isPassing,
    askedMs: isPassing ? retryAfterMs(response.headers['retry-after'], Date.now()) : null,
  });
}

function responseTo({ url, body, headers, allowPrivate }: Post, signal: AbortSignal, resolve: Resolve) {
  const { protocol } = new URL(url);
  return new Promise<IncomingMessage>((take, fail) => {
    const request = (protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'nestmeter',
        ...headers,
      },
      // A pooled connection would have been checked by somebody else.
      agent: false,
      lookup: allowPrivate ? undefined : publicLookup(resolve),
      signal,
    });
    request.on('response', take).on('error', fail);
    request.end(body);
  });
}

/** Resolves names to public addresses only. Literal addresses do not come here: `addressRule` has looked at them. */
function publicLookup(resolve: Resolve): LookupFunction {
  return (name, options, done) =>
    resolve(name, { ...options, all: true }, (error, addresses) => {
      const isRefused = addresses?.length === 0 || addresses?.some(({ address }) => !isPublicAddress(address));
      const failure = error ?? (isRefused ? refusedAddress('its target has an address that is not public') : null);
      const [first] = addresses ?? [];
      if (failure !== null || first === undefined) done(failure, [], 0);
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, isIP(first.address));
    });
}

/** Reads an answer to its end, or to the most that is read of it. */
async function drained(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > mostAnswerBytes) break;
  }
  response.destroy();
}

function refusedAddress(reason: string): DeliveryError {
  return new DeliveryError({ code: 'NM_CHANNEL_ADDRESS_REFUSED', reason, isFinal: true });
}

/** What is said of a failure without an answer: messages of Node hold addresses, codes do not. */
function deliveryError(error: unknown, signal: AbortSignal): DeliveryError {
  if (error instanceof DeliveryError) return error;
  if (signal.aborted) return new DeliveryError({ reason: `no answer within ${deadlineMs / 1000} s` });
  const code = (error as { code?: unknown } | null)?.code;
  const isShown = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,59}$/.test(code);
  return new DeliveryError({ reason: isShown ? code : 'the connection failed' });
}
