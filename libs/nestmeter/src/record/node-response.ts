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
  let bytes = (): number => 0;
  const end = (): void => {
    const aborted = !response.writableFinished;
    // Nothing was sent: the status that the code may have set is nobody's. 499 is what nginx says then.
    const status = aborted && !response.headersSent ? 499 : response.statusCode;
    active.end({ route: route(), status, responseBytes: bytes(), aborted });
  };
  bytes = countBytes(request, response, end);
  // First of all listeners: Node's own hands the socket to the next answer of a pipeline, which writes at once.
  response.prependOnceListener('finish', end);
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
function countBytes(request: IncomingMessage, response: ServerResponse, lost: () => void): () => number {
  // In HTTP/2 many answers share a socket at the same time.
  let socket: Socket | null = request.httpVersionMajor < 2 ? response.socket : null;
  let before = socket?.bytesWritten;
  if (socket === null && request.httpVersionMajor < 2) {
    // It is pipelined and waits for its turn; until then the end of the connection does not reach the response.
    request.socket?.once('close', lost);
    response.once('socket', (own: Socket) => {
      own.off('close', lost);
      socket = own;
      before = own.bytesWritten;
    });
  }
  return () => {
    const written = socket?.bytesWritten;
    if (written !== undefined && before !== undefined) return written - before;
    return Number(response.getHeader('content-length') ?? 0) || 0;
  };
}
