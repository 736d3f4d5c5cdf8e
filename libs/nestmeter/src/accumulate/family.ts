import type { DistributionUnit } from './distribution.js';
import { hashText } from './labels.js';

/** A label of a family. */
export interface LabelSpec {
  /** Name in our answers and docs. */
  readonly name: string;
  /** OpenTelemetry attribute of the same meaning; exposition uses it. */
  readonly attribute: string;
  /** Values that OpenTelemetry spells otherwise: ours → its own; exposition uses them. */
  readonly spelled?: ReadonlyMap<string, string> | undefined;
}

/** A label with the OpenTelemetry attribute of the same meaning. @param spelled values that it spells otherwise */
export function label(name: string, attribute: string, spelled?: ReadonlyMap<string, string>): LabelSpec {
  return { name, attribute, spelled };
}

/**
 * Which names of OpenTelemetry are used where they changed: `released` are those of the last release (semantic
 * conventions 1.41, where the GenAI ones are still experimental), `latest` those that replace them in the repository
 * semantic-conventions-genai, which has no release yet.
 */
export type Semconv = 'released' | 'latest';

/** What the latest conventions call a meter. */
export interface LatestName {
  readonly otel: string;
  /** Attributes that they require and that have the same value for all series. */
  readonly attributes?: Readonly<Record<string, string>>;
}

interface MeterSpec {
  /** What it counts, as one sentence without a full stop. */
  readonly help: string;
  /** OpenTelemetry metric of the same meaning as released; `nestmeter.<family>.<meter>` where there is none. */
  readonly otel?: string;
  /** Its name in the latest conventions, where that is another. */
  readonly latest?: LatestName;
}

/** A non-negative integer that only adds up. */
export interface CounterSpec extends MeterSpec {
  /** Unit of one count: `calls`, `tokens`, `us` (microseconds), `nano_usd`, `bytes`. */
  readonly unit: string;
}

/** How often which values occurred. */
export interface DistributionSpec extends MeterSpec {
  readonly unit: DistributionUnit;
  /** Attributes that set this one apart from others with the same OpenTelemetry name. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A level over time. */
export interface GaugeSpec extends MeterSpec {
  readonly unit: string;
  /** Whether levels of several replicas add up (a queue's depth) or stand beside each other (a share in percent). */
  readonly sums: boolean;
}

/** Counts by a small set of keys. */
export interface TallySpec extends MeterSpec {
  /** What a key is; exposition uses it as a label. */
  readonly key: string;
}

type Specs<Spec> = Readonly<Record<string, Spec>>;
type Columns<S> = { readonly [Name in keyof S]: number };

/** What {@link defineFamily} takes: names, units and help of everything that is measured of one kind of thing. */
export interface FamilySpec<
  C extends Specs<CounterSpec>,
  D extends Specs<DistributionSpec>,
  G extends Specs<GaugeSpec>,
  T extends Specs<TallySpec>,
> {
  /** Name in keys and docs; lower case. Never reused for something else. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly LabelSpec[];
  readonly counters?: C;
  readonly distributions?: D;
  readonly gauges?: G;
  readonly tallies?: T;
  /** Which series the latest names are meant for, by label values; the others keep the released ones. Default all. */
  readonly isRenamed?: ((labels: readonly string[]) => boolean) | undefined;
  /** Series that one replica admits; the rest is counted as `__other__`. Default 1000. */
  readonly cap?: number;
}

/** A spec with its columns: where each meter stands in a {@link SeriesState}. */
export interface Family<
  C extends Specs<CounterSpec> = Specs<CounterSpec>,
  D extends Specs<DistributionSpec> = Specs<DistributionSpec>,
  G extends Specs<GaugeSpec> = Specs<GaugeSpec>,
  T extends Specs<TallySpec> = Specs<TallySpec>,
> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly LabelSpec[];
  readonly cap: number;
  readonly isRenamed?: ((labels: readonly string[]) => boolean) | undefined;
  readonly specs: {
    readonly counters: readonly (CounterSpec & { name: string })[];
    readonly distributions: readonly (DistributionSpec & { name: string })[];
    readonly gauges: readonly (GaugeSpec & { name: string })[];
    readonly tallies: readonly (TallySpec & { name: string })[];
  };
  readonly counter: Columns<C>;
  readonly distribution: Columns<D>;
  readonly gauge: Columns<G>;
  readonly tally: Columns<T>;
  /** Eight hex digits over labels and meters in order: states with another one cannot be merged with ours. */
  readonly signature: string;
}

/** Families of any shape. */
export type AnyFamily = Family;

/** Series per family that a replica admits unless the family says otherwise. */
export const defaultSeriesCap = 1000;

/** Gives each meter of a spec its column and the whole a signature. */
export function defineFamily<
  const C extends Specs<CounterSpec> = Record<never, CounterSpec>,
  const D extends Specs<DistributionSpec> = Record<never, DistributionSpec>,
  const G extends Specs<GaugeSpec> = Record<never, GaugeSpec>,
  const T extends Specs<TallySpec> = Record<never, TallySpec>,
>(spec: FamilySpec<C, D, G, T>): Family<C, D, G, T> {
  const specs = {
    counters: named<CounterSpec>(spec.counters),
    distributions: named<DistributionSpec>(spec.distributions),
    gauges: named<GaugeSpec>(spec.gauges),
    tallies: named<TallySpec>(spec.tallies),
  };
  const shape = [
    spec.labels.map((labelSpec) => labelSpec.name),
    specs.counters.map((meter) => [meter.name, meter.unit]),
    specs.distributions.map((meter) => [meter.name, meter.unit]),
    specs.gauges.map((meter) => [meter.name, meter.unit]),
    specs.tallies.map((meter) => meter.name),
  ];
  return Object.freeze({
    name: spec.name,
    help: spec.help,
    labels: spec.labels,
    cap: spec.cap ?? defaultSeriesCap,
    isRenamed: spec.isRenamed,
    specs,
    counter: columns(specs.counters) as Columns<C>,
    distribution: columns(specs.distributions) as Columns<D>,
    gauge: columns(specs.gauges) as Columns<G>,
    tally: columns(specs.tallies) as Columns<T>,
    signature: hashText(JSON.stringify(shape)).toString(16).padStart(8, '0'),
  });
}

function named<Spec>(specs: Specs<Spec> | undefined): (Spec & { name: string })[] {
  return Object.entries(specs ?? {}).map(([name, spec]) => ({ name, ...spec }));
}

function columns(specs: readonly { name: string }[]): Record<string, number> {
  return Object.freeze(Object.fromEntries(specs.map((spec, column) => [spec.name, column])));
}
