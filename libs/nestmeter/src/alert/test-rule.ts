import { z } from 'zod';
import { advance, type AlertChange, type AlertState } from './alert-state.js';
import { alertText } from './alert-text.js';
import { isCrossed } from './comparison.js';
import { type AlertRuleInput, levelsOf, ruleSchema } from './rule.js';
import type { Severity } from './severity.js';
import { invalidOption } from '../errors.js';

/** A value of a rule's metric at some time, as {@link testRule} takes it. */
export interface RulePoint {
  /** Seconds since the first point. */
  readonly at: number;
  /** What the metric would be over the rule's window; null for no data. */
  readonly value: number | null;
  /** Measurements behind it, for `minCount`; enough when left out. */
  readonly count?: number | undefined;
}

/** What happened to the alert in {@link testRule}. */
export interface RuleTestChange {
  readonly at: number;
  readonly change: AlertChange;
  readonly severity: Severity;
  readonly text: string;
}

/** The outcome of {@link testRule}. */
export interface RuleTest {
  /** What happened, in order. */
  readonly changes: readonly RuleTestChange[];
  /** How the alert is in the end. */
  readonly state: 'ok' | 'pending' | 'firing';
}

/**
 * Runs a rule over values as the keeper would, for unit tests of rules: no store, no clock, no wait. Throws
 * NM_OPTION_INVALID for a rule that is out of bounds or is a check, and for points that are not in order of time.
 */
export function testRule(given: AlertRuleInput, points: readonly RulePoint[]): RuleTest {
  const parsed = ruleSchema.safeParse(given);
  if (!parsed.success)
    throw invalidOption(
      parsed.error.issues.map(({ path, message }) => ({
        path: ['rule', ...path].join('.'),
        rule: message.replace(/^must be /, ''),
        got: '(given)',
      })),
    );
  const rule = parsed.data;
  if (rule.check !== undefined)
    throw invalidOption([{ path: 'rule', rule: 'a rule with a metric: call a check itself', got: 'a check' }]);
  const wrong = points.findIndex(
    ({ at }, index) =>
      !z
        .number()
        .min(points[index - 1]?.at ?? 0)
        .safeParse(at).success,
  );
  if (wrong >= 0)
    throw invalidOption([{ path: `points.${wrong}.at`, rule: 'seconds that do not go back', got: points[wrong]!.at }]);
  const changes: RuleTestChange[] = [];
  let state: AlertState | null = null;
  for (const { at, value, count } of points) {
    const isTold = value !== null && (count === undefined || count >= rule.minCount);
    const crossed = isTold
      ? levelsOf(rule).filter((level) => isCrossed(value, rule.comparison, level.threshold))
      : null;
    const next = advance(state, { labels: {}, value, crossed }, rule, at * 1000);
    const told = next.change === 'resolved' ? state : next.state;
    if (next.change !== null && told !== null)
      changes.push({ at, change: next.change, severity: told.severity, text: alertText({ ...told, value }, rule) });
    state = next.state;
  }
  return { changes, state: state === null ? 'ok' : state.firingSinceMs === null ? 'pending' : 'firing' };
}
