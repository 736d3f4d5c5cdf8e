import { cleanLabel, other } from '../../accumulate/labels.js';

/** Hosts told apart; the rest is counted in `__other__`. */
const mostHosts = 100;

/** Requests to providers that no tracked call made, by host: what the numbers of LLM calls leave out. */
export class UntrackedRequests {
  readonly #hosts = new Map<string, number>();

  /** Counts a request. */
  count(host: string): void {
    let label = cleanLabel(host) ?? other;
    if (!this.#hosts.has(label) && this.#hosts.size >= mostHosts) label = other;
    this.#hosts.set(label, (this.#hosts.get(label) ?? 0) + 1);
  }

  /** Requests since the start, by host. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#hosts);
  }

  /** Forgets the counts. For tests. */
  clear(): void {
    this.#hosts.clear();
  }
}
