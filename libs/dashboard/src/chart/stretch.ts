import type { WindowHead } from '../api/answers.js';

/** A part of a window, of which a chart shows one point. Unix seconds. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * A value of each part of a window. Null before there were any data: nothing was measured then, which is not zero.
 *
 * @param value of a part; null when nothing happened in it of which a mean could be told
 */
export function valuesOf<Part extends Stretch>(
  series: readonly Part[] | undefined,
  { window: { data_since: since } }: Pick<WindowHead, 'window'>,
  value: (part: Part) => number | null,
): (number | null)[] {
  return (series ?? []).map((part) => (since !== null && part.to <= since ? null : value(part)));
}

/**
 * An entry of a map of a part, as its own value; `none` when nothing was counted under its name. Null when that is not known:
 * a part tells the largest names apart and puts the others together.
 */
export function entryOf<Entry, None>(
  entries: Readonly<Record<string, Entry>>,
  name: string,
  none: None,
): Entry | None | null {
  if (Object.hasOwn(entries, name)) return entries[name]!;
  return Object.hasOwn(entries, '__other__') ? null : none;
}

/** So many of a window, or of a part of it, per minute of the time of which there are data; null where there are none. */
export function perMinute(
  many: number,
  { window }: Pick<WindowHead, 'window'>,
  { from, to }: Stretch = window,
): number | null {
  const seconds = to - Math.max(from, window.data_since ?? from);
  return seconds > 0 ? (many / seconds) * 60 : null;
}

/** Shorter than this share of a whole one, a part that still goes on says nothing yet: one request in a second is no rate. */
const leastShare = 0.3;

/** How many per minute each part counted; null likewise, where that is unknown, and for a part that has only just begun. */
export function ratesOf<Part extends Stretch>(
  series: readonly Part[] | undefined,
  head: Pick<WindowHead, 'window'>,
  many: (part: Part) => number | null,
): (number | null)[] {
  const whole = Math.max(0, ...(series ?? []).map(({ from, to }) => to - from));
  return valuesOf(series, head, (part) => {
    const counted = many(part);
    return counted === null || part.to - part.from < whole * leastShare ? null : perMinute(counted, head, part);
  });
}
