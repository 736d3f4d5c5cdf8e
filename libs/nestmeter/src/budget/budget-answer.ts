import { z } from 'zod';
import { costUsd, percentOf, time, tokens } from '../report/answer-field.js';
import { shownAmount } from './amount.js';
import type { Budget } from './budget.js';
import type { BudgetGroup } from './budget-groups.js';
import { forecast } from './forecast.js';
import type { Override } from './override.js';
import { calendarPeriods, type PeriodSpan } from './period.js';

type Amounts<Name extends string, InUsd, InTokens> = { readonly [Key in `${Name}_cost_usd`]: InUsd } & {
  readonly [Key in `${Name}_tokens`]: InTokens;
};

/** Two fields, of which a budget fills the one of its unit. */
function amounts<Name extends string>(name: Name, text: string) {
  return {
    [`${name}_cost_usd`]: costUsd(`${text}; null for budgets in tokens`),
    [`${name}_tokens`]: tokens(`${text}; null for budgets in USD`),
  } as Amounts<Name, ReturnType<typeof costUsd>, ReturnType<typeof tokens>>;
}

const overrideAnswer = z.object({
  ...amounts('limit', 'The limit meanwhile'),
  until: time('End'),
  by: z.string().describe('Who asked for it'),
  why: z.string(),
});

const budgetAnswer = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()).describe('What it counts; with `each` the group. Empty: everything'),
  unit: z.enum(['usd', 'tokens']),
  period: z.enum([...calendarPeriods, 'rolling']),
  from: time('Beginning of the period'),
  to: z.number().nullable().describe('End of the period in Unix seconds; null for rolling windows'),
  window_seconds: z.number().nullable().describe('Length of a rolling window; null for others'),
  ...amounts('limit', 'The limit in force'),
  ...amounts('used', 'What all replicas used'),
  ...amounts('remaining', 'What is left'),
  ...amounts('forecast', 'What will have been used at the end of the period, at the rate of the last hour'),
  used_percent: z.number().nullable().describe('Used of the limit in percent; may exceed 100'),
  warning_percent: z.number().describe('Percent at which to warn'),
  forecast_percent: z.number().nullable().describe('Forecast of the limit in percent'),
  exceeds_at: z
    .number()
    .nullable()
    .describe('Unix seconds at which the limit is reached at that rate, if before the end'),
  state: z.enum(['ok', 'warning', 'exceeded', 'unknown']),
  hard_stop: z.boolean().describe('Whether calls are refused once the limit is reached'),
  strict: z.boolean().describe('Whether calls are covered by reservations'),
  on_unpriced: z.enum(['allow', 'refuse']),
  refused_calls: z
    .number()
    .nullable()
    .describe('Calls with these labels that were refused in the period, by whatever budget'),
  unpriced_calls: z.number().nullable().describe('Calls whose price is unknown: their cost is not in what was used'),
  carried: z.boolean().describe('Whether a part of what was used is not in the store any more'),
  ...amounts('overshoot', 'What may be spent past the limit at the present rate; null when nobody can tell'),
  overshoot_reason: z.string().nullable().describe('Why the overshoot cannot be told, or on what it depends'),
  override: overrideAnswer.nullable().describe('Another limit for a time'),
});

/** What GET /budgets answers. */
export const budgetsAnswer = z.object({
  timestamp: time('When it was made'),
  complete: z.boolean().describe('Whether nothing is known to be missing; false while the store is unreachable'),
  budgets: z.array(budgetAnswer).describe('In the order of the option; groups of one budget, most used first'),
});

/** See {@link budgetsAnswer}. */
export type BudgetsAnswer = z.output<typeof budgetsAnswer>;

/** One entry of {@link BudgetsAnswer}. */
export type BudgetAnswer = z.output<typeof budgetAnswer>;

/** What POST /budgets/:name/override answers. */
export const overridesAnswer = z.object({ name: z.string(), override: overrideAnswer.nullable() });

/** What an entry is made from. Amounts are nano-USD or tokens. */
export interface Facts {
  readonly budget: Budget;
  readonly group: BudgetGroup;
  readonly span: PeriodSpan;
  /** Unix seconds. */
  readonly now: number;
  /** The limit in force. */
  readonly limit: number;
  readonly override: Override | null;
  /** False before anything was read. */
  readonly isKnown: boolean;
  /** Amount per second in the last hour. */
  readonly perSecond: number | null;
  readonly overshoot: { readonly amount: number | null; readonly reason: string | null };
}

/** Makes the entry of one group of a budget. */
export function answerBudget(facts: Facts): BudgetAnswer {
  const { budget, group, span, now, limit, isKnown, perSecond, override } = facts;
  const { unit, period } = budget;
  const { counted } = group;
  // As read from the store alone, so that every replica answers alike.
  const known = group.highWater.used;
  // Calls of which none told anything leave it unknown what was used.
  const isTold = isKnown && (counted.calls === 0 || counted.told > 0 || known > 0);
  const used = isTold ? known : null;
  const ahead = used === null ? null : forecast({ used, limit, perSecond, now, to: span.to });
  const usedPercent = used === null ? null : percentOf(used, limit);
  const forecastAmount = ahead?.amount ?? null;
  return {
    name: budget.name,
    labels: labelsOf(budget, group),
    unit,
    period: period.kind,
    from: span.to === null ? now - (period.kind === 'rolling' ? period.seconds : 0) : span.from,
    to: span.to,
    window_seconds: period.kind === 'rolling' ? period.seconds : null,
    ...shown('limit', limit, budget),
    ...shown('used', used, budget),
    ...shown('remaining', used === null ? null : Math.max(0, limit - used), budget),
    ...shown('forecast', forecastAmount, budget),
    used_percent: usedPercent,
    warning_percent: budget.warningPercent,
    forecast_percent: forecastAmount === null ? null : percentOf(forecastAmount, limit),
    exceeds_at: ahead?.exceedsAt ?? null,
    state: stateOf(usedPercent, budget.warningPercent),
    hard_stop: budget.hardStop,
    strict: budget.strict,
    on_unpriced: budget.refusesUnpriced ? 'refuse' : 'allow',
    refused_calls: isKnown ? counted.refused : null,
    unpriced_calls: isKnown ? counted.unpriced : null,
    carried: group.highWater.carried > 0,
    ...shown('overshoot', facts.overshoot.amount, budget),
    overshoot_reason: facts.overshoot.reason,
    override: override === null ? null : answerOverride(budget, override),
  };
}

/** An override as it is shown. */
export function answerOverride(budget: Budget, { limit, until, by, why }: Override): z.output<typeof overrideAnswer> {
  return { ...shown('limit', limit, budget), until, by, why };
}

/** What is used of the limit, in one short text for people: `15.40 of 20.00 USD`. Null while it is unknown. */
export function usedOfLimit(
  answer: Pick<BudgetAnswer, 'used_cost_usd' | 'limit_cost_usd' | 'used_tokens' | 'limit_tokens'>,
): string | null {
  const {
    used_cost_usd: usedUsd,
    limit_cost_usd: limitUsd,
    used_tokens: usedTokens,
    limit_tokens: limitTokens,
  } = answer;
  if (usedTokens !== null && limitTokens !== null) return `${usedTokens} of ${limitTokens} tokens`;
  if (usedUsd === null || limitUsd === null) return null;
  // The limit as it was set, however small, with two digits at least; of what is used as many, cut off: 19.999 is not 20.
  const limit = limitUsd.replace(/(\.\d\d\d*?)0*$/, '$1');
  const digits = limit.length - limit.indexOf('.') - 1;
  return `${usedUsd.slice(0, usedUsd.indexOf('.') + 1 + digits)} of ${limit} USD`;
}

function labelsOf({ filters }: Budget, { labels }: BudgetGroup): Record<string, string> {
  const filtered = filters.map(({ label, value, isPrefix }) => [label, isPrefix ? `${value}*` : value] as const);
  // Without a prototype: a tag may be called anything.
  const map = Object.create(null) as Record<string, string>;
  for (const [label, value] of [...filtered, ...Object.entries(labels)]) map[label] = value;
  return map;
}

function shown<Name extends string>(name: Name, amount: number | null, { unit }: Budget) {
  const text = amount === null ? null : shownAmount(amount, unit);
  return {
    [`${name}_cost_usd`]: unit === 'usd' ? text : null,
    [`${name}_tokens`]: unit === 'tokens' ? text : null,
  } as Amounts<Name, string | null, number | null>;
}

function stateOf(usedPercent: number | null, warningPercent: number): BudgetAnswer['state'] {
  if (usedPercent === null) return 'unknown';
  if (usedPercent >= 100) return 'exceeded';
  return usedPercent >= warningPercent ? 'warning' : 'ok';
}
