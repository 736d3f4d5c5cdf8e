import { z } from 'zod';
import type { Statistic } from '../report/duration-answer.js';
import { type Check, isCheck } from './check.js';
import { comparisons } from './comparison.js';
import { metricName, namedMetrics } from './metric-names.js';
import { type Severity, severities } from './severity.js';

const statistics = [
  'total',
  'average',
  'avg',
  'min',
  'max',
  'p50',
  'p95',
  'p99',
  'std_dev',
] as const satisfies Statistic[];
const labelName = z.string().min(1).max(100);
const seconds = (most: number) => z.int().min(0).max(most);

/** Thresholds by severity; `medium` is read as `warning`. */
const thresholds = z
  .partialRecord(z.enum([...severities, 'medium']), z.number())
  .transform(({ medium, ...given }): Partial<Record<Severity, number>> =>
    medium === undefined ? given : { warning: medium, ...given },
  );

/** What to do about an alert, now, soon and for good. */
const recommendation = z.strictObject({
  immediate: z.string().max(500),
  shortTerm: z.string().max(500).optional(),
  longTerm: z.string().max(500).optional(),
});

/** Schema of a rule as an application gives it; bounds and defaults of every field. */
export const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,79}$/, 'must be a lower-case name')
      .describe('Its name; a rule with the name of another one replaces it.'),
    title: z.string().min(1).max(120).optional().describe('What is wrong when it fires. Default: its name.'),
    category: z.string().min(1).max(40).default('custom').describe('For grouping: latency, errors, cost, memory …'),
    metric: z.string().min(1).max(100).optional().describe('A named metric, or with family a metric of that family.'),
    family: z.string().min(1).max(100).optional().describe('Family of the metric, such as llm or custom.jobs.'),
    statistic: z.enum(statistics).optional().describe('Of durations. Default: that of the metric, else average.'),
    by: z.array(labelName).max(3).optional().describe('Labels whose combinations are watched each; [] all together.'),
    filter: z.record(labelName, z.string().max(191)).default({}).describe('Only series with these label values.'),
    comparison: z.enum(comparisons).default('>'),
    thresholds: thresholds.default({}).describe('By severity: { warning: 80, critical: 95 }.'),
    thresholdsFrom: z
      .enum(['operationThresholdsMs'])
      .optional()
      .describe('Takes the threshold of a warning from this option, by operation or component.'),
    relativeTo: z
      .enum(['previousWindow', 'week'])
      .optional()
      .describe('Watches the value in percent of the window before, or of the mean of that hour in the last 7 days.'),
    windowSeconds: z.int().min(10).max(86_400).default(300).describe('How far it looks back.'),
    forSeconds: seconds(86_400).default(0).describe('How long it must hold before it fires.'),
    keepFiringSeconds: seconds(86_400).default(60).describe('How long it fires on after it held last.'),
    cooldownSeconds: seconds(604_800).default(300).describe('Between two notifications of one alert.'),
    minCount: z.int().min(0).max(1_000_000_000).default(0).describe('Fewer measurements than this say nothing.'),
    historySeconds: seconds(90 * 86_400)
      .default(0)
      .describe('Silent until the store has so much history.'),
    noData: z
      .enum(['ok', 'keep', 'alert'])
      .default('ok')
      .describe('What no data means: all is well, as before, or a reason to fire.'),
    target: z.number().optional().describe('The value to aim at, shown beside the thresholds.'),
    recommendation: recommendation.optional().describe('What to do.'),
    runbookUrl: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .optional(),
    check: z
      .custom<Check>(isCheck, 'must be a function')
      .optional()
      .describe('Instead of a metric: reads reports and answers findings, within a second.'),
  })
  .refine(({ metric, check }) => (metric === undefined) !== (check === undefined), 'must be given a metric or a check')
  .refine(
    ({ metric, family }) => metric === undefined || family !== undefined || namedMetrics.has(metricName(metric)),
    'must be given a family too: the metric is none of those that go by their name alone',
  );

/** A rule as an application gives it. */
export type AlertRuleInput = z.input<typeof ruleSchema>;

/** A rule with everything filled in. */
export type AlertRule = Readonly<z.output<typeof ruleSchema>>;

/** Fills in what a rule leaves out. Throws a ZodError for one that is out of bounds. */
export function defineRule(rule: AlertRuleInput): AlertRule {
  return Object.freeze(ruleSchema.parse(rule));
}

/** A rule's thresholds, gravest last. */
export function levelsOf({
  thresholds: given,
}: Pick<AlertRule, 'thresholds'>): { severity: Severity; threshold: number }[] {
  return severities.flatMap((severity) => {
    const threshold = given[severity];
    return threshold === undefined ? [] : [{ severity, threshold }];
  });
}
