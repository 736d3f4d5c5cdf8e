import { NestmeterError } from '../errors.js';
import type { MonitorView } from './monitor-view.js';

/** Where events go: the response of one client. */
export interface EventSink {
  /** Bytes that were written and not yet taken by the connection. */
  bufferedBytes(): number;
  write(text: string): void;
  close(): void;
}

/** An answer that goes on: the edge connects it to the client's connection. */
export interface ServerSentEvents {
  /** Begins to write to a sink. Call what it returns when the client is gone. */
  connect(sink: EventSink): () => void;
}

const heartbeatMs = 15_000;
const mostBufferedBytes = 256 * 1024;
/** For how long a browser waits before it connects again, in milliseconds. */
const retryMs = 3000;

interface Channel {
  readonly sinks: Set<EventSink>;
  readonly timer: NodeJS.Timeout;
  last: string | null;
  reading: Promise<void> | null;
}

/**
 * The live streams of one replica: a snapshot every few seconds, made once for all clients with the same interval. Timers
 * run only while there are clients and keep no process alive.
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

  /** A stream with a snapshot every `intervalSeconds`. Throws NM_TOO_MANY_STREAMS when the limit is reached. */
  open(intervalSeconds: number): ServerSentEvents {
    const { liveClients } = this.view.limits;
    if (this.#closed || this.#places.size >= liveClients)
      throw new NestmeterError({
        code: 'NM_TOO_MANY_STREAMS',
        message: `Live streams must be at most ${liveClients}, got one more. Close one and try again.`,
      });
    return { connect: (sink) => this.#connect(sink, intervalSeconds) };
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

  #connect(sink: EventSink, interval: number): () => void {
    if (this.#closed) {
      sink.close();
      return () => {};
    }
    const place = Symbol();
    this.#places.add(place);
    this.#heartbeat ??= setInterval(() => this.#beat(), heartbeatMs).unref();
    const channel = this.#channel(interval);
    channel.sinks.add(sink);
    sink.write(`retry: ${retryMs}\n\n`);
    // Who comes between two ticks gets the last snapshot, or the first one as soon as it is made.
    if (channel.last !== null) sink.write(channel.last);
    else void this.#tick(channel, interval);
    return () => {
      this.#places.delete(place);
      this.#leave(sink, interval);
    };
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

  #leave(sink: EventSink, interval: number): void {
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
        channel.last = `event: snapshot\ndata: ${json}\n\n`;
        this.#send(channel, interval, channel.last);
      })
      .catch((error: unknown) => this.view.failed('live', error))
      .finally(() => {
        channel.reading = null;
      });
    return channel.reading;
  }

  #beat(): void {
    for (const [interval, channel] of this.#channels) this.#send(channel, interval, ': still here\n\n');
  }

  #send(channel: Channel, interval: number, text: string): void {
    for (const sink of channel.sinks) {
      if (sink.bufferedBytes() <= mostBufferedBytes) {
        sink.write(text);
        continue;
      }
      // It does not read, or not as fast as we write; a browser connects again by itself.
      this.#leave(sink, interval);
      sink.close();
    }
  }
}
