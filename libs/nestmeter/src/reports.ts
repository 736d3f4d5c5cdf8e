import type { AlertsAnswer } from './alert/alert-answer.js';
import type { BudgetsAnswer } from './budget/budget-answer.js';
import { disabled } from './errors.js';
import { type BoundReports, bindReports } from './report/bound-reports.js';
import type { ReportContext } from './report/report.js';
import { makeWithAlerts } from './serve/with-alerts.js';

/** Answers of the routes in process: `monitor.reports.providers({ window: '24h' })` is what `GET /providers` answers. */
export type Reports = BoundReports & {
  readonly alerts: () => Promise<AlertsAnswer>;
  readonly budgets: () => Promise<BudgetsAnswer>;
};

/** Where the reports of a monitor read. */
export interface ReportSources {
  readonly reports: ReportContext;
  readonly alerting: { readonly alerts: { now(): Promise<AlertsAnswer> } };
  readonly budgeting: { readonly budgets: { now(): Promise<BudgetsAnswer> } };
}

/** Binds the reports to a monitor. @param sources null when it is disabled: then they reject */
export function reportsOf(sources: ReportSources | null): Reports {
  const known = (): ReportSources => {
    if (sources === null) throw disabled('reports');
    return sources;
  };
  const alerts = async (): Promise<AlertsAnswer> => known().alerting.alerts.now();
  const bound = bindReports(async (report, query) => makeWithAlerts(report, query, known().reports, alerts));
  const budgets = async (): Promise<BudgetsAnswer> => known().budgeting.budgets.now();
  return { ...bound, alerts, budgets };
}
