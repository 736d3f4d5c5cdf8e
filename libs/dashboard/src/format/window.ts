import { spanText } from './duration.js';

/** What a number is compared with: `hour before`, `6 h before`. */
export function beforeText(seconds: number): string {
  if (Math.abs(seconds - 3600) < 150) return 'hour before';
  if (Math.abs(seconds - 86_400) < 3600) return 'day before';
  return `${spanText(roundedSpan(seconds))} before`;
}

/** A window is a little longer than asked for, since it begins with a slot; that is not worth saying. */
function roundedSpan(seconds: number): number {
  const unit = seconds >= 4 * 86_400 ? 86_400 : seconds >= 4 * 3600 ? 3600 : 60;
  return Math.max(unit, Math.floor(seconds / unit) * unit);
}
