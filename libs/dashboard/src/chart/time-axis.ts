import { clockText, dayText } from '../format/time.js';

/** Labels of a time axis: clock times within days, days where the chart spans several. In the zone of the viewer. */
export function timeLabels(times: readonly number[], spanSeconds: number): string[] {
  if (spanSeconds > 4 * 86_400) return times.map(dayText);
  if (spanSeconds <= 36 * 3600) return times.map(clockText);
  return times.map((time) => (clockText(time) === '00:00' ? dayText(time) : clockText(time)));
}
