import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Upgrade } from '../serve/upgrade.js';

/** Who takes which upgrades. */
export interface Interception {
  /** Whether an upgrade is ours, by path and query. */
  isOurs(url: string): boolean;
  take(upgrade: Upgrade): void;
}

/** Headers with which a client asks for another protocol. */
const asking = new Set(['upgrade', 'connection', 'http2-settings']);

/**
 * Takes our upgrades from a server without any trace for the application. Its own listeners do not see them, since some end
 * every connection that they do not know; and while it has none, requests for any other protocol reach it as they would
 * without us, that is as plain ones.
 */
export function interceptUpgrades(server: Server, { isOurs, take }: Interception): void {
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  server.emit = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'upgrade') return emit(event, ...args);
    const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer];
    if (!isOurs(request.url ?? '/')) return emit(event, ...args);
    take({ request, socket, head });
    return true;
  };
  // With a listener of any kind Node no longer treats such a request as a plain one.
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (server.listenerCount('upgrade') === 1) askAgain(server, { request, socket, head });
  });
}

/** Lets a server read a request once more, without the wish for another protocol. */
function askAgain(server: Server, { request, socket, head }: Upgrade): void {
  const { method, url, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (!asking.has(rawHeaders[at]!.toLowerCase())) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  // What comes out of TLS is read already.
  server.emit((socket as Partial<TLSSocket>).encrypted === true ? 'secureConnection' : 'connection', socket);
}
