import { cleanLabel } from '../accumulate/labels.js';
import { scrubMessage } from './error-message.js';

/** The last message of one category of failures of a provider. */
export interface LastError {
  /** As a label, under which reports look it up. */
  readonly provider: string;
  readonly category: string;
  /** Scrubbed; see error-message.ts. */
  readonly message: string;
  /** Unix milliseconds of the store's clock. */
  readonly atMs: number;
}

/** Kept at most, the most recent ones; a beat carries them all. */
const mostKept = 20;

/** The last error message of each provider and category, where the option `errors.messages` asks for them. */
export class LastErrors {
  readonly #errors = new Map<string, LastError>();

  /** Keeps a message in the place of an earlier one of the same provider and category. */
  note(name: string, category: string, message: string, atMs: number): void {
    const provider = cleanLabel(name);
    if (provider === null) return;
    const key = `${provider}\0${category}`;
    // Deleted first, so that the order is that of time.
    this.#errors.delete(key);
    this.#errors.set(key, { provider, category, message: scrubMessage(message), atMs });
    if (this.#errors.size > mostKept) this.#errors.delete(this.#errors.keys().next().value!);
  }

  /** Forgets all. For tests. */
  clear(): void {
    this.#errors.clear();
  }

  /** All of them, the oldest first. */
  list(): LastError[] {
    return [...this.#errors.values()];
  }
}
