import { z } from 'zod';
import { NestmeterError, shown } from '../errors.js';
import { type Budget, limitTokensRule, limitUsdRule, nanoUsd } from './budget.js';

const override = z.object({
  budget: z.string(),
  /** In nano-USD or tokens. */
  limit: z.number(),
  /** Unix seconds. */
  until: z.number(),
  by: z.string(),
  why: z.string(),
  /** Unix milliseconds. */
  atMs: z.number(),
});

/** Schema of the document: overrides in force, and what was changed last, oldest first. */
export const overridesSchema = z.object({
  overrides: z.array(override),
  changes: z.array(override.extend({ kind: z.enum(['begun', 'ended']) })),
});

/** See {@link overridesSchema}. */
export type Overrides = z.output<typeof overridesSchema>;

/** Another limit of a budget, until some time. */
export type Override = z.output<typeof override>;

/** Before anybody asked for one. */
export const noOverrides: Overrides = { overrides: [], changes: [] };

const mostChanges = 100;
const longestBy = 128;

/** Schema of an override as it is posted. */
export const overrideRequest = z.strictObject({
  limit_usd: limitUsdRule.optional().describe('The limit meanwhile, of a budget in USD'),
  limit_tokens: limitTokensRule.optional().describe('The limit meanwhile, of a budget in tokens'),
  until: z
    .union([z.number(), z.iso.datetime({ offset: true })])
    .transform((until) => (typeof until === 'number' ? until : Date.parse(until) / 1000))
    .optional()
    .describe('End: Unix seconds or ISO 8601, at most a year ahead'),
  minutes: z.number().min(1).max(527_040).optional().describe('The same as a time from now; 60 when neither is given'),
  why: z.string().min(1).max(500).describe('Why'),
});

/** See {@link overrideRequest}. */
export type OverrideRequest = z.output<typeof overrideRequest>;

const longestSeconds = 366 * 86_400;

/** Makes an override of what was posted. Throws NM_BODY_INVALID for a limit of the other unit, or an end that cannot be. */
export function overrideOf(
  { name, unit }: Budget,
  request: OverrideRequest,
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Override {
  const { limit_usd, limit_tokens, minutes, why } = request;
  const [given, other] = unit === 'usd' ? [limit_usd, limit_tokens] : [limit_tokens, limit_usd];
  const field = unit === 'usd' ? 'limit_usd' : 'limit_tokens';
  if (given === undefined || other !== undefined)
    throw invalid(`${field} alone must be given for this budget`, request);
  const now = nowMs / 1000;
  if (request.until !== undefined && minutes !== undefined)
    throw invalid('minutes must be left out when until is given', minutes);
  const until = request.until ?? now + (minutes ?? 60) * 60;
  if (!(until > now && until <= now + longestSeconds))
    throw invalid('until must be in the future, at most a year ahead', until);
  const limit = unit === 'usd' ? nanoUsd(given) : Number(given);
  return { budget: name, limit, until, by: by.slice(0, longestBy), why, atMs: nowMs };
}

/** Overrides with one more, which replaces that of the same budget. */
export function withOverride(known: Overrides, next: Override): Overrides {
  const others = living(known, next.atMs).filter(({ budget }) => budget !== next.budget);
  return {
    overrides: [...others, next],
    changes: [...known.changes, { ...next, kind: 'begun' as const }].slice(-mostChanges),
  };
}

/** Overrides without that of a budget; null when it has none. */
export function withoutOverride(
  known: Overrides,
  budget: string,
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Overrides | null {
  const overrides = living(known, nowMs);
  const ended = overrides.find((one) => one.budget === budget);
  if (ended === undefined) return null;
  const change = { ...ended, kind: 'ended' as const, by: by.slice(0, longestBy), atMs: nowMs };
  return {
    overrides: overrides.filter((one) => one !== ended),
    changes: [...known.changes, change].slice(-mostChanges),
  };
}

function living({ overrides }: Overrides, nowMs: number): Override[] {
  return overrides.filter(({ until }) => until * 1000 > nowMs);
}

function invalid(rule: string, got: unknown): NestmeterError {
  return new NestmeterError({ code: 'NM_BODY_INVALID', message: `${rule}, got ${shown(got)}. Correct the body.` });
}
