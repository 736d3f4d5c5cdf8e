import { z } from 'zod';
import type { Statistic } from '../report/duration-answer.js';
import { metricFamilies } from '../report/metric-values.js';
import { type Comparison, comparisons } from './comparison.js';
import type { Families } from './evaluation-window.js';
import { metricName, namedMetrics } from './metric-names.js';
import { isOfSlots, questionOf } from './metric-source.js';
import { type AlertRule, ruleSchema } from './rule.js';
import { givenSeverity, type Severity } from './severity.js';

/** Schema of a threshold as an application gives it beside its rules. */
export const thresholdSchema = z.strictObject({
  metric: z.string().min(1).max(100),
  statistic: ruleSchema.shape.statistic,
  filter: ruleSchema.shape.filter,
  comparison: z.enum(comparisons).default('>'),
  threshold: z.number(),
  severity: givenSeverity.default('warning'),
});

/** A threshold that replaces that of the rules on the same metric, or becomes a rule. */
export interface PostedThreshold {
  /** A named metric, or `family.metric`, as in `custom.jobs.value`. */
  readonly metric: string;
  /** None: that of the rules on the metric. */
  readonly statistic?: string | null | undefined;
  readonly filter?: Readonly<Record<string, string>> | undefined;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly severity: Severity;
}

/**
 * Rules with thresholds that were set beside them. A threshold replaces that of the rule with the same metric, statistic,
 * filter and severity; of a rule without this severity it becomes one more. Where the metric has no rule, or one that
 * compares the other way, it becomes a rule of its own. What cannot become a rule is left out and told of.
 *
 * @param rejected told why a threshold is left out
 */
export function withThresholds(
  rules: readonly AlertRule[],
  thresholds: readonly PostedThreshold[],
  rejected: (threshold: PostedThreshold, reason: string) => void = () => {},
): AlertRule[] {
  let all = [...rules];
  for (const threshold of thresholds) {
    const { comparison, severity, threshold: limit } = threshold;
    const isMeant = (rule: AlertRule): boolean => isOn(rule, threshold);
    const takes = (rule: AlertRule): boolean => isMeant(rule) && rule.comparison === comparison;
    const isTaken = all.some(takes);
    all = all.map((rule) => {
      if (!isMeant(rule)) return rule;
      // What is compared the other way loses this severity: the threshold stands in its place.
      const { [severity]: _, ...others } = rule.thresholds;
      return Object.freeze({ ...rule, thresholds: takes(rule) ? { ...others, [severity]: limit } : others });
    });
    if (isTaken) continue;
    const made = ruleSchema.safeParse(ownRule(threshold, new Set(all.map(({ name }) => name))));
    if (made.success) all.push(Object.freeze(made.data));
    else rejected(threshold, made.error.issues[0]!.message);
  }
  return all;
}

/**
 * Why a threshold could never be watched, completing "must be"; null when it can. Custom metrics may be those of another
 * replica, or of later.
 *
 * @param known all families of this replica, custom ones too
 */
export function thresholdProblem(
  rules: readonly AlertRule[],
  threshold: PostedThreshold,
  known: Families,
): string | null {
  let refused: string | null = null;
  withThresholds(rules, [threshold], (_, reason) => {
    refused =
      /^must be (.+)$/.exec(reason)?.[1] ?? 'one that a rule can be made of: check metric, statistic and filter';
  });
  const made = ruleSchema.safeParse(ownRule(threshold, new Set()));
  if (refused !== null || !made.success) return refused;
  const question = questionOf({ ...made.data, metric: made.data.metric! });
  if (!isOfSlots(question))
    return Object.keys(question.filter).length > 0 ? 'given without filter: this metric has no series' : null;
  if (question.family.startsWith('custom.') && !known.some(({ name }) => name === question.family)) return null;
  const { missing } = metricFamilies(question, known);
  return missing === null ? null : `on something that is measured: ${missing}`;
}

function isOn(rule: AlertRule, { metric, statistic, filter = {} }: PostedThreshold): boolean {
  if (rule.metric === undefined || rule.relativeTo !== undefined || rule.thresholdsFrom !== undefined) return false;
  if (nameOf(rule) !== metricName(metric)) return false;
  if (statistic != null && questionOf({ ...rule, metric: rule.metric }).statistic !== statistic) return false;
  return sortedText(rule.filter) === sortedText(filter);
}

function nameOf({ family, metric }: AlertRule): string {
  return family === undefined ? metricName(metric!) : `${family}.${metric}`;
}

function sortedText(filter: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function ownRule(threshold: PostedThreshold, taken: ReadonlySet<string>): z.input<typeof ruleSchema> {
  const { metric, statistic, filter = {}, comparison, threshold: limit, severity } = threshold;
  const known = metricName(metric);
  const dot = metric.lastIndexOf('.');
  const isNamed = namedMetrics.has(known) || dot < 1;
  const base = `${
    known
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replace(/^[^a-z]+/, '')
      .slice(0, 70) || 'threshold'
  }_set`;
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
  return {
    name,
    title: `${known} ${comparison} ${limit}`,
    category: 'threshold',
    ...(isNamed ? { metric: known } : { family: metric.slice(0, dot), metric: metric.slice(dot + 1) }),
    ...(statistic != null && { statistic: statistic as Statistic }),
    filter: { ...filter },
    comparison,
    thresholds: { [severity]: limit },
  };
}
