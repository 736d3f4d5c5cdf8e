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

/** So many per minute in a part. */
export function perMinute(many: number, { from, to }: Stretch): number | null {
  return to > from ? (many / (to - from)) * 60 : null;
}
