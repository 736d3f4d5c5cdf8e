import { slotId, type SlotRef } from './store.js';

/**
 * The key grammar of one app. All keys share the hash tag `{nm:<app>}`, so that they live on one node of a cluster and
 * scripts may touch several. Names are percent-encoded: a brace in one would move the tag.
 */
export class RedisKeys {
  /** `{nm:<app>}` */
  readonly tag: string;
  /** Hash, no expiry: slot → revision, and `born`. */
  readonly index: string;
  /** Hash, no expiry: replica id → beat. */
  readonly beats: string;
  /** Sorted set, no expiry: replica id by the store's time of its last beat, negative once it left. */
  readonly live: string;

  constructor(app: string) {
    this.tag = `{nm:${encodeURIComponent(app.toWellFormed())}}`;
    this.index = `${this.tag}:index`;
    this.beats = `${this.tag}:beats`;
    this.live = `${this.tag}:live`;
  }

  /** Hash, expires after its retention: `r:<id>.<generation>` → state, `m:…` → mark, `*` → folded, `z` → sealed. */
  slot(slot: SlotRef): string {
    return `${this.tag}:${slotId(slot)}`;
  }
}
