import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { RouteServer } from './handle.js';
import type { LiveFeed } from './live.js';
import type { RouteResponse } from './write-answer.js';

/** A connection whose client asks to go on in another protocol. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the request. */
  readonly head: Buffer;
}

/** Makes a WebSocket of a connection and lets it follow a feed. */
export type AcceptSocket = (upgrade: Upgrade, feed: LiveFeed) => void;

/**
 * Answers a request to go on in another protocol: who may follow the live stream is accepted, everybody else gets the
 * answer that a plain request gets, and the connection is closed. Never rejects.
 */
export async function answerUpgrade(routes: RouteServer, upgrade: Upgrade): Promise<void> {
  const { request, socket } = upgrade;
  const { acceptSocket } = routes;
  // Without a listener an error would end the process.
  socket.on('error', () => socket.destroy());
  const answer = await routes.handle({
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    headers: request.headers,
    remoteAddress: request.socket.remoteAddress,
    isEncrypted: (request.socket as Partial<TLSSocket>).encrypted === true,
    isUpgrade: acceptSocket !== null,
    native: { request, response: null },
    // Nothing that changes something is asked for in this way.
    body: () => Promise.resolve(null),
  });
  if (socket.destroyed) return;
  const { status, body } = answer;
  if (typeof body === 'string' || Buffer.isBuffer(body)) socket.end(textOf(answer, body));
  else if (status === 101) acceptSocket!(upgrade, body);
  else socket.destroy();
}

function textOf({ status, headers }: RouteResponse, body: string | Buffer): Buffer {
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}
