import { slotId } from './store.js';

/**
 * Rule 4. The key grammar of one app. All keys share the hash tag `{nm:<app>}`, so that they live on one node of a cluster and
 * scripts may touch several. Names are percent-encoded: a brace in one would move the tag.
 */
export class RedisKeys {
  /** `{nm:<app>}` */
  readonly tag: string;
  /** Hash, no expiry: slot → revision (with a `z` once it is sealed), `born`, and `gaps`: gap records. */
  readonly index: string;
  /** Hash, no expiry: replica id → beat. */
  readonly beats: string;
  /** Sorted set, no expiry: replica id by the store's time of its last beat, negative once it left. */
  readonly live: string;
  /** Hash, no expiry: replica id → up to when all that it counted is in the store. */
  readonly stored: string;
  /** Sorted set, no expiry: `<slot>/<field>` of final states that wait to be folded, by the time they were written. */
  readonly finals: string;
  /** Hash, no expiry: `lease`, and `d:<name>` → version and id of a control document. */
  readonly control: string;
  /** Hash, no expiry: name → body of a control document. */
  readonly documents: string;
  /** Hash, no expiry: `<family>:<signature>` → when it was last told, and what the family is. */
  readonly families: string;

  constructor(app: string) {
    this.tag = `{nm:${encodeURIComponent(app.toWellFormed())}}`;
    this.index = `${this.tag}:index`;
    this.beats = `${this.tag}:beats`;
    this.live = `${this.tag}:live`;
    this.stored = `${this.tag}:stored`;
    this.finals = `${this.tag}:finals`;
    this.control = `${this.tag}:control`;
    this.documents = `${this.tag}:documents`;
    this.families = `${this.tag}:families`;
  }

  /** Hash, expires after its period: holder → what it holds of a budget. */
  reserved(account: string): string {
    return `${this.tag}:reserved:${encodeURIComponent(account.toWellFormed())}`;
  }

  /** Hash, expires after its retention: `r:<id>.<generation>` → state, and the fields of folded-state.ts. */
  slot(slot: Parameters<typeof slotId>[0]): string {
    return `${this.tag}:${slotId(slot)}`;
  }
}
