import type { Registry } from 'prom-client';
import type { AnyFamily, Semconv } from '../accumulate/family.js';
import type { FamilyState } from '../accumulate/family-state.js';
import type { FleetAlerts } from '../alert/fleet-alerts.js';
import type { FleetBudgets } from '../budget/fleet-budgets.js';
import type { Clock } from '../clock.js';
import type { WindowContents, WindowRequest } from '../query/window-reader.js';
import type { Report } from '../report/report.js';
import type { AccessOptions } from './access.js';
import type { ConfigAnswer, ConfigChanges } from './config.js';
import type { ModelHeadroom } from './headroom-metrics.js';
import type { HealthAnswer } from './health.js';
import type { ToolkitState } from './toolkit-metrics.js';

/** Bounds of what the routes do for their callers. */
export interface ServeLimits {
  /** Requests per minute, principal and address. Default 600. */
  readonly readsPerMinute: number;
  /** Refused credentials per minute and address. Default 10. */
  readonly failedLoginsPerMinute: number;
  /** Clients that may follow /live of this replica at the same time. Default 50. */
  readonly liveClients: number;
  /** Bytes of a request body. Default 65,536. */
  readonly bodyBytes: number;
}

/** How metrics are exposed to Prometheus. */
export interface PrometheusSettings {
  /**
   * The application's own registry, which then carries our metrics too; its process metrics are its own affair. Null: a
   * registry of ours, with the process metrics of prom-client.
   */
  readonly registry: Registry | null;
  /** Which OpenTelemetry names metrics get where they changed. */
  readonly semconv: Semconv;
  /** Upper bounds of histogram buckets by OpenTelemetry name, in the base unit (seconds), rising. */
  readonly le: Readonly<Record<string, readonly number[]>>;
}

/** What the handlers of routes may see of a monitor; the monitor fills it. */
export interface MonitorView {
  /** Name of the application; empty where it has none. */
  readonly app: string;
  /** Version of this package. */
  readonly version: string;
  /** Where the routes are: begins with a slash, does not end with one. */
  readonly prefix: string;
  /** Further addresses of single routes: full path → path below the prefix, such as `/metrics` → `/metrics`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Whether the routes are served on a port of their own only. */
  readonly hasOwnPort: boolean;
  readonly access: AccessOptions | undefined;
  /** Whether the page is served, with what is there for it only. */
  readonly dashboard: boolean;
  /** For how long a log-in lasts. */
  readonly sessionHours: number;
  /** Origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
  /** Asked for anew each time: limits may change. */
  readonly limits: ServeLimits;
  readonly prometheus: PrometheusSettings;
  readonly clock: Clock;

  /** Makes a report. Rejects with NM_QUERY_INVALID for a query that cannot be answered. */
  report<Query, Answer>(report: Report<Query, Answer>, query: Query): Promise<Answer>;
  /** Which alerts fire, and what people say about them. */
  readonly alerts: Pick<
    FleetAlerts,
    'now' | 'history' | 'acknowledge' | 'silences' | 'silence' | 'endSilence' | 'testChannel'
  >;
  /** What is used of budgets, and overrides of their limits. */
  readonly budgets: Pick<FleetBudgets, 'now' | 'seen' | 'override' | 'endOverride'>;
  health(): Promise<HealthAnswer>;
  /** Effective options; secrets are hidden before they get here. */
  config(): ConfigAnswer;
  /** The configuration as it can be changed while replicas run. */
  readonly changes: ConfigChanges;

  /** All families: the built-in ones, those of declared tags and of custom metrics. */
  families(): readonly AnyFamily[];
  /** Those, and families that only other replicas have, as far as they told the store. Never rejects. */
  fleetFamilies(): Promise<readonly AnyFamily[]>;
  /** What this replica has counted since it started. The caller must not change it. */
  lifetime(family: AnyFamily): FamilyState;
  /** The level of a gauge of this replica as last set; null when unknown. */
  level(family: AnyFamily, labels: readonly string[], gauge: number): number | null;
  /** Unix milliseconds, by the clock of the store. */
  nowMs(): number;
  /** How the toolkit itself is; asks nobody. */
  toolkit(): ToolkitState;
  /** What this replica last saw of the limits of providers. */
  headroom(): readonly ModelHeadroom[];
  window(request: WindowRequest): Promise<WindowContents>;

  /** Takes note of a failure of a handler: counted, and warned about once per place. */
  failed(where: string, error: unknown): void;
}
