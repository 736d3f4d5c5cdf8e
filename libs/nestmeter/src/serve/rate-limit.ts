import type { Clock } from '../clock.js';

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Keys that are remembered; past it the one unused for longest is forgotten. About 2 MB. */
const mostKeys = 10_000;

/** Token buckets by key: each refills to `perMinute` within a minute, which may change. Time is monotonic. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    private readonly perMinute: () => number,
    private readonly clock: Clock,
  ) {}

  /** Takes one token. Answers 0, or the whole seconds after which there is one again. */
  take(key: string): number {
    const bucket = this.#refilled(key);
    if (bucket.tokens < 1) return this.#wait(bucket);
    bucket.tokens--;
    return 0;
  }

  /** As {@link take}, but takes nothing. */
  wait(key: string): number {
    if (!this.#buckets.has(key)) return 0;
    const bucket = this.#refilled(key);
    return bucket.tokens < 1 ? this.#wait(bucket) : 0;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  #wait(bucket: Bucket): number {
    return Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / this.perMinute()));
  }

  #refilled(key: string): Bucket {
    const now = this.clock.monotonicMs();
    const perMinute = this.perMinute();
    const bucket = this.#buckets.get(key) ?? { tokens: perMinute, atMs: now };
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((now - bucket.atMs) * perMinute) / 60_000);
    bucket.atMs = now;
    // A Map keeps the order of insertion, so the first key is the one unused for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > mostKeys) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}
