import { z } from 'zod';
import type { AlertState } from './alert-state.js';
import type { AlertRule } from './rule.js';

/** Schema of what an alert must be like: all must match; `*` stands for anything at all, or for the rest at the end of a text. */
export const matchers = z
  .record(z.string().min(1).max(100), z.string().max(191))
  .refine((given) => Object.keys(given).length > 0, 'must name at least one thing')
  .refine((given) => Object.keys(given).length <= 10, 'must be at most 10 matchers');

const silence = z.object({
  id: z.string(),
  /** What it silences. */
  matchers,
  /** Unix seconds. */
  until: z.number(),
  created: z.number(),
  by: z.string(),
  why: z.string(),
});

/** Schema of the document. */
export const silencesSchema = z.object({ silences: z.array(silence) });

/** See {@link silencesSchema}. */
export type Silences = z.output<typeof silencesSchema>;

/** No notifications for some alerts until some time. They fire and are shown all the same. */
export type Silence = z.output<typeof silence>;

/** Schema of a silence as it is posted. */
export const silenceRequest = z.strictObject({
  matchers: matchers.describe(
    'What it silences, all of it: rule, severity, category, metric or a label, with a text that may end with *',
  ),
  until: z
    .union([z.number(), z.iso.datetime({ offset: true })])
    .transform((until) => (typeof until === 'number' ? until : Date.parse(until) / 1000))
    .optional()
    .describe('End: Unix seconds or ISO 8601'),
  minutes: z.number().min(1).max(525_600).optional().describe('The same as a time from now; 60 when neither is given'),
  why: z.string().max(500).default('').describe('Why'),
});

/** Silences that may be in force at the same time. */
export const mostSilences = 200;

/** Silences without those that are over. */
export function livingSilences({ silences }: Silences, now: number): Silence[] {
  return silences.filter(({ until }) => until > now);
}

/** An alert as far as matchers look at it. */
type Matchable = Pick<AlertState, 'rule' | 'severity' | 'labels'>;

/** Until when an alert is silenced, in Unix seconds; null when it is not. */
export function silencedUntil(
  silences: readonly Silence[],
  alert: Matchable,
  rule: Pick<AlertRule, 'category' | 'metric'> | undefined,
): number | null {
  const matching = silences.filter((one) => isMatched(alert, rule, one.matchers));
  return matching.length === 0 ? null : Math.max(...matching.map(({ until }) => until));
}

/** Whether an alert is like matchers say: its rule, severity, category, metric and labels. */
export function isMatched(
  alert: Matchable,
  rule: Pick<AlertRule, 'category' | 'metric'> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean {
  const facts = new Map(Object.entries(alert.labels));
  facts.set('rule', alert.rule).set('severity', alert.severity);
  if (rule !== undefined) facts.set('category', rule.category).set('metric', rule.metric ?? '');
  return Object.entries(wanted).every(([name, pattern]) => matches(facts.get(name), pattern));
}

function matches(value: string | undefined, pattern: string): boolean {
  if (value === undefined) return false;
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}
