import type { AnyFamily } from '../accumulate/family.js';
import type { FamilyState } from '../accumulate/family-state.js';
import type { SeriesState } from '../accumulate/series-state.js';
import type { WindowQuery } from '../query/window.js';
import { meanLevel, meanSum, type Span } from '../report/gauge-answer.js';
import type { MonitorView } from './monitor-view.js';

const quantiles = [0.5, 0.95, 0.99];

/** All families with all their series as JSON: of this replica since it started, or of all replicas in a window. */
export async function metricsAsJson(
  view: MonitorView,
  scope: 'replica' | 'fleet',
  { window, hours, from, to }: WindowQuery,
): Promise<unknown> {
  const timestamp = view.clock.wallMs() / 1000;
  if (scope === 'replica') {
    const own = view.families().map((family) => familyAsJson(family, view.lifetime(family), null));
    return { timestamp, scope, families: own };
  }
  const families = await view.fleetFamilies();
  const contents = await view.window({ query: { window, hours, from, to }, fallback: '1h', families });
  return {
    timestamp: contents.nowMs / 1000,
    scope,
    window: { requested: contents.window.requested, from: contents.window.from, to: contents.window.to },
    replicas: contents.replicas,
    complete: contents.gaps.length === 0,
    families: families.map((family) => familyAsJson(family, contents.of(family), contents)),
  };
}

/** @param span of the window; null for one replica, whose gauges know their own time */
function familyAsJson(family: AnyFamily, state: FamilyState, span: Span | null): unknown {
  const names = family.labels.map(({ name }) => name);
  return {
    name: family.name,
    help: family.help,
    series: [...state.entries()].map(({ labels, state: series }) => ({
      labels: Object.fromEntries(names.map((name, index) => [name, labels[index]!])),
      ...seriesAsJson(family, series, span),
    })),
  };
}

function seriesAsJson({ specs }: AnyFamily, series: SeriesState, span: Span | null): Record<string, unknown> {
  const by = <Spec extends { name: string }>(list: readonly Spec[], value: (spec: Spec, column: number) => unknown) =>
    Object.fromEntries(list.map((spec, column) => [spec.name, value(spec, column)]));
  return {
    counters: by(specs.counters, (_, column) => series.counters[column]!),
    distributions: by(specs.distributions, ({ unit }, column) => {
      const distribution = series.distributions[column];
      if (!distribution || distribution.count === 0) return { unit: unit.unit, count: 0 };
      const [p50, p95, p99] = distribution.quantiles(quantiles);
      const { count, sum, min, max } = distribution;
      const mean = distribution.mean();
      return { unit: unit.unit, count, sum: sum / unit.sumParts, mean, min, max, p50, p95, p99 };
    }),
    gauges: by(specs.gauges, ({ unit, sums }, column) => {
      const gauge = series.gauges[column];
      if (!gauge || gauge.seconds === 0) return { unit, average: null };
      const average = sums && span !== null ? meanSum(gauge, span) : meanLevel(gauge);
      return { unit, average, min: gauge.min, max: gauge.max };
    }),
    tallies: by(specs.tallies, (_, column) => Object.fromEntries(series.tallies[column] ?? [])),
  };
}
