import { z } from 'zod';
import { readNanoUsd } from '../money.js';
import type { Tier } from '../time-slot.js';
import type { BudgetUnit } from './amount.js';
import { calendarPeriods, type Period, periodProblem } from './period.js';

/** Sums of nano-USD are safe integers up to 9 million USD. */
const mostUsd = 9_000_000;
/** A limit in USD, as a number or a decimal string. */
export const limitUsdRule = z.union([z.number(), z.string()]).refine((value) => {
  const amount = readNanoUsd(value);
  return typeof amount === 'number' && amount >= 1 && amount <= mostUsd * 1e9;
}, `must be an amount of USD above 0, at most ${mostUsd}, as a number or a decimal string such as '0.05'`);
/** A limit in tokens. */
export const limitTokensRule = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const labelText = z.string().min(1).max(191);

/** Labels of LLM calls that budgets go by, beside declared tags. */
export const callLabels = ['provider', 'model', 'operation'] as const;

const mostBudgets = 50;

/** The option `budgets` with its bounds and defaults. */
export const budgetsOption = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,49}$/, 'must be a lower-case name of letters, digits and _')
        .describe('Its name, in answers, alerts and errors.'),
      limitUsd: limitUsdRule.optional().describe('USD per period. This or limitTokens.'),
      limitTokens: limitTokensRule.optional().describe('Input and output tokens per period.'),
      period: z.enum(calendarPeriods).optional().describe('hour, day, week (from Monday) or month, all UTC.'),
      rollingSeconds: z
        .int()
        .min(60)
        .max(90 * 86_400)
        .optional()
        .describe('Instead of period: always the last so many seconds, in steps of a slot.'),
      per: z
        .strictObject({
          provider: labelText.optional(),
          model: labelText.optional().describe('The model that answers; a name may end in *.'),
          operation: labelText.optional(),
          tag: z
            .record(labelText, labelText)
            .refine((given) => Object.keys(given).length === 1, 'must be one tag with its value')
            .optional(),
        })
        .default({})
        .describe('Only calls with these labels; a value may end in * for any end. A tag stands alone.'),
      each: labelText
        .optional()
        .describe('The limit is for each provider, model, operation or value of a declared tag, not for all together.'),
      warningPercent: z.number().min(1).max(100).default(75).describe('Percent of the limit at which to warn.'),
      hardStop: z.boolean().default(false).describe('Whether calls are refused once the limit is reached.'),
      strict: z
        .boolean()
        .default(false)
        .describe('Whether every call is covered by a reservation in the store, so that the limit is never exceeded.'),
      onUnpriced: z.enum(['allow', 'refuse']).default('allow').describe('Calls whose price nobody knows.'),
      onStoreOutage: z
        .enum(['allow', 'refuse'])
        .optional()
        .describe('While the use of the fleet is unknown. Default allow; with strict refuse.'),
      estimateUsd: limitUsdRule
        .optional()
        .describe('With strict, and only then: what one call costs at most, where its arguments do not tell.'),
      estimateTokens: limitTokensRule.optional().describe('The same in tokens.'),
    }),
  )
  .max(mostBudgets)
  .refine((budgets) => new Set(budgets.map(({ name }) => name)).size === budgets.length, 'must be of different names');

/** A budget as an application gives it. */
export type BudgetInput = z.input<typeof budgetsOption>[number];

type BudgetOption = z.output<typeof budgetsOption>[number];

/** Which calls a budget counts: a label with the text it must have, or must begin with. */
export interface BudgetFilter {
  readonly label: string;
  readonly value: string;
  readonly isPrefix: boolean;
}

/** A budget in force. Amounts are nano-USD or tokens. */
export interface Budget {
  readonly name: string;
  readonly unit: BudgetUnit;
  readonly limit: number;
  readonly period: Period;
  readonly filters: readonly BudgetFilter[];
  /** The declared tag that it goes by; null for those that look at provider, model or operation, or at everything. */
  readonly tag: string | null;
  /** The label of which every value is a group of its own; null for one group. */
  readonly each: string | null;
  readonly warningPercent: number;
  readonly hardStop: boolean;
  readonly strict: boolean;
  readonly refusesUnpriced: boolean;
  readonly failsClosed: boolean;
  /** What is reserved for a call that does not tell more; 0 without `strict`. */
  readonly estimate: number;
}

/** Makes a budget of an option that was checked. */
export function defineBudget(option: BudgetOption): Budget {
  const { name, limitUsd, limitTokens, period, rollingSeconds, per, each = null, estimateUsd, estimateTokens } = option;
  const { warningPercent, hardStop, strict, onUnpriced, onStoreOutage = strict ? 'refuse' : 'allow' } = option;
  const given = [...callLabels.map((label) => [label, per[label]] as const), ...Object.entries(per.tag ?? {})];
  const filters = given.flatMap(([label, value]) => (value === undefined ? [] : [filterOf(label, value)]));
  const isUsd = limitUsd !== undefined;
  return Object.freeze({
    name,
    unit: isUsd ? 'usd' : 'tokens',
    limit: isUsd ? nanoUsd(limitUsd) : limitTokens!,
    period: periodOf({ period, rollingSeconds }),
    filters,
    tag: Object.keys(per.tag ?? {})[0] ?? (each === null || isCallLabel(each) ? null : each),
    each,
    warningPercent,
    hardStop,
    strict,
    refusesUnpriced: isUsd && onUnpriced === 'refuse',
    failsClosed: onStoreOutage === 'refuse',
    estimate: strict ? (isUsd ? nanoUsd(estimateUsd!) : estimateTokens!) : 0,
  });
}

function periodOf({ period, rollingSeconds }: Pick<BudgetOption, 'period' | 'rollingSeconds'>): Period {
  return period === undefined ? { kind: 'rolling', seconds: rollingSeconds! } : { kind: period };
}

/** An amount of USD in whole nano-USD; it was checked before. */
export function nanoUsd(value: number | string): number {
  return Number(readNanoUsd(value));
}

function filterOf(label: string, value: string): BudgetFilter {
  const isPrefix = value.endsWith('*');
  return { label, value: isPrefix ? value.slice(0, -1) : value, isPrefix };
}

function isCallLabel(name: string): boolean {
  return (callLabels as readonly string[]).includes(name);
}

/** What is wrong with budgets beyond the bounds of each field: where, and completing "must be". */
export function budgetProblems(
  budgets: readonly BudgetOption[],
  { tags, tiers }: { readonly tags: readonly string[]; readonly tiers: readonly Tier[] },
): { readonly path: string; readonly rule: string; readonly got: unknown }[] {
  return budgets.flatMap((budget, index) =>
    problemsOf(budget, { tags, tiers }).map(([field, rule]) => ({
      path: `budgets[${index}].${field}`,
      rule,
      got: budget[field],
    })),
  );
}

function problemsOf(
  budget: BudgetOption,
  { tags, tiers }: { readonly tags: readonly string[]; readonly tiers: readonly Tier[] },
): [keyof BudgetOption, string][] {
  const { limitUsd, limitTokens, period, rollingSeconds, per, each, strict, hardStop } = budget;
  const problems: [keyof BudgetOption, string][] = [];
  const problem = (field: keyof BudgetOption, rule: string) => problems.push([field, rule]);
  if ((limitUsd === undefined) === (limitTokens === undefined))
    problem('limitUsd', 'given, or limitTokens: one of both');
  if ((period === undefined) === (rollingSeconds === undefined))
    problem('period', 'given, or rollingSeconds: one of both');
  else {
    const rule = periodProblem(periodOf({ period, rollingSeconds }), tiers);
    if (rule !== null) problem(period === undefined ? 'rollingSeconds' : 'period', rule);
  }
  const tag = Object.keys(per.tag ?? {})[0];
  if (tag !== undefined && !tags.includes(tag)) problem('per', 'by a tag that the option tags declares');
  const isTagEach = each !== undefined && !isCallLabel(each);
  // Alerts on budgets have the budget's own name under that label.
  if (each === 'budget') problem('each', 'a tag of another name than budget');
  else if (isTagEach && !tags.includes(each)) problem('each', 'provider, model, operation or a declared tag');
  // What a tag used is counted by its value alone.
  const byCall = callLabels.some((label) => per[label] !== undefined);
  if (tag !== undefined && byCall)
    problem('per', 'by a tag alone: tags are not counted by provider, model or operation');
  if (tag !== undefined && each !== undefined && each !== tag)
    problem('each', `left out, or ${tag}, where per names a tag`);
  if (isTagEach && byCall) problem('each', 'provider, model or operation where per names one of these');
  if (strict) {
    const estimate = limitUsd === undefined ? 'estimateTokens' : 'estimateUsd';
    if (!hardStop) problem('hardStop', 'true where strict is');
    if (period === undefined) problem('strict', 'left out with rollingSeconds: reservations are made for a period');
    if (budget[estimate] === undefined) problem(estimate, 'given where strict is: what one call costs at most');
  }
  // An estimate without effect: whoever gives it believes that calls are reserved for.
  const onlyStrict = 'left out, or strict be true: nothing else reserves what a call may cost';
  if (!strict && budget.estimateUsd !== undefined) problem('estimateUsd', onlyStrict);
  if (!strict && budget.estimateTokens !== undefined) problem('estimateTokens', onlyStrict);
  if (strict && limitUsd === undefined && budget.estimateUsd !== undefined)
    problem('estimateUsd', 'left out where the limit is in tokens');
  if (strict && limitTokens === undefined && budget.estimateTokens !== undefined)
    problem('estimateTokens', 'left out where the limit is in USD');
  return problems;
}
