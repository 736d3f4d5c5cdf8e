import { computed, effect, signal } from '@preact/signals';
import type { Answers } from './answers.js';
import { isFollowing, isPaused, nowMs } from './following.js';
import { read, routeAddress } from './request.js';

/** A snapshot of the last 60 seconds. */
export type Snapshot = Answers['real-time'];

/** The last snapshot, and when it came. */
export const snapshot = signal<{ readonly answer: Snapshot; readonly receivedMs: number } | null>(null);

/** Calls under way and requests per minute of the snapshots since the page was opened, oldest first: five minutes. */
export const recent = signal<readonly Snapshot[]>([]);

const isStreaming = signal(false);

const intervalSeconds = 5;
/** A snapshot that is older than this is marked as stale. */
const staleMs = 3 * intervalSeconds * 1000;
const mostRecent = 60;
const firstRetryMs = 1000;
const slowestRetryMs = 30_000;

/** How the page gets its snapshots: pushed, asked for because nothing is pushed, paused, or not at all. */
export const liveState = computed<'connecting' | 'live' | 'polling' | 'paused' | 'offline'>(() => {
  if (isPaused.value) return 'paused';
  const last = snapshot.value;
  if (last === null) return 'connecting';
  if (nowMs.value - last.receivedMs > staleMs) return 'offline';
  return isStreaming.value ? 'live' : 'polling';
});

function received(answer: Snapshot): void {
  snapshot.value = { answer, receivedMs: Date.now() };
  nowMs.value = Date.now();
  recent.value = [...recent.value, answer].slice(-mostRecent);
}

let source: EventSource | null = null;
let timer: number | undefined;
let polling: AbortController | null = null;
let failures = 0;

/** Follows the live stream whenever anything may be asked for. Call it once. */
export function followLive(): void {
  effect(() => {
    if (isFollowing.value) connect();
    else {
      close();
      stopPolling();
    }
  });
}

function connect(): void {
  close();
  const opened = new EventSource(routeAddress('live', { interval: intervalSeconds }));
  source = opened;
  opened.addEventListener('snapshot', ({ data }: MessageEvent<string>) => {
    failures = 0;
    isStreaming.value = true;
    stopPolling();
    received(JSON.parse(data) as Snapshot);
    watch();
  });
  // The browser would connect again by itself, but neither after a refusal nor ever slower.
  opened.addEventListener('error', lost);
  watch();
}

/** A connection that stays open and says nothing is as good as none. */
function watch(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(lost, staleMs);
}

/** Tries the stream again later and asks meanwhile: there may be too many streams, or something that lets none pass. */
function lost(): void {
  close();
  timer = window.setTimeout(connect, Math.min(slowestRetryMs, firstRetryMs * 2 ** failures++));
  if (polling === null) void poll();
}

async function poll(): Promise<void> {
  const asking = new AbortController();
  polling = asking;
  while (!asking.signal.aborted) {
    const answer = await read('real-time', {}, asking.signal).catch(() => null);
    if (asking.signal.aborted) return;
    if (answer !== null) received(answer);
    await new Promise((resolve) => window.setTimeout(resolve, intervalSeconds * 1000));
  }
}

function stopPolling(): void {
  polling?.abort();
  polling = null;
}

function close(): void {
  window.clearTimeout(timer);
  source?.close();
  source = null;
  isStreaming.value = false;
}
