import { type Figure, unknown } from './figure.js';
import { digits } from './number.js';

/**
 * A share in percent (0–100). Never rounded to what it is not: 99.97 is not shown as 100, nor 0.02 as 0, since all and
 * nothing are what one looks for.
 */
export function percent(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  const figure = (text: string): Figure => ({ text, unit: '%', exact: `${value} %` });
  if (value === 0 || value === 100) return { text: String(value), unit: '%', exact: null };
  if (value > 99 && value < 100) return figure((Math.floor(value * 100) / 100).toFixed(value > 99.9 ? 2 : 1));
  if (value > 0 && value < 0.01) return figure('<0.01');
  return figure(value < 1 ? digits(value, 2) : value.toFixed(1));
}

/** A share where tenths say nothing: how full a bar is. */
export function wholePercent(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  const text = value > 0 && value < 1 ? '<1' : value > 99 && value < 100 ? '99' : String(Math.round(value));
  return { text, unit: '%', exact: `${value} %` };
}
