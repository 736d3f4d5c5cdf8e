import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ActiveRequest, HttpRequests } from './http-request.js';

/**
 * Times one request on Node's own request and response, which every framework has, from now until its answer has ended
 * in any way: sent completely, or cut off because the client left.
 *
 * @param url path and query, for `exclude` only
 * @param route the route template, asked for at the end, when routing is over; null when no route matched
 * @returns null when the request is left out
 */
export function timeRequest(
  requests: HttpRequests,
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  route: () => string | null,
): ActiveRequest | null {
  const active = requests.begin({
    method: request.method ?? '',
    requestBytes: sizeOf(request),
    userAgent: request.headers['user-agent'],
    path: pathOf(url),
  });
  if (active === null) return null;
  const bytes = countBytes(request, response);
  const end = (): void => {
    const aborted = !response.writableFinished;
    active.end({ route: route(), status: response.statusCode, responseBytes: bytes(), aborted });
  };
  response.once('finish', end);
  // Comes after `finish`, or alone when the connection is gone; further ends are ignored.
  response.once('close', end);
  return active;
}

/** Bytes of the body as the client announced them; null when it did not. Without a body no length is sent. */
function sizeOf({ headers }: IncomingMessage): number | null {
  const length = headers['content-length'];
  if (length !== undefined) return /^\d{1,15}$/.test(length) ? Number(length) : null;
  return headers['transfer-encoding'] === undefined ? 0 : null;
}

function pathOf(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : url.slice(0, at);
}

/**
 * Bytes that the connection has taken for this answer: what its socket wrote since the answer got hold of it. On a
 * connection kept alive the answers before have left the socket by then; a pipelined request gets it only after them.
 */
function countBytes(request: IncomingMessage, response: ServerResponse): () => number {
  let socket: Socket | null = response.socket;
  let before = socket?.bytesWritten;
  if (socket === null) {
    response.once('socket', (own: Socket) => {
      socket = own;
      before = own.bytesWritten;
    });
    // While it waits, the end of the connection does not reach the response.
    request.socket?.once('close', () => {
      if (socket === null) response.emit('close');
    });
  }
  return () => {
    const written = socket?.bytesWritten;
    if (written !== undefined && before !== undefined) return written - before;
    // Requests that never saw a socket: injected ones, and HTTP/2.
    return Number(response.getHeader('content-length') ?? 0) || 0;
  };
}
