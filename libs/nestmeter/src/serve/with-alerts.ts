import type { AlertsAnswer } from '../alert/alert-answer.js';
import { memoryReport } from '../report/memory.js';
import { realTimeReport } from '../report/real-time.js';
import type { Report, ReportContext } from '../report/report.js';

/**
 * Makes a report with the alerts that its answer tells of. Reports cannot do that themselves, since alerts are made from
 * reports.
 *
 * @param alertsNow what GET /alerts answers; asked only where it is needed
 */
export async function makeWithAlerts<Query, Answer>(
  report: Report<Query, Answer>,
  query: Query,
  context: ReportContext,
  alertsNow: () => Promise<AlertsAnswer>,
): Promise<Answer> {
  const asked: unknown = report;
  if (asked !== realTimeReport && asked !== memoryReport) return report.make(context, query);
  const [answer, { alerts, active, active_alerts_count, system_health }] = await Promise.all([
    report.make(context, query),
    alertsNow(),
  ]);
  if (asked === realTimeReport) return { ...answer, active_alerts: active_alerts_count, alerts, system_health };
  return { ...answer, alerts: active.flatMap(({ category, text }) => (category === 'memory' ? [text] : [])) };
}
