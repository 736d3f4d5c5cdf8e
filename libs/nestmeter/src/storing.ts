import type { Clock } from './clock.js';
import type { Log } from './log.js';
import type { EffectiveOptions } from './options.js';
import type { Publisher } from './publish/publisher.js';
import { MemoryStore } from './store/memory-store.js';
import { Persistence } from './store/persistence.js';
import { RedisStore } from './store/redis-store.js';
import type { Store } from './store/store.js';

const mebibyte = 1 << 20;

/** The store that the options name: Redis, or memory. Nothing is opened yet. @param intervalMs between publishes */
export function createStore(options: EffectiveOptions, clock: Clock, log: Log, intervalMs: () => number): Store {
  if (options.redis === undefined) return new MemoryStore({ clock, maxBytes: options.maxMemoryMb * mebibyte });
  let away = false;
  return new RedisStore({
    location: options.redis,
    app: options.app!,
    get intervalMs() {
      return intervalMs();
    },
    warn: log.warn,
    onChange: (state, reason) => {
      if (state === 'unreachable') {
        away = true;
        log.warn(`Redis is unreachable (${reason}). Recording goes on; it is published when Redis is back.`);
      } else if (state === 'ready') {
        // Who was told that it went is told that it came back.
        (away ? log.warn : log.info)('Redis is reachable.');
        away = false;
      }
    },
  });
}

/** The file of a memory store. */
export function createPersistence(
  options: EffectiveOptions,
  { contents }: MemoryStore,
  publisher: Publisher,
  clock: Clock,
  { warn }: Log,
): Persistence {
  const { file = null, intervalSeconds = 60 } = options.persistence ?? {};
  const maxBytes = options.maxMemoryMb * mebibyte;
  const flush = () => publisher.flush();
  return new Persistence({ contents, clock, app: options.app ?? '', file, intervalSeconds, maxBytes, flush, warn });
}
