import { digits, grouped } from './number.js';
import { thin } from './text.js';

/** How a number differs from that of the window before. */
export interface Change {
  /** `+21 %`, `−0.3 pp`. */
  readonly text: string;
  readonly direction: 'up' | 'down' | 'same';
}

/** Below so many percent a change is the noise of any two windows. */
const noisePercent = 2;
const noisePoints = 0.05;

/** The change in percent of what was; null when either is unknown. */
export function relativeChange(now: number | null | undefined, before: number | null | undefined): Change | null {
  if (typeof now !== 'number' || typeof before !== 'number') return null;
  if (before === 0 && now !== 0) return { text: 'from 0', direction: now > 0 ? 'up' : 'down' };
  if (before === 0) return { text: `±0${thin}%`, direction: 'same' };
  const change = (now / before - 1) * 100;
  if (Math.abs(change) > 999) return { text: `${grouped(digits(now / before, 2))}${thin}×`, direction: 'up' };
  return { text: signed(change, '%'), direction: directionOf(change, noisePercent) };
}

/** The change of a share, in percentage points; null when either is unknown. */
export function pointChange(now: number | null | undefined, before: number | null | undefined): Change | null {
  if (typeof now !== 'number' || typeof before !== 'number') return null;
  return { text: signed(now - before, 'pp'), direction: directionOf(now - before, noisePoints) };
}

function directionOf(change: number, noise: number): Change['direction'] {
  if (Math.abs(change) < noise) return 'same';
  return change > 0 ? 'up' : 'down';
}

function signed(change: number, unit: string): string {
  const size = Math.abs(change);
  const small = unit === 'pp' && size < 1 ? digits(Math.round(size * 100) / 100, 2) : size.toFixed(1);
  const text = size >= 10 ? String(Math.round(size)) : small;
  const isNothing = Number(text) === 0;
  return `${isNothing ? '±' : change > 0 ? '+' : '−'}${isNothing ? '0' : grouped(text)}${thin}${unit}`;
}
