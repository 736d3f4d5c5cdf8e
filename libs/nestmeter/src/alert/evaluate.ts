import { bindReports } from '../report/bound-reports.js';
import { NestmeterError } from '../errors.js';
import { runCheck } from './check.js';
import { isCrossed } from './comparison.js';
import { type EvaluationOptions, EvaluationWindow, type Families } from './evaluation-window.js';
import { familiesOf, type MetricRule, questionOf, readMetric, type SeenValue } from './metric-source.js';
import { type AlertRule, levelsOf } from './rule.js';
import type { Severity } from './severity.js';

/** A threshold that a value crosses. */
export interface Crossed {
  readonly severity: Severity;
  /** Null for findings of a check that name none. */
  readonly threshold: number | null;
}

/** What a rule saw of one group of series. */
export interface Observation {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | null;
  /** Mildest first; empty when all is well, null when nothing can be told. */
  readonly crossed: readonly Crossed[] | null;
  /** What is wrong, if not the rule's own title. */
  readonly title?: string | undefined;
  /** For people, what a value in percent is of: `15.40 of 20.00 USD`. */
  readonly amounts?: string | undefined;
}

/** What became of a rule in one evaluation. */
export interface RuleOutcome {
  readonly rule: AlertRule;
  /** `stale`: nothing can be told of the fleet; `inactive`: the rule has nothing to look at or compare with. */
  readonly state: 'observed' | 'no_data' | 'stale' | 'inactive' | 'error';
  /** Why it was not observed. */
  readonly reason: string | null;
  readonly observations: readonly Observation[];
  /** What a rule in state `error` threw. */
  readonly error?: unknown;
}

/**
 * Looks at all rules once. Never rejects for one of them: what fails is that rule's outcome.
 *
 * @param options.isOver asked before each rule: whether nobody wants to know any more
 * @returns null when it was over before the last rule
 */
export async function evaluateRules(
  rules: readonly AlertRule[],
  options: EvaluationOptions & { readonly isOver: () => boolean },
): Promise<RuleOutcome[] | null> {
  const evaluation = new EvaluationWindow(options);
  const stale = await evaluation.staleness();
  if (stale !== null) return rules.map((rule) => ({ rule, state: 'stale', reason: stale, observations: [] }));
  const together = familiesByWindow(rules, options.families());
  const outcomes: RuleOutcome[] = [];
  for (const rule of rules) {
    if (options.isOver()) return null;
    outcomes.push(await outcomeOf(rule, evaluation, together.get(rule.windowSeconds) ?? []).catch(failure(rule)));
  }
  return outcomes;
}

/** Rules that look back equally far share one read. */
function familiesByWindow(rules: readonly AlertRule[], known: Families): Map<number, Families> {
  const together = new Map<number, Families>();
  for (const rule of rules)
    if (isMetricRule(rule))
      together.set(rule.windowSeconds, [
        ...new Set([...(together.get(rule.windowSeconds) ?? []), ...familiesOf(rule, known)]),
      ]);
  return together;
}

async function outcomeOf(rule: AlertRule, evaluation: EvaluationWindow, together: Families): Promise<RuleOutcome> {
  const without = (state: 'inactive' | 'no_data', reason: string): RuleOutcome => ({
    rule,
    state,
    reason,
    observations: [],
  });
  const since = (await evaluation.replicas()).born?.since ?? Infinity;
  if (rule.historySeconds > 0 && since > evaluation.nowMs / 1000 - rule.historySeconds)
    return without('inactive', `it waits for ${rule.historySeconds / 3600} h of history`);
  if (rule.check !== undefined) {
    const findings = await runCheck(
      rule.check,
      bindReports((report, query) => report.make(evaluation.options.context, query)),
    );
    const observations = findings.map(({ severity, labels, title, value, threshold }) => ({
      labels,
      title,
      value: value ?? null,
      crossed: [{ severity, threshold: threshold ?? null }],
    }));
    return { rule, state: 'observed', reason: null, observations };
  }
  if (!isMetricRule(rule)) return without('inactive', 'it has no metric');
  if (rule.thresholdsFrom === undefined && levelsOf(rule).length === 0)
    return without('inactive', 'no threshold is set');
  const reading = await readMetric(rule, evaluation, together);
  if (reading.kind === 'inactive') return without('inactive', reading.reason);
  // Where not one series was counted, no data is an observation of the fleet.
  const nothing = questionOf(rule).by.length === 0 ? [{ labels: {}, value: null, count: null }] : [];
  const observations = (reading.values.length === 0 ? nothing : reading.values).flatMap((value) =>
    observationsOf(rule, value, evaluation.options.context.settings.operationThresholdsMs),
  );
  if (observations.every(({ crossed }) => crossed === null))
    return { rule, state: 'no_data', reason: 'too little was measured', observations };
  return { rule, state: 'observed', reason: null, observations };
}

function observationsOf(
  rule: MetricRule,
  { labels, value, count, amounts }: SeenValue,
  thresholdsMs: Readonly<Record<string, number>>,
): Observation[] {
  const own = ownThreshold(rule, labels, thresholdsMs);
  if (own === undefined) return [];
  const levels = own === null ? levelsOf(rule) : [{ severity: 'warning' as const, threshold: own }];
  const isTold = value !== null && (count === null || count >= rule.minCount);
  const crossed = isTold ? levels.filter(({ threshold }) => isCrossed(value, rule.comparison, threshold)) : null;
  return [{ labels, value, crossed, amounts }];
}

/** The threshold of one operation or component; null when the rule has its own, undefined when there is none. */
function ownThreshold(
  { thresholdsFrom }: AlertRule,
  { operation, component }: Observation['labels'],
  thresholdsMs: Readonly<Record<string, number>>,
): number | null | undefined {
  if (thresholdsFrom === undefined) return null;
  const name = component ?? operation ?? '';
  return Object.hasOwn(thresholdsMs, name) ? thresholdsMs[name] : undefined;
}

function isMetricRule(rule: AlertRule): rule is MetricRule {
  return rule.metric !== undefined;
}

function failure(rule: AlertRule): (error: unknown) => RuleOutcome {
  return (error) => {
    // Windows that the configured tiers do not reach are no failure: there is nothing to look at.
    const isOutOfReach = error instanceof NestmeterError && error.code === 'NM_QUERY_INVALID';
    // What a check throws may hold anything; only its class is kept.
    const reason = isOutOfReach ? error.message : `it threw ${error instanceof Error ? error.name : 'no error'}`;
    return {
      rule,
      state: isOutOfReach ? 'inactive' : 'error',
      reason,
      observations: [],
      ...(!isOutOfReach && { error }),
    };
  };
}
