import { NestmeterError } from './errors.js';
import { alertsReport } from './report/alerts.js';
import { cacheReport } from './report/cache.js';
import { endpointsReport } from './report/endpoints.js';
import { eventsReport } from './report/events.js';
import { memoryReport } from './report/memory.js';
import { operationsReport } from './report/operations.js';
import { providersReport } from './report/providers.js';
import { queuesReport } from './report/queues.js';
import { realTimeReport } from './report/real-time.js';
import { type Report, type ReportContext, readQuery } from './report/report.js';
import { stagesReport } from './report/stages.js';
import { usageReport } from './report/usage.js';

const reports = {
  realTime: realTimeReport,
  providers: providersReport,
  endpoints: endpointsReport,
  operations: operationsReport,
  stages: stagesReport,
  usage: usageReport,
  cache: cacheReport,
  queues: queuesReport,
  events: eventsReport,
  memory: memoryReport,
  alerts: alertsReport,
};

type Asked<R> = R extends Report<infer Query, infer Answer> ? (query?: Query) => Promise<Answer> : never;

/** Answers of the routes in process: `monitor.reports.providers({ window: '24h' })` is what `GET /providers` answers. */
export type Reports = { readonly [Name in keyof typeof reports]: Asked<(typeof reports)[Name]> };

/** Binds the reports to a monitor. @param context null when it is disabled: then they reject */
export function reportsOf(context: ReportContext | null): Reports {
  const ask =
    <Query, Answer>(report: Report<Query, Answer>) =>
    async (query: unknown = {}): Promise<Answer> => {
      if (context === null)
        throw new NestmeterError({
          code: 'NM_NOT_FOUND',
          message: 'enabled must be true to have reports, got false. Enable the monitor.',
        });
      return report.make(context, readQuery(report, query));
    };
  return Object.fromEntries(
    Object.entries(reports).map(([name, report]) => [name, ask(report as Report<unknown, unknown>)]),
  ) as unknown as Reports;
}
