import { z } from 'zod';

/** Severities of alerts, mildest first. */
export const severities = ['info', 'low', 'warning', 'high', 'critical'] as const;
/** How a value is compared with a threshold. */
export const comparisons = ['>', '>=', '<', '<='] as const;

const label = z.string().max(191);

/** Schema of a threshold as it is posted. A threshold of null takes back what was posted before. */
export const postedThreshold = z.strictObject({
  metric: z.string().regex(/^(?!__)[\w.:-]{1,100}$/, 'must be the name of a metric'),
  statistic: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,29}$/, 'must be the name of a statistic')
    .nullish()
    .transform((value) => value ?? null),
  filter: z
    .record(label, label)
    .refine((labels) => Object.keys(labels).length <= 10, 'must be at most 10 labels')
    .nullish()
    .transform((value) => value ?? {}),
  comparison: z.enum(comparisons).default('>'),
  threshold: z.number().nullable(),
  severity: z
    .enum([...severities, 'medium'])
    .default('warning')
    .transform((value) => (value === 'medium' ? 'warning' : value)),
});

/** A threshold that was posted: it replaces the rule with the same metric, statistic, filter and severity, else adds one. */
export interface AlertThreshold extends Omit<z.output<typeof postedThreshold>, 'threshold'> {
  readonly threshold: number;
}

/** The same text for thresholds that replace each other. */
export function thresholdIdentity({
  metric,
  statistic,
  filter,
  severity,
}: Pick<AlertThreshold, 'metric' | 'statistic' | 'filter' | 'severity'>): string {
  const labels = Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([metric, statistic, labels, severity]);
}

/** What stands for a threshold that is not posted: the document that takes it back. @param identity see {@link thresholdIdentity} */
export function noThreshold(identity: string): Omit<AlertThreshold, 'comparison' | 'threshold'> & { threshold: null } {
  const [metric, statistic, labels, severity] = JSON.parse(identity) as [
    string,
    string | null,
    [string, string][],
    AlertThreshold['severity'],
  ];
  return { metric, statistic, filter: Object.fromEntries(labels), severity, threshold: null };
}
