import type { WindowHead } from '../api/answers.js';

/** A part of a window, of which a chart shows one point. Unix seconds. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Shorter than this share of a whole one, a part that still goes on says nothing yet: one request in a second is no rate. */
const leastShare = 0.3;

/**
 * A value of each part of a window. Null for a last part that has only just begun, and before there were any data: nothing was measured then, which is not zero.
 *
 * @param value of a part; null when nothing happened in it of which a mean could be told
 */
export function valuesOf<Part extends Stretch>(
  series: readonly Part[] | undefined,
  { window: { data_since: since } }: Pick<WindowHead, 'window'>,
  value: (part: Part) => number | null,
): (number | null)[] {
  const whole = Math.max(0, ...(series ?? []).map(({ from, to }) => to - from));
  const isUntold = ({ from, to }: Stretch) => (since !== null && to <= since) || to - from < whole * leastShare;
  return (series ?? []).map((part) => (isUntold(part) ? null : value(part)));
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

/** So many per minute in a part; unknown stays unknown. */
export function perMinute(many: number | null, { from, to }: Stretch): number | null {
  return many !== null && to > from ? (many / (to - from)) * 60 : null;
}
