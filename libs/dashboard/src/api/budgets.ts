/** What GET /budgets answers. Amounts of money are decimal strings; null is unknown, or of the other unit. */
export interface BudgetsAnswer {
  readonly timestamp: number;
  readonly complete: boolean;
  readonly budgets: readonly Budget[];
}

/** A limit for some calls in some period, and what is used of it. */
export interface Budget {
  readonly name: string;
  /** Of which calls; empty for all. */
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: 'usd' | 'tokens';
  readonly period: 'hour' | 'day' | 'week' | 'month' | 'rolling';
  readonly from: number;
  readonly to: number | null;
  readonly window_seconds: number | null;
  readonly limit_cost_usd: string | null;
  readonly used_cost_usd: string | null;
  readonly remaining_cost_usd: string | null;
  readonly forecast_cost_usd: string | null;
  readonly limit_tokens: number | null;
  readonly used_tokens: number | null;
  readonly remaining_tokens: number | null;
  readonly forecast_tokens: number | null;
  readonly used_percent: number | null;
  readonly warning_percent: number;
  readonly forecast_percent: number | null;
  readonly exceeds_at: number | null;
  readonly state: 'ok' | 'warning' | 'exceeded' | 'unknown';
  readonly hard_stop: boolean;
  readonly strict: boolean;
  readonly on_unpriced: 'allow' | 'refuse';
  readonly refused_calls: number | null;
  readonly unpriced_calls: number | null;
  readonly overshoot_cost_usd: string | null;
  readonly overshoot_tokens: number | null;
  readonly overshoot_reason?: string | null;
  readonly override: BudgetOverride | null;
}

/** Another limit for some time. */
export interface BudgetOverride {
  readonly limit_cost_usd: string | null;
  readonly limit_tokens: number | null;
  readonly until: number;
  readonly by: string;
  readonly why: string;
}
