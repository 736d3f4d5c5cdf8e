import { z } from 'zod';
import { allReports } from '../report/all-reports.js';
import { realTimeReport } from '../report/real-time.js';
import type { Report } from '../report/report.js';
import { alertRoutes } from './alert-routes.js';
import { budgetRoutes } from './budget-routes.js';
import { configRoutes } from './config.js';
import { dashboardRoutes } from './dashboard-routes.js';
import { healthAnswer } from './health.js';
import type { MonitorView } from './monitor-view.js';
import { exposed, metricsQuery } from './prometheus.js';
import { Refusal } from './refusal.js';
import { defineRoute, noQuery, reportRoute, type Route } from './route.js';
import { sessionRoutes } from './session-routes.js';

const liveQuery = z.strictObject({
  interval: z
    .string()
    .regex(/^0*([1-9]|[1-5]\d|60)$/, 'a whole number of seconds from 1 to 60')
    .default('5')
    .describe('Seconds between two snapshots, 1 to 60'),
});

/** What /live sends: the answer of /real-time as one line. */
export async function liveSnapshot(view: MonitorView): Promise<string> {
  return JSON.stringify(await view.report(realTimeReport, realTimeReport.query.parse({})));
}

const reportRoutes = Object.entries(allReports).map(([name, report]) =>
  reportRoute(
    `/${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    report as Report<unknown, unknown>,
  ),
);

/**
 * Every route of the toolkit. Whatever speaks of routes is made from this table: what Express, Koa and Nest serve, the
 * reference, and the test that nothing is open by accident. A new route is one row.
 */
export const routeTable: readonly Route[] = [
  ...reportRoutes,
  ...alertRoutes,
  ...budgetRoutes,
  ...configRoutes,
  defineRoute({
    path: '/health',
    summary: 'The toolkit itself: store, publishing, failures, limits and replicas.',
    query: noQuery,
    answer: healthAnswer,
    handle: async ({ view }) => ({ kind: 'json', value: await view.health() }),
  }),
  defineRoute({
    path: '/metrics',
    summary: 'Metrics for Prometheus: of this replica since it started, or of all replicas in a window.',
    query: metricsQuery,
    handle: ({ exposition }, { query }) => exposed(exposition, query),
  }),
  defineRoute({
    path: '/live',
    summary: 'Server-sent events: the answer of /real-time every few seconds.',
    query: liveQuery,
    limited: false,
    handle: async ({ live }, { query, caller }) => ({
      kind: 'events',
      feed: live.open(Number(query.interval), caller.untilMs),
    }),
  }),
  defineRoute({
    path: '/ws',
    summary: 'A WebSocket with what /live sends, where `nestmeter/websocket` is attached to the server.',
    query: liveQuery,
    limited: false,
    origin: 'own',
    handle: async ({ live }, { query, caller, isUpgrade }) => {
      if (!isUpgrade) throw upgradeRequired();
      return { kind: 'socket', feed: live.open(Number(query.interval), caller.untilMs) };
    },
  }),
  ...dashboardRoutes,
  ...sessionRoutes,
];

function upgradeRequired(): Refusal {
  const message =
    'The request must be the handshake of a WebSocket, got another, or one that nothing takes. Attach nestmeter/websocket to the server.';
  return new Refusal('NM_UPGRADE_REQUIRED', message, { upgrade: 'websocket', connection: 'Upgrade' });
}
