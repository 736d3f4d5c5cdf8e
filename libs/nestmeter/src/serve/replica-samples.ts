import type { FamilyState } from '../accumulate/family-state.js';
import type { SeriesState } from '../accumulate/series-state.js';
import type { Sample } from './exposed-metric.js';
import type { PlannedMetric } from './metric-plan.js';
import type { MonitorView } from './monitor-view.js';

/** The lines of one metric: what this replica has counted since it started, and levels as they are now. */
export function replicaSamples(metric: PlannedMetric, state: FamilyState, view: MonitorView): Sample[] {
  const samples: Sample[] = [];
  for (const { labels, state: series } of state.entries()) {
    const { kind, divisor, parts, covers } = metric;
    if (covers !== null && !covers(labels)) continue;
    const [{ column, extra }] = parts as [(typeof parts)[number]];
    if (kind === 'counter') {
      samples.push({ labels: labelled(metric, [...labels, ...extra]), value: series.counters[column]! / divisor });
    } else if (kind === 'gauge') {
      const level = view.level(metric.family, labels, column);
      if (level !== null) samples.push({ labels: labelled(metric, labels), value: level / divisor });
    } else if (kind === 'tally') {
      for (const [key, count] of series.tallies[column] ?? [])
        samples.push({ labels: labelled(metric, [...labels, key]), value: count });
    } else {
      for (const part of parts) addHistogram(samples, metric, series, part.column, [...labels, ...part.extra]);
    }
  }
  return samples;
}

/**
 * Labels by name, with the values as OpenTelemetry spells them. Names are words that {@link labelNames} made, so none is a
 * property of objects.
 */
export function labelled({ family, labels }: PlannedMetric, values: readonly string[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [index, name] of labels.entries()) {
    const value = values[index] ?? '';
    named[name] = family.labels[index]?.spelled?.get(value) ?? value;
  }
  return named;
}

function addHistogram(
  samples: Sample[],
  metric: PlannedMetric,
  series: SeriesState,
  column: number,
  values: readonly string[],
): void {
  const distribution = series.distributions[column];
  if (!distribution) return;
  const { name, bounds, divisor } = metric;
  const labels = labelled(metric, values);
  const bucket = `${name}_bucket`;
  const inUnit = bounds.map((bound) => bound * divisor);
  for (const [index, count] of distribution.countsAtMost(inUnit).entries())
    samples.push({ metricName: bucket, labels: { ...labels, le: bounds[index]! }, value: count });
  samples.push({ metricName: bucket, labels: { ...labels, le: '+Inf' }, value: distribution.count });
  samples.push({ metricName: `${name}_sum`, labels, value: distribution.sum / (distribution.unit.sumParts * divisor) });
  samples.push({ metricName: `${name}_count`, labels, value: distribution.count });
}
