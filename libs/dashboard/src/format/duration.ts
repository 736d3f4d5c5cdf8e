import { type Figure, unknown } from './figure.js';
import { digits, grouped } from './number.js';
import { thin } from './text.js';

/** A duration in milliseconds whatever its size, so that a column of them can be compared: `0.42`, `8.3`, `1 842`. */
export function milliseconds(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  const text = value < 10 ? digits(value, 2) : String(Math.round(value));
  return { text: grouped(text), unit: 'ms', exact: `${grouped(String(value))} ms` };
}

/** A duration in the unit that suits it: milliseconds up to ten seconds, then seconds, minutes, hours, days. */
export function duration(value: number | null | undefined): Figure {
  if (value === null || value === undefined || value < 10_000) return milliseconds(value);
  if (value < 60_000) return { text: digits(value / 1000, 3), unit: 's', exact: `${grouped(String(value))} ms` };
  return { text: spanText(value / 1000), unit: '', exact: `${grouped(String(value))} ms` };
}

const units = [
  [86_400, 'd', 3600, 'h'],
  [3600, 'h', 60, 'min'],
  [60, 'min', 1, 's'],
] as const;

/** A stretch of time in at most two units: `8 s`, `11 min`, `2 h 5 min`, `3 d`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const row = units.find(([size]) => whole >= size);
  if (row === undefined) return `${whole}${thin}s`;
  const [size, unit, smaller, smallerUnit] = row;
  const large = Math.floor(whole / size);
  const small = Math.floor((whole % size) / smaller);
  // Seconds beside ten minutes, or hours beside ten days, are noise.
  return small === 0 || large >= 10 ? `${large}${thin}${unit}` : `${large}${thin}${unit} ${small}${thin}${smallerUnit}`;
}

/** `just now`, `8 s ago`, `11 min ago`. */
export function agoText(seconds: number): string {
  return seconds < 1 ? 'just now' : `${spanText(seconds)} ago`;
}
