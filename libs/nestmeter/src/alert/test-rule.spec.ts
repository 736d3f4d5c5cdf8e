import { type RulePoint, testRule } from './test-rule.js';

const rule = {
  name: 'slow',
  title: 'Slow answers',
  metric: 'response_time_ms',
  thresholds: { warning: 1000 },
} as const;
const points = (...values: (number | null)[]): RulePoint[] => values.map((value, index) => ({ at: index * 10, value }));

describe('testRule', () => {
  it('tells when a rule would fire and end, and with which words', () => {
    const given = { ...rule, forSeconds: 20, keepFiringSeconds: 20 };
    expect(testRule(given, points(1500, 1500, 1200.4, 900, 900, 900))).toEqual({
      changes: [
        { at: 20, change: 'fired', severity: 'warning', text: '[warning] Slow answers detected (1200 ms)' },
        { at: 40, change: 'resolved', severity: 'warning', text: '[warning] Slow answers detected (900 ms)' },
      ],
      state: 'ok',
    });
    expect(testRule(given, points(1500)).state).toBe('pending');
    expect(testRule({ ...rule, minCount: 20 }, [{ at: 0, value: 5000, count: 19 }]).state).toBe('ok');
    expect(testRule({ ...rule, minCount: 20 }, [{ at: 0, value: 5000, count: 20 }]).state).toBe('firing');
  });

  it.each([
    [{ ...rule, forSeconds: -1 }, points(1), 'rule.forSeconds'],
    [{ ...rule, metric: 'nonsense' }, points(1), 'family'],
    [{ name: 'own', check: () => [] }, points(1), 'a rule with a metric'],
    [rule, [{ at: 10, value: 1 }, { at: 5, value: 1 }], 'points.1.at'], // prettier-ignore
  ])('refuses %j with %j', (given, values, message) => {
    expect(() => testRule(given, values)).toThrow(
      expect.objectContaining({ code: 'NM_OPTION_INVALID', message: expect.stringContaining(message) as string }),
    );
  });
});
