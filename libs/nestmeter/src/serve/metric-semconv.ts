import type { AnyFamily, LatestName, Semconv } from '../accumulate/family.js';

/** A meter under one of its names, with the series that go by it. */
export interface NamedMeter<Spec> {
  /** Where the meter stands in a state. */
  readonly column: number;
  readonly spec: Spec;
  /** Values of attributes by which meters of the same name are told apart, or that the name requires. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Its released OpenTelemetry name, whatever name it has here. */
  readonly released: string | undefined;
  /** Which series go by this name, by label values; null is all. */
  readonly covers: ((labels: readonly string[]) => boolean) | null;
}

interface Meter {
  readonly help: string;
  readonly otel?: string;
  readonly latest?: LatestName;
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * The meters of a family under the names of a convention. No series goes by two names of the same meter: with `latest`, a
 * meter whose new name is not meant for all series keeps the released one for the others.
 */
export function namedMeters<Spec extends Meter>(
  family: AnyFamily,
  meters: readonly Spec[],
  semconv: Semconv,
): NamedMeter<Spec>[] {
  return meters.flatMap((spec, column): NamedMeter<Spec>[] => {
    const { latest, otel: released, attributes = {} } = spec;
    if (semconv === 'released' || latest === undefined) return [{ column, spec, attributes, released, covers: null }];
    const { isRenamed } = family;
    const renamed = { ...spec, otel: latest.otel };
    const covers = isRenamed ?? null;
    const named: NamedMeter<Spec>[] = [
      { column, spec: renamed, attributes: latest.attributes ?? {}, released, covers },
    ];
    if (isRenamed === undefined) return named;
    const rest = { ...spec, help: `${spec.help} (only operations that are no inference)` };
    return [...named, { column, spec: rest, attributes, released, covers: (labels) => !isRenamed(labels) }];
  });
}
