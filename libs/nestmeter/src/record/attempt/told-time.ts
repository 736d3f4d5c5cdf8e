/*
 * Times as providers tell them in headers and bodies: when a limit is reset, and how long to wait. All of it is hostile
 * text: what is not understood, negative or out of bounds is null.
 */

/** Longer texts are no time. */
const longestText = 64;
/** Limits of a month are the longest known ones. */
const farthestResetSeconds = 366 * 86_400;
/** A provider that is out of service for longer is gone. */
const farthestRetrySeconds = 31 * 86_400;

const secondsOfUnit: Readonly<Record<string, number>> = {
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  ns: 1e-9,
};
/** Sticky: each part begins where the one before ended. */
const durationPart = /(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)/y;
const plainNumber = /^\d+(?:\.\d+)?$/;

/** Seconds of a duration as Go and protocol buffers write it, such as `6m0s`, `1h2m3.5s` or `120ms`. */
export function durationSeconds(text: string): number | null {
  if (text.length > longestText) return null;
  let seconds = 0;
  durationPart.lastIndex = 0;
  let end = 0;
  for (let part = durationPart.exec(text); part !== null; part = durationPart.exec(text)) {
    seconds += Number(part[1]) * secondsOfUnit[part[2]!]!;
    end = durationPart.lastIndex;
  }
  return end > 0 && end === text.length ? seconds : null;
}

/**
 * Seconds until a limit is reset: from a duration, seconds, a point in time as text, or Unix seconds or milliseconds,
 * which some gateways send. 0 when it is past.
 *
 * @param nowMs Unix milliseconds
 */
export function resetSeconds(text: string, nowMs: number): number | null {
  const trimmed = text.length > longestText ? '' : text.trim();
  const seconds = plainNumber.test(trimmed)
    ? fromNumber(Number(trimmed), nowMs)
    : (durationSeconds(trimmed) ?? fromDate(trimmed, nowMs));
  return seconds !== null && seconds <= farthestResetSeconds ? seconds : null;
}

/** Seconds of `Retry-After`: a number of seconds or an HTTP date. @param nowMs Unix milliseconds */
export function retryAfterSeconds(text: string, nowMs: number): number | null {
  const trimmed = text.length > longestText ? '' : text.trim();
  return boundedWait(plainNumber.test(trimmed) ? Number(trimmed) : fromDate(trimmed, nowMs));
}

/** Seconds of a header that tells a wait in milliseconds. */
export function retryAfterMilliseconds(text: string): number | null {
  const trimmed = text.length > longestText ? '' : text.trim();
  return plainNumber.test(trimmed) ? boundedWait(Number(trimmed) / 1000) : null;
}

/** A wait that is worth telling: above 0, and not for ever. */
export function boundedWait(seconds: number | null): number | null {
  return seconds !== null && seconds > 0 && seconds <= farthestRetrySeconds ? seconds : null;
}

/** No limit is reset in 30 years, so larger numbers are points in time; those past the year 5000 are in milliseconds. */
function fromNumber(number: number, nowMs: number): number {
  if (number < 1e9) return number;
  const atMs = number < 1e11 ? number * 1000 : number;
  return Math.max(0, (atMs - nowMs) / 1000);
}

/** Only text with a year, so that no fragment of a number is read as one. */
function fromDate(text: string, nowMs: number): number | null {
  if (!/\d{4}/.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, (atMs - nowMs) / 1000);
}
