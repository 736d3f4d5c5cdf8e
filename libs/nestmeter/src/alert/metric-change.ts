import { percentOf } from '../report/answer-field.js';
import { type MetricQuestion, type MetricValue, metricValues } from '../report/metric-values.js';
import { type EvaluationWindow, type Families, valueWindow } from './evaluation-window.js';
import type { AlertRule } from './rule.js';

const hour = 3600;
const day = 86_400;
const week = 7;

/**
 * Values in percent of what they were before: in the window before, or at this hour in each of the last seven days, on the
 * finest slots that are still kept. Counts are those of the side that has fewer measurements.
 */
export async function changeOf(
  rule: Pick<AlertRule, 'relativeTo' | 'windowSeconds'>,
  question: MetricQuestion,
  now: readonly MetricValue[],
  families: Families,
  evaluation: EvaluationWindow,
): Promise<MetricValue[]> {
  const { end } = evaluation;
  if (rule.relativeTo === 'previousWindow') {
    const from = end - rule.windowSeconds;
    const before = await valuesBetween(from - rule.windowSeconds, from, question, families, evaluation);
    return now.map((value) => {
      const base = before.get(keyOf(value)) ?? null;
      return { ...value, ...inPercent(value.value, base?.value ?? null), count: fewer(value.count, base?.count ?? 0) };
    });
  }
  // Where nothing came, a rate was 0; a duration was not.
  const isRate = question.metric.endsWith('_per_second');
  const days = await weekBefore(question, families, evaluation);
  const keys = new Map(
    [...days.flatMap((values) => [...values.values()]), ...now].map((value) => [keyOf(value), value]),
  );
  return [...keys].map(([key, { labels }]) => {
    const then = days.flatMap((values) => values.get(key)?.value ?? []);
    const counted = days.reduce((sum, values) => sum + (values.get(key)?.count ?? 0), 0);
    const mean =
      then.length === 0 ? null : then.reduce((sum, value) => sum + value, 0) / (isRate ? days.length : then.length);
    const value = now.find((one) => keyOf(one) === key)?.value ?? (isRate ? 0 : null);
    return { labels, ...inPercent(value, mean), count: counted };
  });
}

/** Values at this hour in the last seven days; days before the first slot are left out. */
async function weekBefore(
  question: MetricQuestion,
  families: Families,
  evaluation: EvaluationWindow,
): Promise<Map<string, MetricValue>[]> {
  const from = Math.floor(evaluation.end / hour) * hour;
  const since = (await evaluation.replicas()).born?.since ?? Infinity;
  const starts = Array.from({ length: week }, (_, index) => from - (index + 1) * day).filter((start) => start >= since);
  return Promise.all(starts.map((start) => valuesBetween(start, start + hour, question, families, evaluation)));
}

async function valuesBetween(
  from: number,
  to: number,
  question: MetricQuestion,
  families: Families,
  evaluation: EvaluationWindow,
): Promise<Map<string, MetricValue>> {
  const contents = await evaluation.read(from, to, families);
  return new Map(metricValues(valueWindow(contents), question, families).map((value) => [keyOf(value), value]));
}

function keyOf({ labels }: Pick<MetricValue, 'labels'>): string {
  return JSON.stringify(Object.values(labels));
}

function inPercent(value: number | null, base: number | null): { value: number | null } {
  return { value: value === null || base === null ? null : percentOf(value, base) };
}

function fewer(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.min(one, other);
}
