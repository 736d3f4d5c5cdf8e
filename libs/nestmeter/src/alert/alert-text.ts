import type { AlertState } from './alert-state.js';
import { questionOf } from './metric-source.js';
import type { AlertRule } from './rule.js';

/** An alert in one line: `[warning] High memory pressure detected (85.5%)`. */
export function alertText(
  alert: Pick<AlertState, 'rule' | 'severity' | 'title' | 'threshold' | 'value' | 'amounts' | 'labels'>,
  rule: AlertRule | undefined,
): string {
  const unit = unitOf(rule);
  const title = alert.title ?? rule?.title ?? alert.rule;
  // Names of budgets, such as `all`, and of their groups say nothing without a word for what they name.
  const isOfBudget = Object.hasOwn(alert.labels, 'budget');
  // Which replica it is stands in the labels; a name of one says little in a line for people.
  const named = Object.entries(alert.labels).flatMap(([name, text]) =>
    name.startsWith('replica') ? [] : [isOfBudget ? `${name} ${text}` : text],
  );
  const of = named.length === 0 ? '' : ` for ${named.join(', ')}`;
  const limit = alert.threshold === null || !namesThreshold(rule) ? '' : `, threshold ${thresholdText(alert.threshold, unit)}`; // prettier-ignore
  const value = alert.value === null ? 'no data' : valueText(alert.value, unit);
  const amounts = alert.amounts === undefined ? '' : `, ${alert.amounts}`;
  return `[${alert.severity}] ${title} detected (${value}${amounts}${limit})${of}`;
}

/** Limits that people set for one operation, or for a day, are not in the name of the rule: its text says which. */
function namesThreshold(rule: AlertRule | undefined): boolean {
  return rule?.thresholdsFrom !== undefined || rule?.metric === 'token_usage_percent';
}

/** A value with its unit, for people. */
export function valueText(value: number, unit: string): string {
  if (unit === '%') return `${value.toFixed(1)}%`;
  if (unit === 'ms') return `${Math.round(value)} ms`;
  if (unit === 'USD') return `${value.toFixed(2)} USD`;
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** A threshold with its unit, just as it was set. */
export function thresholdText(threshold: number, unit: string): string {
  return unit === '' || unit === '%' ? `${threshold}${unit}` : `${threshold} ${unit}`;
}

/** The unit of a rule's values and thresholds: `ms`, `%`, `USD` or nothing. What is compared with before is in percent of it. */
export function unitOf(rule: AlertRule | undefined): string {
  if (rule === undefined || rule.metric === undefined) return '';
  return rule.relativeTo === undefined ? questionOf({ ...rule, metric: rule.metric }).unit : '%';
}
