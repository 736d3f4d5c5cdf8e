import { NestmeterError } from '../errors.js';
import type { MonitorView } from './monitor-view.js';

/** Where snapshots go: the connection of one client, in the words of its protocol. */
export interface LiveSink {
  /** Bytes that were written and not yet taken by the connection. */
  bufferedBytes(): number;
  /** @param json a snapshot, as one line */
  snapshot(json: string): void;
  /** Shows that both ends are still there. */
  heartbeat(): void;
  close(): void;
}

/** An answer that goes on: the edge connects it to the client's connection. */
export interface LiveFeed {
  /** Begins to write to a sink. Call what it returns when the client is gone. */
  connect(sink: LiveSink): () => void;
}

const heartbeatMs = 15_000;
const mostBufferedBytes = 256 * 1024;
/** The longest that a timer can wait. */
const longestWaitMs = 2 ** 31 - 1;

interface Channel {
  readonly sinks: Set<LiveSink>;
  readonly timer: NodeJS.Timeout;
  last: string | null;
  reading: Promise<void> | null;
}

/**
 * The live streams of one replica: a snapshot every few seconds, made once for all clients with the same interval, whatever
 * protocol they speak. Timers run only while there are clients and keep no process alive.
 */
export class LiveStreams {
  readonly #channels = new Map<number, Channel>();
  readonly #places = new Set<symbol>();
  #heartbeat: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param snapshot makes what clients get, as one line of JSON */
  constructor(
    private readonly view: MonitorView,
    private readonly snapshot: () => Promise<string>,
  ) {}

  /** Clients that follow. */
  get clients(): number {
    return this.#places.size;
  }

  /**
   * A stream with a snapshot every `intervalSeconds`. Throws NM_TOO_MANY_STREAMS when the limit is reached.
   * @param untilMs Unix milliseconds at which it ends, with the session of who asked; null for no end
   */
  open(intervalSeconds: number, untilMs: number | null = null): LiveFeed {
    const { liveClients } = this.view.limits;
    if (this.#closed || this.#places.size >= liveClients)
      throw new NestmeterError({
        code: 'NM_TOO_MANY_STREAMS',
        message: `Live streams must be at most ${liveClients}, got one more. Close one and try again.`,
      });
    return { connect: (sink) => this.#connect(sink, intervalSeconds, untilMs) };
  }

  /** Ends all streams and takes no more. */
  close(): void {
    this.#closed = true;
    for (const [interval, { sinks }] of this.#channels)
      for (const sink of sinks) {
        this.#leave(sink, interval);
        sink.close();
      }
  }

  #connect(sink: LiveSink, interval: number, untilMs: number | null): () => void {
    if (this.#closed) {
      sink.close();
      return () => {};
    }
    const place = Symbol();
    this.#places.add(place);
    this.#heartbeat ??= setInterval(() => this.#beat(), heartbeatMs).unref();
    const channel = this.#channel(interval);
    channel.sinks.add(sink);
    const ending = untilMs === null ? undefined : this.#end(sink, interval, untilMs);
    // Who comes between two ticks gets the last snapshot, or the first one as soon as it is made.
    if (channel.last !== null) sink.snapshot(channel.last);
    else void this.#tick(channel, interval);
    return () => {
      clearTimeout(ending);
      this.#places.delete(place);
      this.#leave(sink, interval);
    };
  }

  #end(sink: LiveSink, interval: number, untilMs: number): NodeJS.Timeout {
    const close = (): void => {
      this.#leave(sink, interval);
      sink.close();
    };
    const waitMs = untilMs - this.view.nowMs();
    return setTimeout(close, Math.min(Math.max(0, waitMs), longestWaitMs)).unref();
  }

  #channel(interval: number): Channel {
    let channel = this.#channels.get(interval);
    if (channel === undefined) {
      const timer = setInterval(() => void this.#tick(channel!, interval), interval * 1000).unref();
      channel = { sinks: new Set(), timer, last: null, reading: null };
      this.#channels.set(interval, channel);
    }
    return channel;
  }

  #leave(sink: LiveSink, interval: number): void {
    const channel = this.#channels.get(interval);
    if (channel?.sinks.delete(sink) && channel.sinks.size === 0) {
      clearInterval(channel.timer);
      this.#channels.delete(interval);
    }
    if (this.#channels.size === 0 && this.#heartbeat !== null) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = null;
    }
  }

  /** A tick while the one before still reads is left out: a slow store must not pile up reads. */
  #tick(channel: Channel, interval: number): Promise<void> {
    channel.reading ??= this.snapshot()
      .then((json) => {
        channel.last = json;
        this.#send(channel, interval, (sink) => sink.snapshot(json));
      })
      .catch((error: unknown) => this.view.failed('live', error))
      .finally(() => {
        channel.reading = null;
      });
    return channel.reading;
  }

  #beat(): void {
    for (const [interval, channel] of this.#channels) this.#send(channel, interval, (sink) => sink.heartbeat());
  }

  #send(channel: Channel, interval: number, write: (sink: LiveSink) => void): void {
    for (const sink of channel.sinks) {
      if (sink.bufferedBytes() <= mostBufferedBytes) {
        write(sink);
        continue;
      }
      // It does not read, or not as fast as we write; a browser connects again by itself.
      this.#leave(sink, interval);
      sink.close();
    }
  }
}
