import { z } from 'zod';
import { count, mapOf } from '../report/answer-field.js';
import { answerMap } from '../report/named-states.js';
import type { changeAnswer } from './alert-answer.js';

/** Schema of GET /alerts/summary. */
export const summaryAnswer = z.object({
  hours: z.number(),
  fired: count('Alerts that began to fire'),
  resolved: count('Alerts that ended'),
  by_severity: mapOf(count('Alerts that began to fire'), 'By severity at that time'),
  by_rule: mapOf(count('Alerts that began to fire'), 'By rule, most frequent first'),
  average_duration_seconds: z.number().nullable().describe('Mean time that ended alerts fired; null when none ended'),
});

/** Sums up changes of the last hours. */
export function summarise(
  changes: readonly z.output<typeof changeAnswer>[],
  hours: number,
): z.output<typeof summaryAnswer> {
  const fired = changes.filter(({ change }) => change === 'fired');
  const ended = changes.filter(({ change }) => change === 'resolved');
  const durations = ended.flatMap(({ at, since }) => (since === null ? [] : [at - since]));
  return {
    hours,
    fired: fired.length,
    resolved: ended.length,
    by_severity: countBy(fired.map(({ severity }) => severity)),
    by_rule: countBy(fired.map(({ rule }) => rule)),
    average_duration_seconds:
      durations.length === 0 ? null : durations.reduce((sum, seconds) => sum + seconds, 0) / durations.length,
  };
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return answerMap([...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)));
}
