/**
 * Money as integers: nano-USD (10^-9 USD) wherever it is kept or added, pico-USD (10^-12 USD) inside the calculation of
 * one cost. No float is ever stored; a decimal leaves as text.
 */

/** An amount in nano-USD: a number while it is a safe integer (up to 9 million USD), a bigint beyond. */
export type NanoUsd = number | bigint;

/** Decimal places of USD in nano-USD. */
const nanoDigits = 9;

/** Digits before the point that an input may have; more is a mistake, not a price. */
const maxIntegerDigits = 12;

const decimal = /^(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The amount as USD with nine decimal places: `4_200_000` is `'0.004200000'`. Takes negative amounts (differences). */
export function formatNanoUsd(nanoUsd: NanoUsd): string {
  const digits = nanoUsd.toString();
  const sign = digits.startsWith('-') ? '-' : '';
  const padded = digits.slice(sign.length).padStart(nanoDigits + 1, '0');
  return `${sign}${padded.slice(0, -nanoDigits)}.${padded.slice(-nanoDigits)}`;
}

/** The amount as a plain number of USD, for display and exposition only: it is rounded to what a float can hold. */
export function nanoUsdToNumber(nanoUsd: NanoUsd): number {
  return Number(nanoUsd) / 1e9;
}

/** What an amount of USD must be; completes "must be" in a message. */
export const usdRule = "an amount of USD from 0 to 10^12, as a number or a decimal string such as '0.0042'";

/** An amount of USD given as a number or a decimal string, rounded half up to nano-USD; null if it is none. Never throws. */
export function readNanoUsd(value: unknown): NanoUsd | null {
  const product = typeof value === 'number' ? multipliedNanoUsd(value) : null;
  if (product !== null) return product;
  const nanoUsd = readDecimal(value, nanoDigits);
  return nanoUsd === null ? null : narrow(nanoUsd);
}

/**
 * The amount in nano-USD by one multiplication, where that surely rounds as the decimal does, else null. The product is
 * within 2^43 × 2^-52 = 0.002 of the decimal's, so only those close to the middle of two integers are in doubt.
 */
function multipliedNanoUsd(usd: number): number | null {
  const product = usd * 1e9;
  const rounded = Math.round(product);
  // Adding 0 makes 0 of −0.
  return product >= 0 && product < 2 ** 43 && Math.abs(product - rounded) < 0.49 ? rounded + 0 : null;
}

/**
 * Reads a non-negative decimal, given as a number or a string, as an integer of its `digits`-th decimal place, rounded
 * half up. A number is taken as the decimal that JavaScript prints for it, so 0.1 is exactly one tenth.
 *
 * @returns null for anything that is not such a decimal. Never throws.
 */
export function readDecimal(value: unknown, digits: number): bigint | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const text = String(value);
  const match = text.length <= 64 ? decimal.exec(text) : null;
  if (match === null) return null;
  const integer = match[1]!.replace(/^0+/, '');
  const fraction = match[2] ?? '';
  const significant = integer + fraction;
  /** Where the point stands once the last kept decimal place is the unit. */
  const point = integer.length + Number(match[3] ?? 0) + digits;
  if (point - digits > maxIntegerDigits && /[1-9]/.test(significant)) return null;
  if (point < 0) return 0n;
  const kept = BigInt(significant.slice(0, point).padEnd(point, '0') || '0');
  return significant.charAt(point) >= '5' ? kept + 1n : kept;
}

/** The same amount in the cheaper type. */
export function narrow(nanoUsd: bigint): NanoUsd {
  const number = Number(nanoUsd);
  return Number.isSafeInteger(number) ? number : nanoUsd;
}
