import type { Redis, RedisOptions } from 'ioredis';
import { NestmeterError } from '../errors.js';

/**
 * Where Redis is: an address, ioredis options, a client whose settings are copied (never its connection, which belongs
 * to the application), or a function that makes a client for us alone.
 */
export type RedisLocation = string | RedisOptions | RedisClient | (() => RedisClient);

/** What we use of an ioredis client, told by shape: an application may have another copy of ioredis than we. */
export type RedisClient = Pick<
  Redis,
  | 'defineCommand'
  | 'connect'
  | 'disconnect'
  | 'duplicate'
  | 'info'
  | 'wait'
  | 'scanStream'
  | 'unlink'
  | 'on'
  | 'options'
  | 'status'
>;

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
 * Settings under which no call is silently repeated, queued or left hanging (docs/decisions/redis-connection.md). The
 * protocol repeats what needs repeating; a time-out means "unknown".
 */
function safeProfile(name: string, timeoutMs: number): RedisOptions {
  return {
    connectionName: name,
    // Keys in scripts and patterns are not prefixed by ioredis: a prefix would give two grammars.
    keyPrefix: '',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: timeoutMs,
    // The only thing that leaves a server which is silent but keeps its socket.
    socketTimeout: timeoutMs + 1000,
    connectTimeout: 3000,
    // A timer that ioredis keeps even where there is no connection to end, and the process with it.
    disconnectTimeout: 200,
    keepAlive: 5000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1000) + Math.random() * 200,
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
  };
}

/** Our own connection to Redis. Opens in the background, reconnects for ever and says how it is. */
export class RedisConnection {
  #client: RedisClient | null = null;
  #opening: Promise<void> | null = null;
  #status: ConnectionStatus = { state: 'connecting', sinceMs: Date.now(), lastError: null };

  constructor(private readonly options: RedisConnectionOptions) {}

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Begins to connect; never throws, never waits. */
  open(prepare: (client: RedisClient) => void): void {
    this.#change('connecting', null);
    this.#opening = this.#connect(prepare).catch((error: unknown) => this.#change('unreachable', describe(error)));
  }

  /** The client if it is connected; throws NM_STORE_UNREACHABLE at once if it is not. */
  client(): RedisClient {
    if (this.#client === null || this.#status.state !== 'ready')
      throw unreachable(this.#status.lastError ?? 'not connected yet');
    return this.#client;
  }

  /** Closes the connection for good. */
  async close(): Promise<void> {
    this.#change('stopped', null);
    // First, so that an attempt to connect ends now and not with its time-out.
    this.#client?.disconnect();
    await this.#opening;
    this.#client = null;
  }

  async #connect(prepare: (client: RedisClient) => void): Promise<void> {
    const client = await this.#create();
    // Closed while ioredis was loading.
    if (this.#status.state === 'stopped') return client.disconnect();
    this.#client = client;
    prepare(client);
    client.on('ready', () => this.#change('ready', null));
    client.on('error', (error: Error) => this.#change('unreachable', describe(error)));
    client.on('close', () => this.#change('unreachable', this.#status.lastError ?? 'connection closed'));
    // A client made by the application may be connected already.
    if (client.status === 'ready') this.#change('ready', null);
    // A first failure is reported by the events; ioredis keeps trying.
    else await client.connect().catch(() => {});
  }

  async #create(): Promise<RedisClient> {
    const { location, name, timeoutMs } = this.options;
    const profile = safeProfile(name, timeoutMs);
    if (typeof location === 'function') return location();
    if (typeof location === 'object' && 'duplicate' in location) return location.duplicate(profile);
    const Client = await loadIoredis();
    return typeof location === 'string' ? new Client(location, profile) : new Client({ ...location, ...profile });
  }

  #change(state: ConnectionStatus['state'], lastError: string | null): void {
    if (this.#status.state === 'stopped' && state !== 'connecting') return;
    const changed = this.#status.state !== state;
    this.#status = { state, sinceMs: changed ? Date.now() : this.#status.sinceMs, lastError };
    if (changed) this.options.onChange(this.#status);
  }
}

async function loadIoredis(): Promise<typeof Redis> {
  try {
    return (await import('ioredis')).Redis;
  } catch (cause) {
    throw new NestmeterError({
      code: 'NM_MISSING_PEER',
      message:
        'Package ioredis must be installed (version 6) when the option redis is given. Run: npm install ioredis@6',
      cause,
    });
  }
}

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
  return message.replaceAll(/\/\/[^/@\s]*@/g, '//***@').slice(0, 200);
}
