import { NestmeterError } from '../errors.js';
import { type BudgetUnit, shownAmount } from './amount.js';

/**
 * Why a call was refused.
 * - `exceeded`: the limit is reached, or what is left of it does not cover the call
 * - `unpriced`: nobody knows what the model costs, and the budget refuses such calls
 * - `store_outage`: what the fleet has used is unknown, and the budget fails closed
 * - `reserving`: the share of this replica is used up, and a new one was not there yet
 */
export type BudgetRefusal = 'exceeded' | 'unpriced' | 'store_outage' | 'reserving';

/** What a {@link BudgetExceededError} is made of. */
export interface BudgetExceededOptions {
  readonly budget: string;
  /** With `each` the group, such as `{ model: 'gpt-4o' }`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: BudgetRefusal;
  readonly unit: BudgetUnit;
  /** In nano-USD or tokens. */
  readonly limit: number;
  /** In nano-USD or tokens; null when it is unknown. */
  readonly used: number | null;
  /** Unix seconds at which the period ends; null for rolling windows. */
  readonly periodEnd: number | null;
  readonly retryAfterSeconds: number;
}

const rules: Readonly<Record<BudgetRefusal, string>> = {
  exceeded: 'left for the call',
  unpriced: 'spent on models with a known price',
  store_outage: 'known to be left',
  reserving: 'reserved for the call first',
};

/**
 * Thrown in place of an LLM call that a budget with a hard stop refuses; nothing was sent to the provider. Uncaught in an
 * HTTP handler it answers 429 with Retry-After on Nest, Express and Koa, without telling the client any number.
 */
export class BudgetExceededError extends NestmeterError {
  /** Name of the budget. */
  readonly budget: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: BudgetRefusal;
  readonly unit: BudgetUnit;
  /** USD as a decimal string with nine digits, or a number of tokens. */
  readonly limit: string | number;
  /** As {@link limit}; null when it is unknown. */
  readonly used: string | number | null;
  /** Unix seconds at which the period ends; null for rolling windows. */
  readonly periodEnd: number | null;
  /** Whole seconds after which it may be tried again; 1 or more. */
  readonly retryAfterSeconds: number;
  /** Express and Koa answer with it. */
  readonly status = 429;
  readonly statusCode = 429;
  /** Koa and http-errors show the message to clients only where this is true. */
  readonly expose = false;
  /** Express and Koa send them. */
  readonly headers: Readonly<Record<string, string>>;

  constructor({ budget, labels, reason, unit, limit, used, periodEnd, retryAfterSeconds }: BudgetExceededOptions) {
    const wait = Math.max(1, Math.ceil(retryAfterSeconds));
    const group = Object.entries(labels).map(([name, value]) => ` ${name} ${JSON.stringify(value)}`);
    const got = used === null ? 'an unknown amount' : `${written(used, unit)} used`;
    super({
      code: 'NM_BUDGET_EXCEEDED',
      message: `Budget ${budget}${group.join()} must be ${rules[reason]}, got ${got} of ${written(limit, unit)}. Try again in ${wait} s.`,
    });
    this.budget = budget;
    this.labels = labels;
    this.reason = reason;
    this.unit = unit;
    this.limit = shownAmount(limit, unit);
    this.used = used === null ? null : shownAmount(used, unit);
    this.periodEnd = periodEnd;
    this.retryAfterSeconds = wait;
    this.headers = { 'Retry-After': String(wait) };
  }
}

function written(amount: number, unit: BudgetUnit): string {
  return unit === 'usd' ? `${shownAmount(amount, unit)} USD` : `${amount} tokens`;
}
