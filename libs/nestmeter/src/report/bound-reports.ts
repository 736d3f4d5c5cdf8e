import { type AllReports, allReports } from './all-reports.js';
import { type Report, readQuery } from './report.js';

type Asked<R> = R extends Report<infer Query, infer Answer> ? (query?: Query) => Promise<Answer> : never;

/** Every report as a function of its query; it answers what the route answers, and rejects with NM_QUERY_INVALID. */
export type BoundReports = { readonly [Name in keyof AllReports]: Asked<AllReports[Name]> };

/** Makes every report a function. @param make makes the answer to a query that was checked */
export function bindReports(
  make: <Query, Answer>(report: Report<Query, Answer>, query: Query) => Promise<Answer>,
): BoundReports {
  const ask =
    <Query, Answer>(report: Report<Query, Answer>) =>
    async (query: unknown = {}): Promise<Answer> =>
      make(report, readQuery(report, query));
  return Object.fromEntries(
    Object.entries(allReports).map(([name, report]) => [name, ask(report as Report<unknown, unknown>)]),
  ) as unknown as BoundReports;
}
