import { readDay } from '../report/day-usage.js';
import { Levels, liveBeats } from '../report/live-replicas.js';
import { memoryReport, pressureGrowth } from '../report/memory.js';
import { metricFamilies, type MetricQuestion, type MetricValue, metricValues } from '../report/metric-values.js';
import { levelName } from '../store/levels.js';
import { EvaluationWindow, type Families, valueWindow } from './evaluation-window.js';
import { metricName, type NamedMetric, namedMetrics } from './metric-names.js';
import { changeOf } from './metric-change.js';
import type { AlertRule } from './rule.js';

/** A value as a rule sees it. */
export interface SeenValue extends MetricValue {
  /** For people, what a value in percent is of. */
  readonly amounts?: string | undefined;
}

/** What a rule's metric is now: values, or why there are none. */
export type Reading =
  | { readonly kind: 'values'; readonly values: readonly SeenValue[] }
  | { readonly kind: 'inactive'; readonly reason: string };

/** A rule that looks at a metric. */
export type MetricRule = AlertRule & { readonly metric: string };

/** What a rule asks, with what it leaves out taken from the named metric. */
export function questionOf(rule: MetricRule): MetricQuestion & Pick<NamedMetric, 'unit'> {
  const named = rule.family === undefined ? namedMetrics.get(metricName(rule.metric)) : undefined;
  return {
    family: rule.family ?? named?.family ?? '',
    metric: named?.metric ?? rule.metric,
    statistic: rule.statistic ?? named?.statistic ?? 'average',
    by: rule.by ?? named?.by ?? [],
    filter: rule.filter,
    unit: named?.unit ?? unitOf(rule.metric),
  };
}

function unitOf(metric: string): string {
  if (metric.endsWith('_percent')) return '%';
  if (metric.endsWith('_usd')) return 'USD';
  return metric.endsWith('_ms') ? 'ms' : '';
}

const values = (...all: SeenValue[]): Reading => ({ kind: 'values', values: all });
const inactive = (reason: string): Reading => ({ kind: 'inactive', reason });
const one = (value: number | null): Reading => values({ labels: {}, value, count: null });

/** Families that a rule reads from slots; empty for those that look elsewhere. */
export function familiesOf(rule: MetricRule, known: Families): Families {
  const question = questionOf(rule);
  if (question.family === 'processing') return known.filter(({ name }) => name === 'stage' || name === 'endpoint');
  return metricFamilies(question, known).families;
}

/** Whether a metric is read from the slots of one family; others are levels of now, sums of a day, or several families. */
export function isOfSlots({ family }: Pick<MetricQuestion, 'family'>): boolean {
  return !['processing', 'current', 'day', 'month', 'trend', 'host'].includes(family);
}

/** Looks for the values of a rule's metric. @param together families that other rules read in the same window */
export async function readMetric(rule: MetricRule, evaluation: EvaluationWindow, together: Families): Promise<Reading> {
  const question = questionOf(rule);
  switch (question.family) {
    case 'processing':
      return readProcessing(rule, evaluation, together);
    case 'current':
      return readCurrent(question, evaluation);
    case 'day':
      return readToday(question, evaluation);
    case 'month':
      return one(await monthlyCost(evaluation));
    case 'budget':
      return readBudgets(question, evaluation);
    case 'trend':
      return readTrend(rule, evaluation);
    case 'host':
      return inactive('nothing measures the host yet');
  }
  const { families, missing } = metricFamilies(question, evaluation.options.families());
  if (missing !== null) return inactive(missing);
  const { end } = evaluation;
  const contents = await evaluation.read(end - rule.windowSeconds, end, together);
  const now = metricValues(valueWindow(contents), question, families);
  return values(...(rule.relativeTo === undefined ? now : await changeOf(rule, question, now, families, evaluation)));
}

/** Mean time of whole pipelines; of all endpoints where there are none. */
async function readProcessing(rule: MetricRule, evaluation: EvaluationWindow, together: Families): Promise<Reading> {
  const { end } = evaluation;
  const window = valueWindow(await evaluation.read(end - rule.windowSeconds, end, together));
  const known = evaluation.options.families();
  const ask = (family: string, metric: string, filter: Record<string, string>) => {
    const question: MetricQuestion = { family, metric, filter, statistic: rule.statistic ?? 'average', by: [] };
    return metricValues(window, question, metricFamilies(question, known).families);
  };
  const pipelines = ask('stage', 'duration_ms', { stage: 'total' });
  return values(...(pipelines.length > 0 ? pipelines : ask('endpoint', 'response_time_ms', {})));
}

/** A process that starts is busy with itself: for so long after its start its use of the processor says nothing. */
const startSeconds = 60;

/** Levels of this moment: of each living replica, or of LLM calls under way by provider. */
async function readCurrent({ metric }: MetricQuestion, evaluation: EvaluationWindow): Promise<Reading> {
  const beats = liveBeats(await evaluation.replicas()) ?? [];
  if (metric === 'oldest_call_ms') {
    const levels = new Levels(beats);
    const providers = levels.names('oldest_call_ms');
    return values(
      ...providers.map((provider) => ({
        labels: { provider },
        value: levels.highest('oldest_call_ms', provider),
        count: null,
      })),
    );
  }
  const name = levelName('process', metric);
  const isStarting = (started: number): boolean => metric === 'cpu' && started > evaluation.nowMs / 1000 - startSeconds;
  return values(
    ...beats.flatMap(({ id, name: replica, started, current }) => {
      const value = Object.hasOwn(current, name) ? current[name]! : null;
      return value === null || isStarting(started) ? [] : [{ labels: { replica, replica_id: id }, value, count: null }];
    }),
  );
}

async function readToday({ metric }: MetricQuestion, evaluation: EvaluationWindow): Promise<Reading> {
  const { context } = evaluation.options;
  if (metric === 'token_usage_percent' && context.settings.dailyTokenLimit === null)
    return inactive('there is no daily token limit');
  const day = await readDay(context, evaluation.nowMs / 1000);
  if (metric === 'token_usage_percent') return one(day.token_usage_percent);
  return one(day.cost_usd === null ? null : Number(day.cost_usd));
}

async function readBudgets({ metric, filter }: MetricQuestion, evaluation: EvaluationWindow): Promise<Reading> {
  if (evaluation.options.budgetLevels === undefined) return inactive('there are no budgets');
  const budgets = await evaluation.budgets();
  const wanted = budgets.filter(({ labels }) =>
    Object.entries(filter).every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value),
  );
  return values(
    ...wanted.map(({ labels, usedPercent, usedOfLimit, unpricedCalls }) =>
      metric === 'used_percent'
        ? { labels, value: usedPercent, count: null, amounts: usedOfLimit ?? undefined }
        : { labels, value: unpricedCalls, count: null },
    ),
  );
}

async function monthlyCost(evaluation: EvaluationWindow): Promise<number | null> {
  const now = new Date(evaluation.nowMs);
  const from = Date.UTC(now.getUTCFullYear(), now.getUTCMonth()) / 1000;
  const question: MetricQuestion = { family: 'llm', metric: 'cost_usd', statistic: 'total', by: [], filter: {} };
  const { families } = metricFamilies(question, evaluation.options.families());
  // In the first seconds of a month no slot of it has ended.
  if (evaluation.end <= from) return 0;
  const contents = await evaluation.read(from, evaluation.end, families);
  return metricValues(valueWindow(contents), question, families)[0]?.value ?? 0;
}

/** Parts of the window through which the line of a trend goes, and the share of them that must be known. */
const trendParts = 12;
const knownShare = 0.8;

async function readTrend(rule: MetricRule, evaluation: EvaluationWindow): Promise<Reading> {
  const { end } = evaluation;
  const query = { from: end - rule.windowSeconds, to: end, points: trendParts };
  const { series = [] } = await memoryReport.make(evaluation.options.context, query);
  const known = series.filter(({ memory_pressure_percent: level }) => level !== null);
  return one(known.length < 3 || known.length < series.length * knownShare ? null : pressureGrowth(known));
}
