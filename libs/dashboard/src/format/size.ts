import { type Figure, unknown } from './figure.js';
import { digits, grouped } from './number.js';

/** MiB as they come in answers about memory: `84.2 MiB`, `1.31 GiB`. */
export function mebibytes(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  const isLarge = value >= 1024;
  return {
    text: digits(isLarge ? value / 1024 : value, 3),
    unit: isLarge ? 'GiB' : 'MiB',
    exact: `${grouped(String(value))} MiB`,
  };
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size in bytes in the unit that suits it. */
export function bytes(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return {
    text: step === 0 ? String(Math.round(value)) : digits(value / 1024 ** step, 3),
    unit: units[step]!,
    exact: `${grouped(String(Math.round(value)))} B`,
  };
}
