import type { RedisMode } from './redis-client.js';
import type { StoreStatus } from './store.js';

/** What {@link RedisFacts} are made of. */
export interface RedisFactsOptions {
  /** What INFO answers, or `!` and why it is not told. */
  readonly ask: () => Promise<string>;
  readonly mode: () => RedisMode | null;
  /** Told once of each thing about Redis that an operator should change. */
  readonly warn: (message: string) => void;
}

/** Between two questions. */
const refreshMs = 60_000;
/** Clocks that differ by more are worth a word. */
const largestOffsetMs = 2000;
/** Commands and options that the scripts use are there since. */
const oldestVersion = [6, 2] as const;

/**
 * What Redis says of itself, for /health, and warnings about what endangers numbers. Asked for when connected and then at
 * most every minute. Where INFO is forbidden the facts stay unknown; nothing else depends on them.
 */
export class RedisFacts {
  #details: StoreStatus['details'] = {};
  /** The Redis that the server is like, which is what counts for commands: Valkey has versions of its own. */
  #likeVersion: string | null = null;
  #dueMs = -Infinity;
  #warned = new Set<string>();

  constructor(private readonly options: RedisFactsOptions) {}

  /** Facts by name; null for those that are not told. Never contains a secret. */
  get details(): StoreStatus['details'] {
    return { mode: this.options.mode(), ...this.#details };
  }

  /** Whether a write can reach a second node; null when that is not told. */
  get hasReplica(): boolean | null {
    const replicas = this.#details['connected_replicas'];
    return typeof replicas === 'number' ? replicas > 0 : null;
  }

  /** Asks in the background, now when `again`, else if the last answer is a minute old. Never throws. */
  refresh({ again = false } = {}): void {
    const nowMs = performance.now();
    if (!again && nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + refreshMs;
    this.options.ask().then(
      (info) => this.#learn(info),
      (error: unknown) => {
        // Redis is away: asked again when it is back.
        this.#dueMs = -Infinity;
        if (/\bMOVED \d/.test(String(error))) this.#warnOfCluster();
      },
    );
  }

  /**
   * Takes in the time that Redis showed in a call between two readings of this host's clock, Unix milliseconds. The round
   * trip is the doubt in it.
   */
  sawTime(redisMs: number, sentMs: number, receivedMs: number): void {
    const offsetMs = redisMs < sentMs ? redisMs - sentMs : Math.max(0, redisMs - receivedMs);
    if (Math.abs(offsetMs) <= largestOffsetMs) return;
    const seconds = (Math.abs(offsetMs) / 1000).toFixed(1);
    const side = offsetMs > 0 ? 'ahead of' : 'behind';
    this.#warn(
      'clock',
      `The clock of Redis is ${seconds} s ${side} this host's. Numbers follow Redis; set both by NTP.`,
    );
  }

  #learn(info: string): void {
    if (info.startsWith('!')) {
      this.#details = { info: info.slice(1).replace(/^ERR /, '').slice(0, 200) };
      return;
    }
    const fact = (name: string): string | null => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
    const count = (name: string): number | null => (/^\d+$/.test(fact(name) ?? '') ? Number(fact(name)) : null);
    this.#likeVersion = fact('redis_version');
    this.#details = {
      // Valkey names itself and gives the Redis it came from (7.2.4) as `redis_version`; Redis gives no name.
      server: fact('server_name') ?? (this.#likeVersion === null ? null : 'redis'),
      version: fact('valkey_version') ?? this.#likeVersion,
      role: fact('role'),
      eviction_policy: fact('maxmemory_policy'),
      evicted_keys: count('evicted_keys'),
      used_memory_bytes: count('used_memory'),
      max_memory_bytes: count('maxmemory'),
      connected_replicas: count('connected_slaves'),
    };
    this.#judge(fact('cluster_enabled') === '1');
  }

  #judge(isClusterNode: boolean): void {
    const { role, eviction_policy: policy, max_memory_bytes: most } = this.#details;
    const version = this.#likeVersion;
    const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
    const isOld = major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]);
    if (version !== null && isOld)
      this.#warn('version', `Redis must be ${oldestVersion.join('.')} or later, got ${version}. Update it.`);
    if (role === 'slave')
      this.#warn(
        'role',
        'Redis must be a master, got a read-only replica. Give the address of its master, or Sentinel.',
      );
    if (typeof policy === 'string' && policy !== 'noeviction' && most !== 0)
      this.#warn(
        'eviction',
        `Redis may evict numbers (maxmemory-policy must be noeviction, got ${policy}). Set it, or use a Redis of its own.`,
      );
    if (isClusterNode) this.#warnOfCluster();
  }

  #warnOfCluster(): void {
    if (this.options.mode() === 'cluster') return;
    this.#warn('cluster', 'Redis is a node of a cluster. Give its nodes: redis: { cluster: [{ host, port }] }.');
  }

  #warn(kind: string, message: string): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.options.warn(message);
  }
}
