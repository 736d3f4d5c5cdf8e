import type { AnyFamily, DistributionSpec } from '../accumulate/family.js';
import { defaultBounds } from './histogram-bounds.js';
import { exposedUnit, labelNames, metricName, unique } from './metric-names.js';

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
  /** Upper bounds of a histogram's buckets, in the base unit. */
  readonly bounds: readonly number[];
}

const histogramSuffixes = ['', '_bucket', '_sum', '_count'];

/**
 * Names everything that families measure, each name once: a family that comes later and would use a name again gets
 * `nestmeter_<family>_<meter>` instead, and if that is taken too, a number.
 *
 * @param taken names that must not be used; those given out are added
 * @param le bounds by OpenTelemetry name that replace the advised ones
 */
export function planMetrics(
  families: readonly AnyFamily[],
  taken: Set<string>,
  le: Readonly<Record<string, readonly number[]>>,
): PlannedMetric[] {
  return families.flatMap((family) => new FamilyPlan(family, taken, le).metrics());
}

type Planned = Omit<PlannedMetric, 'family' | 'name' | 'divisor' | 'help'>;

class FamilyPlan {
  constructor(
    private readonly family: AnyFamily,
    private readonly taken: Set<string>,
    private readonly le: Readonly<Record<string, readonly number[]>>,
  ) {}

  metrics(): PlannedMetric[] {
    const { counters, gauges, tallies } = this.family.specs;
    const own = (column: number) => ({ parts: [{ column, extra: [] }], bounds: [], labels: this.#labels([]) });
    return [
      ...counters.map((spec, column) => this.#metric(spec, spec.unit, { kind: 'counter', ...own(column) })),
      ...tallies.map((spec, column) =>
        this.#metric(spec, '', { kind: 'tally', ...own(column), labels: this.#labels([spec.key]) }),
      ),
      ...gauges.map((spec, column) => this.#metric(spec, spec.unit, { kind: 'gauge', ...own(column) })),
      ...this.#distributions(),
    ];
  }

  /** Distributions with the same OpenTelemetry name are one metric; their attributes tell them apart. */
  #distributions(): PlannedMetric[] {
    const { distributions } = this.family.specs;
    const groups = new Map<string, [column: number, spec: DistributionSpec & { name: string }][]>();
    for (const [column, spec] of distributions.entries()) {
      const key = spec.otel ?? `column ${column}`;
      groups.set(key, [...(groups.get(key) ?? []), [column, spec]]);
    }
    return [...groups.values()].map((group) => {
      const attributes = [...new Set(group.flatMap(([, spec]) => Object.keys(spec.attributes ?? {})))];
      const [, spec] = group[0]!;
      return this.#metric(spec, spec.unit.unit, {
        kind: 'distribution',
        labels: this.#labels(attributes),
        parts: group.map(([column, { attributes: values }]) => ({
          column,
          extra: attributes.map((attribute) => values?.[attribute] ?? ''),
        })),
        bounds: this.le[spec.otel ?? ''] ?? defaultBounds(spec),
      });
    });
  }

  #labels(more: readonly string[]): string[] {
    return labelNames([...this.family.labels.map(({ attribute }) => attribute), ...more]);
  }

  #metric(spec: { name: string; help: string; otel?: string }, unit: string, planned: Planned): PlannedMetric {
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
