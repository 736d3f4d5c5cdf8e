import { z } from 'zod';
import { count, mapOf } from './answer-field.js';
import type { Report } from './report.js';

/** Schema of the three fields that other answers carry too. */
export const systemHealth = z
  .enum(['healthy', 'degraded', 'critical', 'unknown'])
  .describe('critical if a critical alert fires, degraded for high or warning; unknown until rules run');

/** Schema of alerts as text. */
export const alertTexts = z
  .array(z.string())
  .describe('Firing alerts such as "[warning] High memory pressure detected (85.5%)", worst first');

const alertShape = {
  id: z.string(),
  rule: z.string(),
  category: z.string(),
  severity: z.enum(['info', 'low', 'warning', 'high', 'critical']),
  metric: z.string(),
  comparison: z.enum(['>', '>=', '<', '<=']),
  threshold: z.number(),
  value: z.number().nullable(),
  labels: mapOf(z.string(), 'Of which series'),
  state: z.string(),
  since: z.number(),
  recommendation: z.unknown(),
  acknowledged: z.boolean(),
  silenced_until: z.number().nullable(),
};

const answer = z.object({
  active_alerts_count: count('Firing alerts'),
  system_health: systemHealth,
  alerts: alertTexts,
  active: z.array(z.object(alertShape)).describe('The same as objects, in the same order'),
});

/** GET /alerts. No rules run yet: it says so. */
export const alertsReport: Report<Record<string, never>, z.infer<typeof answer>> = {
  summary: 'Which alerts fire, worst first.',
  query: z.strictObject({}),
  answer,
  make: async () => ({ active_alerts_count: 0, system_health: 'unknown', alerts: [], active: [] }),
};
