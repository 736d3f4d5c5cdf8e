import { type Figure, unknown } from './figure.js';
import { thin } from './text.js';

/** Groups the digits of a decimal by thousands: `31 077`, `1 842.5`. */
export function grouped(text: string): string {
  const [whole = '', fraction] = text.replace('-', '').split('.');
  const groups = whole.replaceAll(/\B(?=(\d{3})+$)/g, thin);
  return `${text.startsWith('-') ? '−' : ''}${groups}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** A whole number with all its digits. */
export function count(value: number | null | undefined, unit = ''): Figure {
  if (value === null || value === undefined) return unknown;
  return { text: grouped(String(Math.round(value))), unit, exact: null };
}

const steps = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A large whole number in three digits: `831 k`, `9.14 M`; up to 9 999 with all its digits. */
export function compact(value: number | null | undefined, unit = ''): Figure {
  if (value === null || value === undefined) return unknown;
  if (Math.abs(value) < 10_000) return count(value, unit);
  // What rounds up to a thousand of a step belongs to the next: 999 700 is 1.00 M, not 1 000 k.
  const [size, letter] = steps.find(([least]) => Math.abs(value) >= least * 0.9995) ?? steps.at(-1)!;
  return { text: `${digits(value / size, 3)}${thin}${letter}`, unit, exact: grouped(String(Math.round(value))) };
}

/** A rate or mean: three significant digits below 100, else whole. */
export function decimal(value: number | null | undefined, unit = ''): Figure {
  if (value === null || value === undefined) return unknown;
  const text = Math.abs(value) >= 100 ? String(Math.round(value)) : digits(value, 3);
  return { text: grouped(text), unit, exact: grouped(String(value)) };
}

/** So many significant digits, without the exponent that a number's own text would have, and no zeros at the end. */
export function digits(value: number, significant: number): string {
  if (value === 0) return '0';
  const places = Math.max(0, significant - 1 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toFixed(Math.min(9, places));
  return places === 0 ? text : text.replace(/\.?0+$/, '');
}
