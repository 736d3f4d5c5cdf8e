import type { ServerResponse } from 'node:http';
import type { LiveFeed } from './live.js';

/** For how long a browser waits before it connects again, in milliseconds. */
const retryMs = 3000;

/** Writes a stream as server-sent events: snapshots as events named `snapshot`, heartbeats as comments. */
export function sendEvents(feed: LiveFeed, response: ServerResponse): void {
  response.flushHeaders();
  response.write(`retry: ${retryMs}\n\n`);
  const leave = feed.connect({
    bufferedBytes: () => response.writableLength,
    snapshot: (json) => void response.write(`event: snapshot\ndata: ${json}\n\n`),
    heartbeat: () => void response.write(': still here\n\n'),
    // Who does not read would never take the end either.
    close: () => void (response.writableNeedDrain ? response.destroy() : response.end()),
  });
  response.once('close', leave);
}
