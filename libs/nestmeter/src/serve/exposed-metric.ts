import type { Metric, Registry } from 'prom-client';

/** One line of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Name of the line where it is not that of the metric, as in histograms. */
  readonly metricName?: string;
}

/** A metric on a prom-client registry whose samples are made when it is scraped. */
export class ExposedMetric {
  readonly aggregator = 'sum';
  /** Registries of the OpenMetrics format take `_total` off it. */
  name: string;

  constructor(
    name: string,
    readonly help: string,
    readonly type: 'counter' | 'gauge' | 'histogram',
    private readonly samples: () => readonly Sample[],
  ) {
    this.name = name;
  }

  /** Adds the metric to a registry, in the place of one with the same name if that is an older one of ours. */
  register(registry: Registry): void {
    if ((registry.getSingleMetric(this.name) as unknown) instanceof ExposedMetric)
      registry.removeSingleMetric(this.name);
    registry.registerMetric(this as unknown as Metric);
  }

  /** What registries ask for when they are scraped. */
  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.samples() };
  }

  /** Registries call it when they are reset; our states are not theirs. */
  reset(): void {}
}
