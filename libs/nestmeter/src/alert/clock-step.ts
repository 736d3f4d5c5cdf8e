/** Differences up to this are drift and round trips, not a clock that was set. */
const toleranceMs = 2000;
/** Longer than any change of keeper, at the longest interval of 600 s too: nobody evaluated, or the clock was set. */
const longestGapMs = 20 * 60_000;

/**
 * By how much the store's clock was set between two evaluations, in milliseconds; negative when it was set back. What lasts
 * is moved by so much, so that neither an alert fires early nor one is held for ever.
 *
 * @param elapsedMs how long it really was; null when another replica made the evaluation before
 */
export function elapsedStepMs(beforeMs: number, nowMs: number, elapsedMs: number | null): number {
  const differenceMs = nowMs - beforeMs;
  // What nobody watched for so long counts as a moment.
  if ((elapsedMs ?? differenceMs) > longestGapMs) return differenceMs;
  if (elapsedMs !== null) {
    const stepMs = differenceMs - elapsedMs;
    return Math.abs(stepMs) <= toleranceMs ? 0 : stepMs;
  }
  return Math.min(0, differenceMs);
}
