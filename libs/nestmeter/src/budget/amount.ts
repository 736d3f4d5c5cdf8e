import { formatNanoUsd } from '../money.js';

/** What a budget limits. */
export type BudgetUnit = 'usd' | 'tokens';

/** An amount as answers show it: USD as a decimal string with nine digits, tokens as a number. @param amount nano-USD or tokens */
export function shownAmount(amount: number, unit: BudgetUnit): string | number {
  return unit === 'usd' ? formatNanoUsd(Math.round(amount)) : Math.round(amount);
}
