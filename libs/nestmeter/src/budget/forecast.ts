/** What is needed to look ahead. Amounts are nano-USD or tokens; times Unix seconds. */
export interface ForecastFrom {
  readonly used: number;
  readonly limit: number;
  /** Amount per second of late. */
  readonly perSecond: number | null;
  readonly now: number;
  /** End of the period; null for rolling windows, of which nothing is foretold. */
  readonly to: number | null;
}

/** Where a period is heading. */
export interface Forecast {
  /** What will have been used at the end of the period; null when it cannot be told. */
  readonly amount: number | null;
  /** When the limit is reached, if that is before the end. */
  readonly exceedsAt: number | null;
}

/** Goes on from now at the rate of late. A budget that is used up was exceeded already: nothing is foretold of when. */
export function forecast({ used, limit, perSecond, now, to }: ForecastFrom): Forecast {
  if (perSecond === null || to === null) return { amount: null, exceedsAt: null };
  const amount = used + perSecond * Math.max(0, to - now);
  const exceedsAt = used < limit && amount >= limit ? now + (limit - used) / perSecond : null;
  return { amount, exceedsAt };
}

/** What can be spent past a limit before every replica knows that it is reached. */
export interface OvershootFrom {
  /** Amount per second of the fleet of late. */
  readonly perSecond: number;
  /** Seconds from a call's end until each replica knows of it, at most. */
  readonly delaySeconds: number;
  /** Calls under way: they are made already, and cost something when they end. */
  readonly underWay: number;
  /** Mean amount of a call. */
  readonly perCall: number;
}

/**
 * The possible overshoot of a hard stop at the present rate: what the fleet spends until each replica knows that the limit
 * is reached, and what the calls that are under way by then still cost.
 */
export function overshoot({ perSecond, delaySeconds, underWay, perCall }: OvershootFrom): number {
  return perSecond * delaySeconds + underWay * perCall;
}
