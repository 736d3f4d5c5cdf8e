import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { isNotInstalled, NestmeterError, shown } from '../errors.js';
import { wordsOfRedis } from './redis-error.js';

/*
 * How a client of our own is made from what an application gives: always with settings under which no call is queued or
 * left hanging (docs/decisions/redis-connection.md). Clients are told by shape: an application may have another copy of
 * ioredis than we.
 */

/** A Redis Cluster by some of its nodes; the others are found through them. */
export interface RedisClusterLocation {
  readonly cluster: readonly ClusterNode[];
  /** Options of ioredis' `Cluster`, such as `redisOptions: { username, password, tls }`, `dnsLookup` and `natMap`. */
  readonly options?: ClusterOptions;
}

/**
 * Where Redis is: an address; ioredis options, with `sentinels` and `name` for Sentinel; the nodes of a cluster; a client
 * whose settings are copied (never its connection, which belongs to the application); or a function that makes a client
 * for us alone.
 */
export type RedisLocation =
  | string
  | RedisOptions
  | RedisClusterLocation
  | Pick<Redis, 'duplicate' | 'options'>
  | Pick<Cluster, 'duplicate' | 'options' | 'nodes'>
  | (() => RedisClient);

/** One node of Redis, as we use it. */
export interface RedisNode {
  readonly status: string;
  wait(replicas: number, timeoutMs: number): Promise<number>;
  scanStream(options: { match: string; count: number }): AsyncIterable<unknown>;
}

/** What we use of a client of ioredis, whether of one node or of a cluster. */
export interface RedisClient {
  readonly status: string;
  readonly isCluster: boolean;
  defineCommand(name: string, definition: { lua: string }): unknown;
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (error: Error) => void): unknown;
  unlink(...keys: string[]): Promise<number>;
}

/** How Redis is reached. */
export type RedisMode = 'single' | 'sentinel' | 'cluster';

/** The names and times of a client of our own. */
export interface ClientSettings {
  /** Shown by `CLIENT LIST`. */
  readonly name: string;
  /** Milliseconds after which the outcome of a call counts as unknown. */
  readonly timeoutMs: number;
}

/** Makes a client that is not connected yet; one made by the application's function may be. */
export async function createClient(location: RedisLocation, settings: ClientSettings): Promise<RedisClient> {
  if (typeof location === 'function') return location();
  if (typeof location === 'object' && 'duplicate' in location)
    return 'nodes' in location
      ? location.duplicate([], clusterProfile(settings, location.options))
      : location.duplicate(nodeProfile(settings));
  const ioredis = await loadIoredis();
  if (typeof location === 'string') return new ioredis.Redis(location, nodeProfile(settings));
  if ('cluster' in location)
    return new ioredis.Cluster([...location.cluster], clusterProfile(settings, location.options));
  return new ioredis.Redis({ ...location, ...nodeProfile(settings) });
}

/** How a client reaches Redis. */
export function modeOf(client: RedisClient): RedisMode {
  if (client.isCluster) return 'cluster';
  return (client as Partial<Pick<Redis, 'options'>>).options?.sentinels ? 'sentinel' : 'single';
}

/** The masters that a client is connected to: those of a cluster, else the one. */
export function mastersOf(client: RedisClient): RedisNode[] {
  if (!client.isCluster) return [client as RedisClient & RedisNode];
  return (client as unknown as Cluster).nodes('master').filter(({ status }) => status === 'ready');
}

/** Settings of one connection. The protocol repeats what needs repeating; a time-out means "unknown". */
function nodeProfile(settings: ClientSettings): RedisOptions {
  const { timeoutMs } = settings;
  return {
    ...callProfile(settings),
    enableOfflineQueue: false,
    retryStrategy: (attempt) => pauseMs(attempt),
    // Leaves a master that was demoted.
    reconnectOnError: (error) => (wordsOfRedis(error.message).startsWith('READONLY') ? 1 : false),
    // Of Sentinel: one that is silent is passed over, and a fail-over is heard of instead of waited for.
    role: 'master',
    sentinelCommandTimeout: timeoutMs,
    sentinelRetryStrategy: (attempt) => pauseMs(attempt),
    failoverDetector: true,
  };
}

/** Settings of a cluster: those of each connection, and at the top those that ioredis ignores below. */
function clusterProfile(settings: ClientSettings, { redisOptions }: ClusterOptions = {}): ClusterOptions {
  return {
    lazyConnect: true,
    keyPrefix: '',
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    scaleReads: 'master',
    clusterRetryStrategy: (attempt) => pauseMs(attempt),
    slotsRefreshTimeout: 2000,
    // Who serves a slot is learnt from redirections too; this is for nodes that are silent.
    slotsRefreshInterval: 30_000,
    redisOptions: { ...redisOptions, ...callProfile(settings) },
  };
}

function callProfile({ name, timeoutMs }: ClientSettings) {
  return {
    connectionName: name,
    // Keys in scripts and patterns are not prefixed by ioredis: a prefix would give two grammars.
    keyPrefix: '',
    lazyConnect: true,
    enableAutoPipelining: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: timeoutMs,
    // The only thing that leaves a server which is silent but keeps its socket.
    socketTimeout: timeoutMs + 1000,
    connectTimeout: 3000,
    // A timer that ioredis keeps even where there is no connection to end, and the process with it.
    disconnectTimeout: 200,
    keepAlive: 5000,
    stringNumbers: false,
  } as const satisfies RedisOptions;
}

/** Between attempts to connect, without an end; with jitter, so that a fleet does not come back as one. */
function pauseMs(attempt: number): number {
  return Math.min(attempt * 100, 1000) + Math.random() * 200;
}

async function loadIoredis(): Promise<{ Redis: typeof Redis; Cluster: typeof Cluster }> {
  try {
    return await import('ioredis');
  } catch (cause) {
    const isMissing = isNotInstalled(cause, 'ioredis');
    const thrown = cause instanceof Error ? cause.message : cause;
    throw new NestmeterError({
      code: isMissing ? 'NM_MISSING_PEER' : 'NM_PEER_UNUSABLE',
      message: isMissing
        ? 'Package ioredis must be installed (version 6) when the option redis is given. Run: npm install ioredis@6'
        : `Package ioredis must load when the option redis is given, got ${shown(thrown)}. It is installed: look at the cause.`,
      cause,
    });
  }
}
