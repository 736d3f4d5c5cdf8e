import type { WebSocket } from 'ws';
import type { LiveFeed } from '../serve/live.js';

/** Code of a WebSocket's end by its server: it goes away. A client connects again, and is told then if it may not. */
const goingAway = 1001;
/** For how long a client may take to answer the end, in milliseconds. */
const closingMs = 1000;

/** Lets a WebSocket follow a feed until either of them ends. What the client sends is thrown away. */
export function followOnSocket(socket: WebSocket, feed: LiveFeed): void {
  let hasAnswered = true;
  let closing: NodeJS.Timeout | undefined;
  const leave = feed.connect({
    bufferedBytes: () => socket.bufferedAmount,
    snapshot: (json) => socket.send(json),
    heartbeat() {
      // Who did not answer the one before is gone, whatever the network says.
      if (!hasAnswered) return socket.terminate();
      hasAnswered = false;
      socket.ping();
    },
    close() {
      // Who does not read would never take the end either.
      if (socket.bufferedAmount > 0) return socket.terminate();
      socket.close(goingAway);
      closing = setTimeout(() => socket.terminate(), closingMs).unref();
    },
  });
  socket.on('pong', () => {
    hasAnswered = true;
  });
  // Of a message that is too long, or of no WebSocket at all; the connection is closed by then.
  socket.on('error', () => {});
  socket.once('close', () => {
    clearTimeout(closing);
    leave();
  });
}
