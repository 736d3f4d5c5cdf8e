import { rulesOf } from './alert/alert-options.js';
import { AlertRecords } from './alert/alert-records.js';
import type { Channel } from './alert/channel/channel.js';
import type { EvaluationOptions } from './alert/evaluation-window.js';
import { openChannels } from './alert/channel/open-channels.js';
import { FleetAlerts } from './alert/fleet-alerts.js';
import { NotificationSender } from './alert/notify/sender.js';
import { type PostedThreshold, withThresholds } from './alert/posted-threshold.js';
import type { AlertRule } from './alert/rule.js';
import { AlertWatch } from './alert/watch.js';
import type { Clock } from './clock.js';
import type { Log } from './log.js';
import type { EffectiveOptions } from './options.js';
import { isTried } from './serve/access.js';
import type { Store } from './store/store.js';

/** The part of a monitor that is about alerts. */
export interface Alerting {
  readonly alerts: FleetAlerts;
  /** Goes on with the interval of evaluation that is in force now. */
  reschedule(): void;
  /** Evaluates and notifies from now on. Nothing when alerts are not enabled. */
  start(): void;
  /** Ends that: waits for the evaluation under way, and at most some milliseconds for messages. Never rejects. */
  stop(withinMs: number): Promise<void>;
}

/** What {@link joinAlerting} joins. */
export interface AlertingOptions extends EvaluationOptions {
  readonly options: EffectiveOptions;
  readonly store: Store;
  readonly clock: Clock;
  /** Seconds between two evaluations, as posted or from the options; asked each time. */
  readonly intervalSeconds: () => number;
  /** Thresholds that were posted; asked at each evaluation. */
  readonly thresholds: () => readonly PostedThreshold[];
  /** Token of the lease while this replica holds it. */
  readonly leaseToken: () => string | null;
  readonly log: Log;
  readonly failed: (where: string, error: unknown) => void;
}

/** Joins rules, the watch, channels and what is answered about alerts. Throws NM_OPTION_INVALID for a channel. */
export function joinAlerting(parts: AlertingOptions): Alerting {
  const {
    store,
    clock,
    storeNowMs,
    intervalSeconds,
    leaseToken,
    failed,
    log,
    context,
    families,
    slotSeconds,
    budgetLevels,
  } = parts;
  const { app = '', dashboardUrl = null, alerts: options } = parts.options;
  const records = new AlertRecords(store.upkeep);
  const rules = rulesInForce(parts);
  const { channels, warnings } = openChannels(options.channels, options.log, { app, log });
  const keeperToken = () => (store.embedded ? null : (leaseToken() ?? undefined));
  const shared = { records, rules, storeNowMs, channels, app, keeperToken, failed };
  const sender = new NotificationSender({ ...shared, dashboardUrl, warn: log.warn });
  const test = (channel: Channel) => sender.test(channel);
  const alerts = new FleetAlerts({ ...shared, intervalSeconds, enabled: options.enabled, test });
  if (!options.enabled) return { alerts, reschedule: () => {}, start: () => {}, stop: () => Promise.resolve() };
  const written = () => void sender.send();
  const reading = { context, families, slotSeconds, budgetLevels };
  const watch = new AlertWatch({ ...shared, ...reading, intervalSeconds, clock, written });
  return {
    alerts,
    reschedule: () => watch.reschedule(),
    start: () => {
      for (const warning of warnings) log.warn(warning);
      if (channels.every(({ kind }) => kind === 'log')) tellOfNoChannel(log);
      watch.start();
      sender.start();
    },
    stop: async (withinMs) => {
      await watch.stop();
      await sender.stop(withinMs);
    },
  };
}

/** Where people develop and test there is nobody to be told: there it is a note. */
function tellOfNoChannel({ warn, info }: Log): void {
  const say = isTried() ? info : warn;
  say('Alerts are told to nobody but the log. Name channels in the option alerts.channels; see the guide of alerts.');
}

/** The rules of the options with what was posted; made anew when something else was posted. */
function rulesInForce({ options, thresholds, log }: AlertingOptions): () => readonly AlertRule[] {
  const base = rulesOf(options.alerts, options.budgets);
  const warned = new Set<string>();
  let posted: readonly PostedThreshold[] | null = null;
  let rules: readonly AlertRule[] = base;
  return () => {
    const now = thresholds();
    if (now === posted) return rules;
    posted = now;
    return (rules = withThresholds(base, now, ({ metric }, reason) => {
      const message = `A posted threshold on ${JSON.stringify(metric.slice(0, 100))} is left out: it ${reason}.`;
      if (warned.size < 20 && !warned.has(message)) log.warn(message);
      warned.add(message);
    }));
  };
}
