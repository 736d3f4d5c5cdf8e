/** Longest wait between two attempts, unless the receiver asks for more. */
const longestMs = 300_000;
/** Longest wait that a receiver can ask for. */
const longestAskedMs = 900_000;
const firstMs = 1000;

/**
 * How long to wait before the next attempt, in milliseconds: exponential back-off with full jitter, so that replicas and
 * channels which failed together do not come back together. The wishes of the receiver are a lower bound.
 *
 * @param attempts made so far, at least 1
 * @param askedMs what the receiver asks for; null when it does not
 * @param random from 0 to 1, not 1
 */
export function retryDelayMs(attempts: number, askedMs: number | null, random: number): number {
  const ceilingMs = Math.min(longestMs, firstMs * 2 ** (attempts - 1));
  return Math.round(Math.max(Math.min(askedMs ?? 0, longestAskedMs), random * ceilingMs));
}

/** Reads the header `Retry-After`: seconds or a date. Null for anything else. @param nowMs Unix milliseconds of this host */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Only the form that HTTP writes: Date.parse would take any number for a year.
  const atMs = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
