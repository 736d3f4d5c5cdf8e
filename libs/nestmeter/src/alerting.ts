import { rulesOf } from './alert/alert-options.js';
import { AlertRecords } from './alert/alert-records.js';
import type { EvaluationOptions } from './alert/evaluation-window.js';
import { FleetAlerts } from './alert/fleet-alerts.js';
import { type PostedThreshold, withThresholds } from './alert/posted-threshold.js';
import type { AlertRule } from './alert/rule.js';
import { AlertWatch } from './alert/watch.js';
import type { Clock } from './clock.js';
import type { EffectiveOptions } from './options.js';
import type { Store } from './store/store.js';

/** The part of a monitor that is about alerts. */
export interface Alerting {
  readonly alerts: FleetAlerts;
  /** Null when alerts are not enabled. */
  readonly watch: AlertWatch | null;
}

/** What {@link joinAlerting} joins. */
export interface AlertingOptions extends EvaluationOptions {
  readonly options: EffectiveOptions['alerts'];
  /** Budgets, each of which is watched. */
  readonly budgets: EffectiveOptions['budgets'];
  readonly store: Store;
  readonly clock: Clock;
  /** Thresholds that were posted; asked at each evaluation. */
  readonly thresholds: () => readonly PostedThreshold[];
  /** Token of the lease while this replica holds it. */
  readonly leaseToken: () => string | null;
  readonly warn: (message: string) => void;
  readonly failed: (where: string, error: unknown) => void;
}

/** Joins rules, the watch and what is answered about alerts. */
export function joinAlerting(parts: AlertingOptions): Alerting {
  const { options, store, clock, storeNowMs, leaseToken, failed } = parts;
  const records = new AlertRecords(store.upkeep);
  const rules = rulesInForce(parts);
  const intervalSeconds = () => options.evaluationIntervalSeconds;
  const shared = { records, rules, intervalSeconds, storeNowMs };
  const alerts = new FleetAlerts({ ...shared, enabled: options.enabled });
  const keeperToken = () => (store.embedded ? null : (leaseToken() ?? undefined));
  const { context, families, slotSeconds, budgetLevels } = parts;
  const watch = options.enabled
    ? new AlertWatch({ ...shared, context, families, slotSeconds, budgetLevels, clock, keeperToken, failed })
    : null;
  return { alerts, watch };
}

/** The rules of the options with what was posted; made anew when something else was posted. */
function rulesInForce({ options, budgets, thresholds, warn }: AlertingOptions): () => readonly AlertRule[] {
  const base = rulesOf(options, budgets);
  const warned = new Set<string>();
  let posted: readonly PostedThreshold[] | null = null;
  let rules: readonly AlertRule[] = base;
  return () => {
    const now = thresholds();
    if (now === posted) return rules;
    posted = now;
    return (rules = withThresholds(base, now, ({ metric }, reason) => {
      const message = `A posted threshold on ${JSON.stringify(metric.slice(0, 100))} is left out: it ${reason}.`;
      if (warned.size < 20 && !warned.has(message)) warn(message);
      warned.add(message);
    }));
  };
}
