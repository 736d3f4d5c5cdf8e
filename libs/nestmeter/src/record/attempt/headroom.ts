import { cleanLabel } from '../../accumulate/labels.js';
import type { RateLimitHeaders } from './rate-limit-headers.js';

/** One limit of a model as last seen. Times are Unix milliseconds of the store's clock; null is unknown. */
export interface SeenLimit {
  /** `requests`, `tokens`, `input_tokens`, `requests_day` … */
  readonly kind: string;
  readonly limit: number | null;
  readonly remaining: number | null;
  /** When it is full again. */
  readonly resetMs: number | null;
  readonly seenMs: number;
}

/** What this replica last saw of the limits of one model. */
export interface ModelHeadroom {
  readonly provider: string;
  /** The model asked for. */
  readonly model: string;
  /** The one that answered last, where its name is another. */
  readonly answeredBy: string | null;
  readonly limits: readonly SeenLimit[];
  /** Until when the provider said to wait; null once a call got through. */
  readonly retryMs: number | null;
  /** When it said so, or took it back; null if it never did. */
  readonly retrySeenMs: number | null;
}

interface Held {
  readonly provider: string;
  readonly model: string;
  answeredBy: string | null;
  readonly limits: Map<string, SeenLimit>;
  retryMs: number | null;
  retrySeenMs: number | null;
}

const mostModels = 50;
const mostKinds = 8;

/**
 * How much the providers still allow, as their answers last told it, by provider and model. At most 50 models with 8
 * limits each; those not seen for longest go.
 */
export class Headroom {
  /** Seen last stands last. */
  readonly #models = new Map<string, Held>();

  /** @param nowMs reads the store's clock, in Unix milliseconds */
  constructor(readonly nowMs: () => number) {}

  /**
   * Takes in what an answer told.
   *
   * @param succeeded whether it was no error: then nobody has to wait any longer
   */
  note(provider: string, model: string, told: RateLimitHeaders, succeeded: boolean): void {
    const wait = succeeded ? null : told.retryAfterSeconds;
    const mustWait = wait !== null;
    const held = this.#hold(provider, model, mustWait || told.limits.length > 0);
    if (held === null) return;
    const nowMs = this.nowMs();
    for (const { kind, limit, remaining, resetSeconds } of told.limits) {
      if (held.limits.size >= mostKinds && !held.limits.has(kind)) continue;
      const resetMs = resetSeconds === null ? null : Math.round(nowMs + resetSeconds * 1000);
      // Some answers tell what is left only; the limit itself hardly ever changes.
      const known = limit ?? held.limits.get(kind)?.limit ?? null;
      held.limits.set(kind, { kind, limit: known, remaining, resetMs, seenMs: Math.round(nowMs) });
    }
    if (!mustWait && (!succeeded || held.retryMs === null)) return;
    held.retryMs = mustWait ? Math.round(nowMs + wait * 1000) : null;
    held.retrySeenMs = Math.round(nowMs);
  }

  /** Notes which model answered when one was asked for, under whose name its calls are counted. */
  answered(provider: string, model: string, answeredBy: string): void {
    if (this.#models.size === 0) return;
    const held = this.#hold(provider, model, false);
    if (held !== null) held.answeredBy = answeredBy === model ? null : cleanLabel(answeredBy);
  }

  /** The models seen last, with at most so many limits together. @param mostLimits default all */
  latest(mostLimits = Number.POSITIVE_INFINITY): ModelHeadroom[] {
    const models: ModelHeadroom[] = [];
    let limits = 0;
    for (const held of [...this.#models.values()].reverse()) {
      // A model costs as much as a limit, so that those with a wait alone are bounded too.
      limits += Math.max(1, held.limits.size);
      if (limits > mostLimits) break;
      models.push({ ...held, limits: [...held.limits.values()] });
    }
    return models;
  }

  /** Forgets everything. For tests. */
  clear(): void {
    this.#models.clear();
  }

  #hold(provider: string, model: string, isSeen: boolean): Held | null {
    const labels = [cleanLabel(provider), cleanLabel(model)] as const;
    if (labels[0] === null || labels[1] === null) return null;
    const key = labels.join('\0');
    let held = this.#models.get(key) ?? null;
    if (!isSeen) return held;
    this.#models.delete(key);
    held ??= {
      provider: labels[0],
      model: labels[1],
      answeredBy: null,
      limits: new Map(),
      retryMs: null,
      retrySeenMs: null,
    };
    this.#models.set(key, held);
    if (this.#models.size > mostModels) this.#models.delete(this.#models.keys().next().value!);
    return held;
  }
}
