import { defaultRules } from './default-rules.js';
import { builtInFamilies } from '../accumulate/families.js';
import { type PostedThreshold, thresholdProblem, withThresholds } from './posted-threshold.js';
import { levelsOf } from './rule.js';

const rules = defaultRules({ dailyCostUsd: null, monthlyCostUsd: null });

function put(...given: (Partial<PostedThreshold> & Pick<PostedThreshold, 'metric'>)[]) {
  const rejected: string[] = [];
  const thresholds = given.map((one): PostedThreshold => ({
    comparison: '>',
    threshold: 7,
    severity: 'warning',
    ...one,
  }));
  const all = withThresholds(rules, thresholds, ({ metric }, reason) => rejected.push(`${metric} ${reason}`));
  const named = (name: string) => all.find((rule) => rule.name === name)!;
  return { all, named, rejected };
}

describe('a posted threshold', () => {
  it('replaces that of the rule with the same metric and severity, and no other', () => {
    const { all, named } = put({ metric: 'error_rate_percent' });
    expect(levelsOf(named('error_rate'))).toEqual([
      { severity: 'warning', threshold: 7 },
      { severity: 'critical', threshold: 10 },
    ]);
    expect(all).toHaveLength(rules.length);
    expect(levelsOf(rules.find(({ name }) => name === 'error_rate')!)[0]!.threshold).toBe(5);
  });

  it('adds its severity to a rule that lacks it', () => {
    const { named } = put({ metric: 'queue_depth', severity: 'critical', threshold: 500 });
    expect(levelsOf(named('queue_depth')).map(({ threshold }) => threshold)).toEqual([100, 500]);
  });

  it('stands in the place of one that compares the other way', () => {
    const { named } = put({ metric: 'success_rate_percent', comparison: '<=' });
    expect(levelsOf(named('success_rate'))).toEqual([{ severity: 'critical', threshold: 80 }]);
    expect(named('success_rate_percent_set')).toMatchObject({ comparison: '<=', thresholds: { warning: 7 } });
  });

  it('becomes a rule of its own where statistic or filter differ', () => {
    const { named, all } = put(
      { metric: 'response_time_ms', statistic: 'p99' },
      { metric: 'response_time_ms', statistic: 'p95', filter: { route: '/a' } },
      { metric: 'response_time_ms', statistic: 'p95' },
    );
    expect(all).toHaveLength(rules.length + 2);
    expect(named('response_time_ms_set')).toMatchObject({ statistic: 'p99' });
    expect(named('response_time_ms_set_2')).toMatchObject({ filter: { route: '/a' } });
    expect(levelsOf(named('response_time'))[0]!.threshold).toBe(7);
  });

  it('takes the names of answers, and metrics of a family', () => {
    const { named } = put({ metric: 'memory_pressure' }, { metric: 'custom.jobs.value' });
    expect(levelsOf(named('memory_pressure'))[0]!.threshold).toBe(7);
    expect(named('custom_jobs_value_set')).toMatchObject({ family: 'custom.jobs', metric: 'value' });
  });

  it('is left out and told of when nothing goes by its metric', () => {
    const { all, rejected } = put({ metric: 'nonsense' });
    expect(all).toHaveLength(rules.length);
    expect(rejected).toEqual([expect.stringContaining('nonsense must be given a family')]);
  });

  it.each([
    [{ metric: 'error_rate_percent' }, null],
    [{ metric: 'endpoint.response_time_ms', statistic: 'p99', filter: { route: '/a' } }, null],
    [{ metric: 'custom.not_yet.value' }, null],
    [{ metric: 'memory_pressure_percent' }, null],
    [{ metric: 'nonsense' }, expect.stringContaining('family')],
    [{ metric: 'endpont.requests' }, 'on something that is measured: nothing measures endpont'],
    [{ metric: 'endpoint.reqests' }, 'on something that is measured: endpoint has no metric reqests'],
    [{ metric: 'error_rate_percent', filter: { host: 'a' } }, 'on something that is measured: endpoint has no label host'], // prettier-ignore
    [
      { metric: 'memory_pressure_percent', filter: { replica: 'a' } },
      'given without filter: this metric has no series',
    ],
    [{ metric: 'error_rate_percent', statistic: 'p77' }, expect.stringContaining('statistic')],
  ])('%j is judged before it is posted: %s', (threshold, problem) => {
    const given: PostedThreshold = { comparison: '>', threshold: 1, severity: 'warning', ...threshold };
    expect(thresholdProblem(rules, given, builtInFamilies)).toEqual(problem);
  });
});
