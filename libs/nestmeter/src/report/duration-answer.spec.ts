import { Distribution, milliseconds } from '../accumulate/distribution.js';
import { stageFamily } from '../accumulate/families.js';
import { SeriesState } from '../accumulate/series-state.js';
import { allDurations, headline, statisticFields } from './duration-answer.js';

const every = ['total', 'average', 'avg', 'min', 'max', 'p50', 'p95', 'p99', 'std_dev'] as const;
const fields = statisticFields('duration_ms', every);

function distributionOf(values: readonly number[]): Distribution {
  const distribution = new Distribution(milliseconds);
  for (const value of values) distribution.record(value);
  return distribution;
}

describe('statisticFields', () => {
  it('names every statistic by what it describes', () => {
    expect(Object.keys(fields.shape)).toEqual(every.map((statistic) => `${statistic}_duration_ms`));
    expect(Object.keys(fields.of(null))).toEqual(Object.keys(fields.shape));
  });

  it('answers exact sums, means, extremes and deviations', () => {
    const answer = fields.of(distributionOf([2, 4, 4, 4, 5, 5, 7, 9]));
    expect(answer).toMatchObject({
      total_duration_ms: 40,
      average_duration_ms: 5,
      avg_duration_ms: 5,
      min_duration_ms: 2,
      max_duration_ms: 9,
    });
    expect(answer.std_dev_duration_ms).toBeCloseTo(2, 9);
  });

  it('answers quantiles by rank, within 1.1 %', () => {
    const answer = fields.of(distributionOf(Array.from({ length: 100 }, (_, index) => index + 1)));
    expect(Math.abs(answer.p50_duration_ms! / 50 - 1)).toBeLessThan(0.011);
    expect(Math.abs(answer.p95_duration_ms! / 95 - 1)).toBeLessThan(0.011);
    expect(Math.abs(answer.p99_duration_ms! / 99 - 1)).toBeLessThan(0.011);
  });

  it('answers null for everything when nothing was counted', () => {
    for (const nothing of [null, distributionOf([])])
      expect(Object.values(fields.of(nothing))).toEqual(every.map(() => null));
  });
});

describe('headline', () => {
  const { distribution } = stageFamily;

  it('merges successes and failures, with successes alone beside', () => {
    const state = new SeriesState(stageFamily);
    for (const ms of [100, 200]) state.record(distribution.success_duration, ms);
    state.record(distribution.failure_duration, 900);
    const { of } = headline(statisticFields('duration_ms', ['avg', 'max']));
    expect(of(state, distribution)).toEqual({
      avg_duration_ms: 400,
      max_duration_ms: 900,
      successful: { avg_duration_ms: 150, max_duration_ms: 200 },
    });
    expect(state.distributions[distribution.success_duration]!.count).toBe(2);
  });

  it('takes the one kind that there is', () => {
    const state = new SeriesState(stageFamily);
    expect(allDurations(state, distribution)).toBeNull();
    state.record(distribution.failure_duration, 900);
    expect(allDurations(state, distribution)?.mean()).toBe(900);
  });
});
