import { clockText, dayText } from '../format/time.js';

/** Distances between labels of a time axis in seconds: no two labels within a minute, nor two days apart by part of a day. */
export const timeSteps: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 2, 5, 10, 15, 30].map((days) => days * 86_400),
];

/** Labels of a time axis: clock times within days, days where the chart spans several. In the zone of the viewer. */
export function timeLabels(times: readonly number[], spanSeconds: number): string[] {
  if (spanSeconds > 4 * 86_400) return times.map(dayText);
  if (spanSeconds <= 36 * 3600) return times.map(clockText);
  return times.map((time) => (clockText(time) === '00:00' ? dayText(time) : clockText(time)));
}
