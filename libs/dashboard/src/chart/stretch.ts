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

/** For how many seconds of a part, or of the whole window, there are data: rates divide by it. */
export function measuredSeconds(
  { from, to }: Stretch,
  { window: { data_since: since } }: Pick<WindowHead, 'window'>,
): number {
  return to - Math.max(from, since ?? from);
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
    const seconds = measuredSeconds(part, head);
    return counted === null || seconds <= 0 || seconds < whole * leastShare ? null : (counted / seconds) * 60;
  });
}
