import { NestmeterError } from '../errors.js';
import { createClient, mastersOf, modeOf, type RedisClient, type RedisLocation, type RedisMode, type RedisNode } from './redis-client.js'; // prettier-ignore
import { wordsOfRedis } from './redis-error.js';

/** How the connection is doing. */
export interface ConnectionStatus {
  readonly state: 'ready' | 'connecting' | 'unreachable' | 'stopped';
  /** Unix milliseconds of this host. */
  readonly sinceMs: number;
  readonly lastError: string | null;
}

/** What a {@link RedisConnection} is made of. */
export interface RedisConnectionOptions {
  readonly location: RedisLocation;
  /** Shown by `CLIENT LIST`. */
  readonly name: string;
  /** Milliseconds after which the outcome of a call counts as unknown. */
  readonly timeoutMs: number;
  /** Told once for each change between reachable and unreachable. */
  readonly onChange: (status: ConnectionStatus) => void;
}

/**
 * Our own connection to Redis. Opens in the background, reconnects for ever and says how it is: `ready` while calls can be
 * made and what is published is taken. A server that is reached and refuses is as good as one that is not.
 */
export class RedisConnection {
  #client: RedisClient | null = null;
  #opening: Promise<void> | null = null;
  #reopening: NodeJS.Timeout | undefined;
  #isConnected = false;
  /** Whether what was published last was not taken: a new connection to a server that refuses is no better than the last. */
  #isRefused = false;
  #status: ConnectionStatus = { state: 'connecting', sinceMs: Date.now(), lastError: null };

  constructor(private readonly options: RedisConnectionOptions) {}

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** How Redis is reached; null before there is a client. */
  get mode(): RedisMode | null {
    return this.#client && modeOf(this.#client);
  }

  /** Begins to connect; never throws, never waits. */
  open(prepare: (client: RedisClient) => void): void {
    this.#change('connecting', null);
    this.#opening = this.#connect(prepare).catch((error: unknown) => this.#change('unreachable', describe(error)));
  }

  /** The client if it is connected; throws NM_STORE_UNREACHABLE at once if it is not. */
  client(): RedisClient {
    if (this.#client === null || !this.#isConnected || this.#status.state === 'stopped')
      throw unreachable(this.#status.lastError ?? 'not connected yet');
    return this.#client;
  }

  /** The masters that are connected, for what concerns a node and no key; throws NM_STORE_UNREACHABLE without any. */
  masters(): RedisNode[] {
    return mastersOf(this.client());
  }

  /** Notes that what was published was taken. */
  succeeded(): void {
    this.#isRefused = false;
    if (this.#isConnected) this.#change('ready', null);
  }

  /** Notes that what was published was not taken, or may not have been. */
  failed(error: unknown): void {
    if (!this.#isConnected) return;
    this.#isRefused = true;
    this.#change('unreachable', describe(error));
  }

  /** Begins anew: what it answers cannot be told apart any more. */
  distrust(): void {
    this.#client?.disconnect();
  }

  /** Closes the connection for good. */
  async close(): Promise<void> {
    this.#change('stopped', null);
    clearTimeout(this.#reopening);
    // First, so that an attempt to connect ends now and not with its time-out.
    this.#client?.disconnect();
    await this.#opening;
    this.#client = null;
  }

  async #connect(prepare: (client: RedisClient) => void): Promise<void> {
    const { location, name, timeoutMs } = this.options;
    const client = await createClient(location, { name, timeoutMs });
    // Closed while ioredis was loading.
    if (this.#status.state === 'stopped') return client.disconnect();
    this.#client = client;
    prepare(client);
    client.on('ready', () => this.#connected());
    client.on('error', (error: Error) => this.#lost(describe(error)));
    client.on('close', () => this.#lost(this.#status.lastError ?? 'connection closed'));
    client.on('end', () => this.#reopen(client));
    // A client made by the application may be connected already.
    if (client.status === 'ready') this.#connected();
    // A first failure is reported by the events; ioredis keeps trying.
    else await client.connect().catch(() => {});
  }

  /**
   * Begins anew where ioredis gave up: a fail-over that it hears of while it looks for the master ends it for good, and a
   * client made by the application may have a strategy with an end.
   */
  #reopen(client: RedisClient): void {
    clearTimeout(this.#reopening);
    if (this.#status.state === 'stopped') return;
    this.#lost(this.#status.lastError ?? 'connection ended');
    this.#reopening = setTimeout(() => void client.connect().catch(() => {}), reopenMs);
    this.#reopening.unref();
  }

  #connected(): void {
    this.#isConnected = true;
    if (!this.#isRefused) this.#change('ready', null);
  }

  #lost(reason: string): void {
    this.#isConnected = false;
    this.#change('unreachable', reason);
  }

  #change(state: ConnectionStatus['state'], lastError: string | null): void {
    if (this.#status.state === 'stopped' && state !== 'connecting') return;
    const changed = this.#status.state !== state;
    this.#status = { state, sinceMs: changed ? Date.now() : this.#status.sinceMs, lastError };
    if (changed) this.options.onChange(this.#status);
  }
}

/** Before beginning anew. */
const reopenMs = 500;

/** The failure of a call whose outcome is unknown. Keeps the reason's words, never the command with its values. */
export function unreachable(reason: unknown): NestmeterError {
  return new NestmeterError({
    code: 'NM_STORE_UNREACHABLE',
    message: `Redis must answer, got: ${typeof reason === 'string' ? reason : describe(reason)}. Recording goes on.`,
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const nested = error instanceof AggregateError ? error.errors[0] : undefined;
  const message = (nested instanceof Error ? nested.message : '') || error.message || error.name;
  return wordsOfRedis(message)
    .replaceAll(/\/\/[^/@\s]*@/g, '//***@')
    .slice(0, 200);
}
