import { disabled } from './errors.js';
import { type AllReports, allReports } from './report/all-reports.js';
import { type Report, type ReportContext, readQuery } from './report/report.js';

type Asked<R> = R extends Report<infer Query, infer Answer> ? (query?: Query) => Promise<Answer> : never;

/** Answers of the routes in process: `monitor.reports.providers({ window: '24h' })` is what `GET /providers` answers. */
export type Reports = { readonly [Name in keyof AllReports]: Asked<AllReports[Name]> };

/** Binds the reports to a monitor. @param context null when it is disabled: then they reject */
export function reportsOf(context: ReportContext | null): Reports {
  const ask =
    <Query, Answer>(report: Report<Query, Answer>) =>
    async (query: unknown = {}): Promise<Answer> => {
      if (context === null) throw disabled('reports');
      return report.make(context, readQuery(report, query));
    };
  return Object.fromEntries(
    Object.entries(allReports).map(([name, report]) => [name, ask(report as Report<unknown, unknown>)]),
  ) as unknown as Reports;
}
