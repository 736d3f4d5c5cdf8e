import { z } from 'zod';
import { Distribution } from '../accumulate/distribution.js';
import type { SeriesState } from '../accumulate/series-state.js';

/** What an answer may tell about a distribution; `avg` and `average` are the same under two names. */
export type Statistic = 'total' | 'average' | 'avg' | 'min' | 'max' | 'p50' | 'p95' | 'p99' | 'std_dev';

const texts: Readonly<Record<Statistic, string>> = {
  total: 'Sum',
  average: 'Mean',
  avg: 'Mean',
  min: 'Lowest',
  max: 'Highest',
  p50: 'Median, within 1.1 %',
  p95: '95th percentile, within 1.1 %',
  p99: '99th percentile, within 1.1 %',
  std_dev: 'Standard deviation of the population',
};

const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

/** Fields of an answer that describe one distribution, such as `p95_duration_ms`: their schema and their values. */
export interface StatisticFields<Name extends string> {
  readonly shape: { readonly [Field in Name]: z.ZodNullable<z.ZodNumber> };
  /** The values; all null when nothing was counted. */
  of(distribution: Distribution | null): { [Field in Name]: number | null };
}

/**
 * Names the fields of a distribution.
 *
 * @param of what follows the statistic in each name, unit included: `duration_ms`
 * @param unit for the descriptions
 */
export function statisticFields<const S extends Statistic, const Of extends string>(
  of: Of,
  statistics: readonly S[],
  unit = 'in milliseconds',
): StatisticFields<`${S}_${Of}`> {
  type Name = `${S}_${Of}`;
  const named = statistics.map((statistic) => ({ statistic, name: `${statistic}_${of}` as const }));
  const shape = named.map(({ statistic, name }) => [
    name,
    z.number().nullable().describe(`${texts[statistic]}, ${unit}`),
  ]);
  return {
    shape: Object.fromEntries(shape) as StatisticFields<Name>['shape'],
    of(distribution) {
      const values = statisticsOf(distribution);
      const fields = named.map(({ statistic, name }) => [name, values?.[statistic] ?? null]);
      return Object.fromEntries(fields) as { [Field in Name]: number | null };
    },
  };
}

function statisticsOf(distribution: Distribution | null): Readonly<Record<Statistic, number | null>> | null {
  if (distribution === null || distribution.count === 0) return null;
  const [p50, p95, p99] = distribution.quantiles(Object.values(quantiles)) as [number, number, number];
  const mean = distribution.mean();
  return {
    total: distribution.sum / distribution.unit.sumParts,
    average: mean,
    avg: mean,
    min: distribution.min,
    max: distribution.max,
    p50,
    p95,
    p99,
    std_dev: distribution.standardDeviation(),
  };
}

/** Where a family keeps its durations. */
export interface DurationColumns {
  readonly success_duration: number;
  readonly failure_duration: number;
}

/** Durations of successes and failures of a series together; null when there are none. */
export function allDurations(state: SeriesState, columns: DurationColumns): Distribution | null {
  const success = state.distributions[columns.success_duration] ?? null;
  const failure = state.distributions[columns.failure_duration] ?? null;
  if (success === null || failure === null) return success ?? failure;
  const merged = new Distribution(success.unit);
  merged.merge(success);
  merged.merge(failure);
  return merged;
}

/** Statistics of everything that ended, with those of successes beside, as schema and values. */
export function headline<Name extends string>(fields: StatisticFields<Name>) {
  return {
    shape: {
      ...fields.shape,
      successful: z.object(fields.shape).describe('The same statistics of successes alone'),
    },
    of: (state: SeriesState, columns: DurationColumns) => ({
      ...fields.of(allDurations(state, columns)),
      successful: fields.of(state.distributions[columns.success_duration] ?? null),
    }),
  };
}
