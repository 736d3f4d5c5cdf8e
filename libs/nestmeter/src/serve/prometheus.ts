import { collectDefaultMetrics, Registry } from 'prom-client';
import { z } from 'zod';
import type { AnyFamily } from '../accumulate/family.js';
import type { FamilyState } from '../accumulate/family-state.js';
import { windowedQueryShape } from '../report/window-answer.js';
import { budgetMetrics } from './budget-metrics.js';
import { ExposedMetric } from './exposed-metric.js';
import { fleetMetrics } from './fleet-metrics.js';
import { headroomMetrics } from './headroom-metrics.js';
import { planMetrics, type PlannedMetric } from './metric-plan.js';
import { metricsAsJson } from './metrics-json.js';
import type { MonitorView } from './monitor-view.js';
import { replicaSamples } from './replica-samples.js';
import type { RouteAnswer } from './route.js';
import { toolkitMetrics } from './toolkit-metrics.js';

const { window, hours, from, to } = windowedQueryShape;

/** What may be asked of GET /metrics. */
export const metricsQuery = z
  .strictObject({
    scope: z
      .enum(['replica', 'fleet'], { error: 'replica or fleet' })
      .default('replica')
      .describe('replica: what this one counted since it started. fleet: what all counted in a window, as gauges'),
    format: z.enum(['prometheus', 'json'], { error: 'prometheus or json' }).default('prometheus'),
    window,
    hours,
    from,
    to,
  })
  .superRefine((query, context) => {
    const given = (['window', 'hours', 'from', 'to'] as const).find((name) => query[name] !== undefined);
    if (query.scope === 'replica' && given !== undefined)
      context.addIssue({ code: 'custom', path: [given], message: 'left out unless scope is fleet' });
  });

/** See {@link metricsQuery}. */
export type MetricsQuery = z.output<typeof metricsQuery>;

/** The route GET /metrics. */
export async function exposed(exposition: Exposition, query: MetricsQuery): Promise<RouteAnswer> {
  if (query.format === 'json') return { kind: 'json', value: await exposition.json(query) };
  const registry = await exposition.registry(query);
  return { kind: 'text', text: await registry.metrics(), contentType: registry.contentType };
}

/**
 * A monitor's metrics for Prometheus. Ours are adapters on a prom-client registry that read our states when they are
 * scraped; nothing is recorded twice. The registry is the application's own if it gave one.
 */
export class Exposition {
  #registry: Registry | null = null;
  readonly #planned = new Map<AnyFamily, readonly PlannedMetric[]>();
  readonly #taken = new Set<string>();
  #states: Map<AnyFamily, FamilyState> | null = null;

  constructor(private readonly view: MonitorView) {}

  /** All metrics as text. */
  async text(query: Partial<MetricsQuery> = {}): Promise<string> {
    return (await this.registry(query)).metrics();
  }

  /** A registry with all metrics: the one of this replica, or one made for a window of all replicas. */
  async registry({ scope = 'replica', ...query }: Partial<MetricsQuery> = {}): Promise<Registry> {
    return scope === 'fleet' ? fleetMetrics(this.view, query) : this.#ownRegistry();
  }

  /** All families as JSON. */
  json({ scope = 'replica', ...query }: Partial<MetricsQuery> = {}): Promise<unknown> {
    return metricsAsJson(this.view, scope, query);
  }

  /** The registry with a metric for everything that is measured by now. */
  #ownRegistry(): Registry {
    const registry = (this.#registry ??= this.view.prometheus.registry ?? ownRegistry());
    const families = this.view.families().filter((family) => !this.#planned.has(family));
    if (this.#planned.size === 0) this.#describeOurselves(registry);
    if (families.length === 0) return registry;
    for (const metric of registry.getMetricsAsArray())
      if (!((metric as unknown) instanceof ExposedMetric))
        for (const name of namesOf(metric.name)) this.#taken.add(name);
    const metrics = planMetrics(families, this.#taken, this.view.prometheus);
    for (const family of families) {
      const own = metrics.filter((metric) => metric.family === family);
      this.#planned.set(family, own);
      for (const metric of own) {
        const samples = () => replicaSamples(metric, this.#state(family), this.view);
        new ExposedMetric(metric.name, metric.help, typeOf(metric), samples).register(registry);
      }
    }
    return registry;
  }

  /** One state serves all metrics of a scrape, which asks for all of them at once. */
  #state(family: AnyFamily): FamilyState {
    if (this.#states === null) {
      this.#states = new Map();
      setImmediate(() => {
        this.#states = null;
      });
    }
    let state = this.#states.get(family);
    if (state === undefined) this.#states.set(family, (state = this.view.lifetime(family)));
    return state;
  }

  #describeOurselves(registry: Registry): void {
    const { version } = this.view;
    new ExposedMetric('nestmeter_build_info', 'Version of nestmeter; always 1', 'gauge', () => [
      { labels: { version }, value: 1 },
    ]).register(registry);
    const own = [headroomMetrics, budgetMetrics, toolkitMetrics].flatMap((metrics) => metrics(this.view));
    for (const metric of own) metric.register(registry);
    new ExposedMetric('nestmeter_series', 'Series that this replica tells apart, by family', 'gauge', () =>
      this.view
        .families()
        .map((family) => ({ labels: { family: family.name }, value: this.#state(family).series.size })),
    ).register(registry);
  }
}

function typeOf({ kind }: PlannedMetric): 'counter' | 'gauge' | 'histogram' {
  return kind === 'distribution' ? 'histogram' : kind === 'gauge' ? 'gauge' : 'counter';
}

/** Names that a metric of unknown type may use in the text. */
function namesOf(name: string): string[] {
  return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
}

/**
 * Process metrics of prom-client that are left out. The `…_total` are gauges named like counters. Handles and requests are
 * asked for through undocumented functions of Node, of which `process._getActiveHandles()` aborts the process when it meets
 * a handle that is just being collected (`CHECK(!obj.IsEmpty())` of AsyncWrap::GetOwner): a scrape must not end the
 * application. `nodejs_active_resources` tells the same through the public function.
 */
const leftOut = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** With the process metrics of prom-client. */
function ownRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of leftOut) registry.removeSingleMetric(name);
  return registry;
}
