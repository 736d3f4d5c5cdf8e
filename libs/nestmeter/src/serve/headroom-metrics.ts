import { ExposedMetric, type Sample } from './exposed-metric.js';
import type { MonitorView } from './monitor-view.js';

/** What a replica last saw of the limits of one model. */
export interface ModelHeadroom {
  readonly provider: string;
  /** The model asked for. */
  readonly model: string;
  readonly limits: readonly {
    readonly kind: string;
    readonly limit: number | null;
    readonly remaining: number | null;
    /** When it is full again, in Unix milliseconds of the store's clock. */
    readonly resetMs: number | null;
  }[];
}

type Limit = ModelHeadroom['limits'][number];

/** Gauges of what providers still allow, as this replica saw it last; a value that is unknown has no line. */
export function headroomMetrics(view: MonitorView): ExposedMetric[] {
  const metric = (name: string, help: string, value: (limit: Limit) => number | null): ExposedMetric =>
    new ExposedMetric(`nestmeter_llm_ratelimit_${name}`, help, 'gauge', () => samples(view.headroom(), value));
  return [
    metric('limit', 'Limit of a provider as last seen by this replica, by kind', ({ limit }) => limit),
    metric(
      'remaining',
      'What a provider still allowed as last seen by this replica, by kind',
      (limit) => limit.remaining,
    ),
    metric(
      'reset_seconds',
      'Seconds until a limit is full again, as last seen by this replica; 0 when that is past',
      (limit) => (limit.resetMs === null ? null : Math.max(0, (limit.resetMs - view.nowMs()) / 1000)),
    ),
  ];
}

function samples(models: readonly ModelHeadroom[], value: (limit: Limit) => number | null): Sample[] {
  return models.flatMap(({ provider, model, limits }) =>
    limits.flatMap((limit) => {
      const number = value(limit);
      if (number === null) return [];
      const labels = { gen_ai_provider_name: provider, gen_ai_request_model: model, kind: limit.kind };
      return [{ labels, value: number }];
    }),
  );
}
