import { NestmeterError } from './errors.js';
import { endpointsReport } from './report/endpoints.js';
import { providersReport } from './report/providers.js';
import { type Report, type ReportContext, readQuery } from './report/report.js';

const reports = {
  providers: providersReport,
  endpoints: endpointsReport,
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
