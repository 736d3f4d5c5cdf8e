import type { RateLimit } from './wire-format.js';

const REQUESTS_PER_MINUTE = 5000;
const TOKENS_PER_MINUTE = 2_000_000;
const MINUTE_MS = 60_000;

/**
 * What each model has left in the current minute, for the headers only: nothing is refused for it, since the share of
 * refused calls is a setting. Models are forgotten at the turn of the minute, so their number stays small.
 */
export class SimulatedRateLimit {
  private minute = 0;
  private readonly used = new Map<string, { requests: number; tokens: number }>();

  /** Counts one call and says what is left after it. */
  take(model: string, tokens: number): RateLimit {
    const now = Date.now();
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.minute) this.used.clear();
    this.minute = minute;
    const used = this.used.get(model) ?? { requests: 0, tokens: 0 };
    this.used.set(model, used);
    used.requests += 1;
    used.tokens += tokens;
    return {
      requestLimit: REQUESTS_PER_MINUTE,
      requestsLeft: Math.max(0, REQUESTS_PER_MINUTE - used.requests),
      tokenLimit: TOKENS_PER_MINUTE,
      tokensLeft: Math.max(0, TOKENS_PER_MINUTE - used.tokens),
      resetSeconds: Math.ceil(((minute + 1) * MINUTE_MS - now) / 1000),
    };
  }
}
