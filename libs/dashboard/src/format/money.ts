import { type Figure, unknown } from './figure.js';
import { grouped } from './number.js';
import { thin } from './text.js';

const nano = 1_000_000_000n;

/** A decimal with up to nine digits behind the point as whole nano-USD; null for what is no amount. Never a float. */
export function nanoUsd(amount: string | null | undefined): bigint | null {
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,9}))?$/.exec(amount ?? '');
  if (match === null) return null;
  const [, sign, whole, fraction = ''] = match;
  const value = BigInt(whole!) * nano + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -value : value;
}

/** An amount as a number, for the height of a line; null stays unknown. */
export function dollarsOf(amount: string | null): number | null {
  return amount === null ? null : Number(amount);
}

/** An amount for the eye, such as `$ 41.27` or `$ 0.0041`, with the exact one beside. */
export function money(amount: string | null | undefined): Figure {
  const value = nanoUsd(amount);
  return value === null ? unknown : moneyOf(value);
}

/** The same of whole nano-USD. */
export function moneyOf(value: bigint): Figure {
  const size = value < 0n ? -value : value;
  const text = grouped(rounded(size, places(size)));
  return { text: `${value < 0n ? '−' : ''}$${thin}${text}`, unit: '', exact: `${decimalText(value)} USD` };
}

/** An amount per so many of so many, rounded to the nano-USD: cost per 1000 calls. Null when there is nothing to divide by. */
export function perMany(amount: string | null, many: number, of: number): string | null {
  const value = nanoUsd(amount);
  if (value === null || of <= 0) return null;
  const [product, divisor] = [value * BigInt(many), BigInt(Math.round(of))];
  return decimalText((product * 2n + divisor) / (divisor * 2n));
}

/** Whole nano-USD as a decimal with nine digits. */
function decimalText(value: bigint): string {
  const size = value < 0n ? -value : value;
  return `${value < 0n ? '-' : ''}${size / nano}.${String(size % nano).padStart(9, '0')}`;
}

/** Digits behind the point that say something: cents from ten cents on, else three digits that are not zero. */
function places(size: bigint): number {
  if (size === 0n) return 0;
  if (size >= nano / 10n) return 2;
  return Math.min(9, 12 - String(size).length);
}

/** Rounds half up to so many digits behind the point; below a cent without zeros at the end. */
function rounded(size: bigint, digits: number): string {
  const unit = 10n ** BigInt(9 - digits);
  const units = (size + unit / 2n) / unit;
  const scale = 10n ** BigInt(digits);
  if (digits === 0) return String(units);
  const text = `${units / scale}.${String(units % scale).padStart(digits, '0')}`;
  return digits > 2 ? text.replace(/0+$/, '') : text;
}
