import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { stageFamily } from '../accumulate/families.js';
import { stagesReport } from './stages.js';

describe('stagesReport', () => {
  it('answers runs, times, tokens and cost of each stage', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(stageFamily, ['decide'], {
      successes: 3,
      errors: 1,
      success_duration: [10, 20, 30],
      failure_duration: [100],
      tokens: 500,
      runs_with_tokens: 2,
      cost_nano_usd: 1_000_000,
      runs_with_cost: 1,
      cache_hits: 1,
      runs_with_cache: 4,
    });
    fleet.one.count(stageFamily, ['total'], { successes: 2, success_duration: [50, 150] });
    const { stages, stages_count, average_total_ms } = await fleet.ask(stagesReport);
    expect(stages_count).toBe(2);
    expect(average_total_ms).toBe(100);
    expect(stages['decide']).toMatchObject({
      count: 4,
      error_count: 1,
      error_rate_percent: 25,
      total_duration_ms: 160,
      avg_duration_ms: 40,
      min_duration_ms: 10,
      max_duration_ms: 100,
      successful: { avg_duration_ms: 20 },
      total_tokens: 500,
      runs_without_tokens: 2,
      total_cost_usd: '0.001000000',
      runs_without_cost: 3,
      cache_hits: 1,
      cache_hit_rate_percent: 25,
    });
    expect(stages['total']).toMatchObject({
      total_tokens: null,
      runs_without_tokens: 2,
      total_cost_usd: null,
      cache_hit_rate_percent: null,
    });
  });

  it('keeps the mean of the whole pipeline, whichever stages are asked for', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(stageFamily, ['decide'], { successes: 1, success_duration: [10] });
    fleet.one.count(stageFamily, ['total'], { successes: 1, success_duration: [70] });
    const answer = await fleet.ask(stagesReport, { stage: 'decide' });
    expect(Object.keys(answer.stages)).toEqual(['decide']);
    expect(answer.average_total_ms).toBe(70);
  });

  it('answers null for the mean of a pipeline that never ran', async () => {
    expect((await new ReportFleet().ask(stagesReport)).average_total_ms).toBeNull();
  });
});
