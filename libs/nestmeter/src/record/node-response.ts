import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ActiveRequest, HttpRequests } from './http-request.js';

/**
 * Times one request on Node's own request and response, which every framework has, from now until its answer has ended
 * in any way: sent completely, or cut off because the client left.
 *
 * @param url path and query, for `exclude` only
 * @param route the route template, asked for at the end, when routing is over; null when no route matched. No route
 *   matched either when it throws or answers something else than a string
 * @returns null when the request is left out
 */
export function timeRequest(
  requests: HttpRequests,
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  route: () => string | null,
): ActiveRequest | null {
  const at = url.indexOf('?');
  const active = requests.begin({
    method: request.method ?? '',
    requestBytes: sizeOf(request),
    userAgent: request.headers['user-agent'],
    path: at === -1 ? url : url.slice(0, at),
  });
  if (active === null) return null;

  // What the socket writes from now on belongs to this answer: on a connection kept alive the answers before have left
  // it. Not so in HTTP/2, where many answers share a socket at the same time.
  let socket = request.httpVersionMajor < 2 ? response.socket : null;
  let before = socket?.bytesWritten;
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    const aborted = !response.writableFinished;
    // Nothing was sent: the status that the code may have set is nobody's. 499 is what nginx says then.
    const status = aborted && !response.headersSent ? 499 : response.statusCode;
    const responseBytes = before === undefined ? announcedBytes(response) : socket!.bytesWritten - before;
    // Part of it is the application's own code, which may throw: here that would end the process.
    const template: unknown = active.recorder.guard('route', route);
    active.end({ route: typeof template === 'string' ? template : null, status, responseBytes, aborted });
  };
  // First of all listeners: Node's own hands the socket to the next answer of a pipeline, which writes at once.
  response.prependListener('finish', end);
  // Comes after `finish`, or alone when the connection is gone.
  response.on('close', end);
  if (socket === null && request.httpVersionMajor < 2)
    awaitTurn(request, response, end, (own) => {
      socket = own;
      before = own.bytesWritten;
    });
  return active;
}

/** A pipelined answer gets the socket after those before it; until then the connection's end does not reach it. */
function awaitTurn(
  request: IncomingMessage,
  response: ServerResponse,
  lost: () => void,
  turn: (socket: Socket) => void,
): void {
  const waiting = request.socket == null ? null : waitingFor(request.socket);
  waiting?.add(lost);
  response.once('socket', (socket: Socket) => {
    waiting?.delete(lost);
    turn(socket);
  });
}

const waitingBySocket = new WeakMap<Socket, Set<() => void>>();

/**
 * Those to be told when a socket closes. One listener serves all of them: a client may send any number of requests at
 * once, and Node warns of a leak at the eleventh listener.
 */
function waitingFor(socket: Socket): Set<() => void> {
  let waiting = waitingBySocket.get(socket);
  if (waiting === undefined) {
    const all = (waiting = new Set());
    waitingBySocket.set(socket, all);
    socket.once('close', () => {
      for (const lost of all) lost();
      all.clear();
    });
  }
  return waiting;
}

/** Bytes of the body as the client announced them; null when it did not. Without a body no length is sent. */
function sizeOf({ headers }: IncomingMessage): number | null {
  const length = headers['content-length'];
  if (length !== undefined) return /^\d{1,15}$/.test(length) ? Number(length) : null;
  return headers['transfer-encoding'] === undefined ? 0 : null;
}

/** For answers that no socket of their own carried: the body only. */
function announcedBytes(response: ServerResponse): number {
  return Number(response.getHeader('content-length') ?? 0) || 0;
}
