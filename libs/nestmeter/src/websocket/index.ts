import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { WebSocketServer } from 'ws';
import type { PerformanceMonitor } from '../monitor.js';
import { answerUpgrade } from '../serve/upgrade.js';
import { followOnSocket } from './follow-on-socket.js';
import { interceptUpgrades } from './intercept-upgrades.js';

/** The most that a client may send in one message. Nothing is expected of it. */
const mostMessageBytes = 4096;

/**
 * Serves the live stream as a WebSocket at `/ws` below the option `prefix`: the snapshots of `/live`, with the same
 * `?interval=`, limits and rules of access. Everything else that asks for an upgrade is left to the application.
 *
 * @param server what the application listens with, such as Nest's `app.getHttpServer()` or what `app.listen()` returns;
 *   with the option `listen` the stream is on that port and `server` is left alone
 */
export function attachWebSocket(server: Server | SecureServer, monitor: PerformanceMonitor): void {
  if (!monitor.enabled) return;
  const { routes } = monitor;
  const handshake = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: mostMessageBytes,
    // Costs memory for each client, and snapshots are small.
    perMessageDeflate: false,
  });
  routes.acceptSocket = ({ request, socket, head }, feed) =>
    handshake.handleUpgrade(request, socket, head, (accepted) => followOnSocket(accepted, feed));
  if (routes.hasOwnPort) return;
  interceptUpgrades(server, {
    isOurs: (url) => routes.ownsSocket(url),
    take: (upgrade) => void answerUpgrade(routes, upgrade),
  });
}
