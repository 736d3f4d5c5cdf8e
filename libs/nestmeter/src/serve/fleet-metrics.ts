import { Registry } from 'prom-client';
import type { FamilyState } from '../accumulate/family-state.js';
import type { SeriesState } from '../accumulate/series-state.js';
import type { WindowQuery } from '../query/window.js';
import type { WindowContents } from '../query/window-reader.js';
import { meanLevel, meanSum } from '../report/gauge-answer.js';
import { ExposedMetric, type Sample } from './exposed-metric.js';
import { planMetrics, type PlannedMetric } from './metric-plan.js';
import type { MonitorView } from './monitor-view.js';
import { labelled } from './replica-samples.js';

const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 };

/**
 * What all replicas counted in a window, as gauges on a registry of its own: sums fall again when the window moves on, so
 * they are no counters. Names begin with `nestmeter_fleet_`.
 */
export async function fleetMetrics(view: MonitorView, query: WindowQuery): Promise<Registry> {
  const families = await view.fleetFamilies();
  const { window, hours, from, to } = query;
  const contents = await view.window({ query: { window, hours, from, to }, fallback: '1h', families });
  const registry = new Registry();
  describeWindow(contents, registry);
  for (const metric of planMetrics(families, new Set(), { semconv: view.prometheus.semconv })) {
    const name = `nestmeter_fleet_${metric.name.replace(/^nestmeter_/, '').replace(/_total$/, '')}`;
    const samples = () => fleetSamples(metric, contents.of(metric.family), contents);
    new ExposedMetric(name, metric.help, 'gauge', samples).register(registry);
  }
  return registry;
}

function describeWindow({ window, replicas, gaps }: WindowContents, registry: Registry): void {
  const facts: [name: string, help: string, value: number][] = [
    ['window_seconds', 'Length of the window', window.to - window.from],
    ['replicas', 'Most replicas that counted in any one slot of the window', replicas],
    ['complete', 'Whether nothing of the window is known to be missing', gaps.length === 0 ? 1 : 0],
  ];
  for (const [name, help, value] of facts)
    new ExposedMetric(`nestmeter_fleet_${name}`, help, 'gauge', () => [{ labels: {}, value }]).register(registry);
}

function fleetSamples(metric: PlannedMetric, state: FamilyState, contents: WindowContents): Sample[] {
  const samples: Sample[] = [];
  for (const { labels, state: series } of state.entries()) {
    if (metric.covers !== null && !metric.covers(labels)) continue;
    for (const { column, extra } of metric.parts)
      addSamples(samples, metric, series, column, [labels, extra], contents);
  }
  return samples;
}

function addSamples(
  samples: Sample[],
  metric: PlannedMetric,
  series: SeriesState,
  column: number,
  [own, extra]: readonly [readonly string[], readonly string[]],
  contents: WindowContents,
): void {
  const { kind, divisor, family } = metric;
  const labels = labelled(metric, [...own, ...extra]);
  const push = (statistic: string, value: number | null): void => {
    if (value !== null) samples.push({ labels: { ...labels, statistic }, value: value / divisor });
  };
  if (kind === 'counter') samples.push({ labels, value: series.counters[column]! / divisor });
  else if (kind === 'tally')
    for (const [key, value] of series.tallies[column] ?? [])
      samples.push({ labels: labelled(metric, [...own, key]), value });
  else if (kind === 'gauge') {
    const gauge = series.gauges[column];
    if (!gauge || gauge.seconds === 0) return;
    push('average', family.specs.gauges[column]!.sums ? meanSum(gauge, contents) : meanLevel(gauge));
    push('max', gauge.max);
  } else {
    const distribution = series.distributions[column];
    if (!distribution || distribution.count === 0) return;
    push('average', distribution.mean());
    const values = distribution.quantiles(Object.values(quantiles));
    for (const [index, name] of Object.keys(quantiles).entries()) push(name, values[index]!);
    push('max', distribution.max);
  }
}
