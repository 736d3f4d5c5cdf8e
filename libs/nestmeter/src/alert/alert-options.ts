import { z } from 'zod';
import { budgetRules, type WatchedBudget } from './budget-rules.js';
import { channelOptions } from './channel/channel-kinds.js';
import { logName } from './channel/open-channels.js';
import { defaultRules } from './default-rules.js';
import { thresholdSchema, withThresholds } from './posted-threshold.js';
import { type AlertRule, ruleSchema } from './rule.js';

const costUsd = z.number().min(0.000001).max(1_000_000_000).nullable().default(null);

/** The option `alerts` with its bounds and defaults. */
export const alertOptions = z.strictObject({
  enabled: z.boolean().default(true).describe('False: no rule is evaluated.'),
  evaluationIntervalSeconds: z.int().min(5).max(600).default(10).describe('Seconds between two evaluations.'),
  rules: z.array(ruleSchema).max(200).default([]).describe('Further rules; one with the name of another replaces it.'),
  disable: z.array(z.string().max(80)).max(200).default([]).describe('Names of default rules that are left out.'),
  thresholds: z
    .array(thresholdSchema)
    .max(200)
    .default([])
    .describe('Thresholds that replace those of the rules on the same metric, or become rules.'),
  channels: z
    .array(channelOptions)
    .max(20)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must be channels of different names')
    .refine(
      (all) => all.every(({ kind, name }) => kind === 'log' || name !== logName),
      `must be channels of which only one of kind log is named ${logName}`,
    )
    .default([])
    .describe('Who is told when alerts fire and end: log, webhook, slack, pagerduty, alertmanager or function.'),
  log: z.boolean().default(true).describe('Whether each change of an alert is a line in the log.'),
  dailyCostUsd: costUsd.describe('USD per UTC day above which to warn; null for no limit.'),
  monthlyCostUsd: costUsd.describe('USD per UTC month above which to warn; null for no limit.'),
});

/** See {@link alertOptions}. */
export type AlertOptions = Readonly<z.output<typeof alertOptions>>;

/** The rules that options ask for: the default ones, those of budgets, those of the application, and the thresholds put into them. */
export function rulesOf(
  { rules, disable, thresholds, dailyCostUsd, monthlyCostUsd }: AlertOptions,
  budgets: readonly WatchedBudget[] = [],
): AlertRule[] {
  const defaults = [...defaultRules({ dailyCostUsd, monthlyCostUsd }), ...budgetRules(budgets)];
  const byName = new Map(defaults.map((rule) => [rule.name, rule]));
  for (const name of disable) byName.delete(name);
  for (const rule of rules) byName.set(rule.name, rule);
  return withThresholds([...byName.values()], thresholds);
}
