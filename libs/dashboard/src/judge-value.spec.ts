import type { Rule } from './api/answers.js';
import { crosses, judge, targetOf } from './judge-value.js';

const rule = (given: Partial<Rule>): Rule => ({
  name: 'error_rate',
  state: 'ok',
  reason: null,
  title: 'High error rate',
  category: 'errors',
  metric: 'error_rate_percent',
  unit: '%',
  relative_to: null,
  comparison: '>',
  thresholds: { warning: 5, critical: 10 },
  target: 1,
  window_seconds: 300,
  for_seconds: 0,
  ...given,
});

describe('a judgement', () => {
  it('is that of the gravest threshold that is crossed', () => {
    expect([0.5, 5, 5.1, 11].map((value) => judge([rule({})], 'error_rate_percent', value))).toEqual([
      'plain',
      'plain',
      'warn',
      'bad',
    ]);
  });

  it('knows rules for which less is worse', () => {
    const success = rule({ metric: 'success_rate_percent', comparison: '<', thresholds: { warning: 90 } });
    expect(judge([success], 'success_rate_percent', 89)).toBe('warn');
    expect(judge([success], 'success_rate_percent', 90)).toBe('plain');
  });

  it('says nothing of unknown values, of other metrics and by rules that do not watch', () => {
    expect(judge([rule({})], 'error_rate_percent', null)).toBe('plain');
    expect(judge([rule({})], 'response_time_ms', 99_999)).toBe('plain');
    expect(judge([rule({ state: 'inactive' })], 'error_rate_percent', 50)).toBe('plain');
  });

  it('does not take a rule on how a value changed for one on the value', () => {
    const rise = rule({
      metric: 'response_time_ms',
      unit: '%',
      relative_to: 'previous_window',
      thresholds: { info: 150 },
    });
    expect(judge([rise], 'response_time_ms', 900)).toBe('plain');
  });

  it('compares as the rule says', () => {
    expect([crosses(5, '>', 5), crosses(5, '>=', 5), crosses(5, '<', 5), crosses(5, '<=', 5)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('knows what to aim at', () => {
    expect(targetOf([rule({ target: null }), rule({})], 'error_rate_percent')).toBe(1);
    expect(targetOf([], 'error_rate_percent')).toBeNull();
  });
});
