import type { AnyFamily, DistributionSpec, Semconv } from '../accumulate/family.js';
import { defaultBounds } from './histogram-bounds.js';
import { exposedUnit, labelNames, metricName, unique } from './metric-names.js';
import { namedMeters, type NamedMeter } from './metric-semconv.js';

/** A part of a metric: one meter of the family. */
export interface PlannedPart {
  readonly column: number;
  /** Values of the labels that set it apart from the other parts. */
  readonly extra: readonly string[];
}

/** A metric to expose: which meters of which family, under which name. */
export interface PlannedMetric {
  readonly family: AnyFamily;
  readonly kind: 'counter' | 'gauge' | 'distribution' | 'tally';
  readonly name: string;
  readonly help: string;
  /** Of the family, then of the parts. */
  readonly labels: readonly string[];
  readonly divisor: number;
  readonly parts: readonly PlannedPart[];
  /** Which series it shows, by label values; null is all. */
  readonly covers: ((labels: readonly string[]) => boolean) | null;
  /** Upper bounds of a histogram's buckets, in the base unit. */
  readonly bounds: readonly number[];
}

/** What decides about names and buckets. */
export interface MetricNaming {
  /** Default `released`. */
  readonly semconv?: Semconv;
  /** Bounds by OpenTelemetry name, as released or as exposed, that replace the advised ones. Default none. */
  readonly le?: Readonly<Record<string, readonly number[]>>;
}

const histogramSuffixes = ['', '_bucket', '_sum', '_count'];

/**
 * Names everything that families measure, each name once: a family that comes later and would use a name again gets
 * `nestmeter_<family>_<meter>` instead, and if that is taken too, a number.
 *
 * @param taken names that must not be used; those given out are added
 */
export function planMetrics(families: readonly AnyFamily[], taken: Set<string>, naming: MetricNaming): PlannedMetric[] {
  return families.flatMap((family) => new FamilyPlan(family, taken, naming).metrics());
}

interface MeterName {
  readonly name: string;
  readonly help: string;
  readonly otel?: string;
}

type Planned = Omit<PlannedMetric, 'family' | 'name' | 'divisor' | 'help'>;

class FamilyPlan {
  constructor(
    private readonly family: AnyFamily,
    private readonly taken: Set<string>,
    private readonly naming: MetricNaming,
  ) {}

  metrics(): PlannedMetric[] {
    const { counters, gauges, tallies } = this.family.specs;
    return [
      ...this.#named(counters).map((meter) => this.#single('counter', meter, meter.spec.unit)),
      ...this.#named(tallies).map((meter) => this.#single('tally', meter, '', [meter.spec.key])),
      ...this.#named(gauges).map((meter) => this.#single('gauge', meter, meter.spec.unit)),
      ...this.#distributions(),
    ];
  }

  #named<Spec extends { help: string }>(meters: readonly Spec[]): NamedMeter<Spec>[] {
    return namedMeters(this.family, meters, this.naming.semconv ?? 'released');
  }

  /** @param keys attributes whose values are not known yet */
  #single(
    kind: 'counter' | 'gauge' | 'tally',
    { column, spec, attributes, covers }: NamedMeter<MeterName>,
    unit: string,
    keys: readonly string[] = [],
  ): PlannedMetric {
    const labels = this.#labels([...Object.keys(attributes), ...keys]);
    const parts = [{ column, extra: Object.values(attributes) }];
    return this.#metric(spec, unit, { kind, labels, parts, covers, bounds: [] });
  }

  /** Distributions with the same OpenTelemetry name are one metric; their attributes tell them apart. */
  #distributions(): PlannedMetric[] {
    const groups = new Map<string, NamedMeter<DistributionSpec & { name: string }>[]>();
    for (const meter of this.#named(this.family.specs.distributions)) {
      const key = meter.spec.otel ?? `column ${meter.column}`;
      groups.set(key, [...(groups.get(key) ?? []), meter]);
    }
    const { le = {} } = this.naming;
    return [...groups.values()].map((group) => {
      const names = [...new Set(group.flatMap(({ attributes }) => Object.keys(attributes)))];
      const { spec, released, covers } = group[0]!;
      return this.#metric(spec, spec.unit.unit, {
        kind: 'distribution',
        labels: this.#labels(names),
        parts: group.map(({ column, attributes }) => ({ column, extra: names.map((name) => attributes[name] ?? '') })),
        covers,
        bounds: le[spec.otel ?? ''] ?? le[released ?? ''] ?? defaultBounds(spec),
      });
    });
  }

  #labels(more: readonly string[]): string[] {
    return labelNames([...this.family.labels.map(({ attribute }) => attribute), ...more]);
  }

  #metric(spec: MeterName, unit: string, planned: Planned): PlannedMetric {
    const { family, taken } = this;
    const { divisor } = exposedUnit(unit);
    const isCounter = planned.kind === 'counter' || planned.kind === 'tally';
    const suffixes = planned.kind === 'distribution' ? histogramSuffixes : [''];
    const first = metricName(family, spec, unit, isCounter);
    const isFree = suffixes.every((suffix) => !taken.has(`${first}${suffix}`));
    const { name: meter, help } = spec;
    const name = unique(isFree ? first : metricName(family, { name: meter }, unit, isCounter), taken, suffixes);
    return { family, name, divisor, help: help || name, ...planned };
  }
}
