import { NestmeterError } from '../errors.js';
import { problemOf } from '../option-problem.js';
import { optionsSchema } from '../options.js';
import { readPatch } from './read-patch.js';

const rules = { schemas: optionsSchema.shape, problemOf };
const read = (patch: unknown) => readPatch(patch, rules);

function refusal(patch: unknown): string {
  try {
    read(patch);
  } catch (error) {
    if (error instanceof NestmeterError && error.code === 'NM_CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('it must be refused');
}

describe('a change of the configuration', () => {
  it('is a value for each place', () => {
    const patch = {
      daily_token_limit: null,
      publish_interval_ms: 500,
      alert_evaluation_interval_seconds: 30,
      operation_thresholds_ms: { 'GET /a.b': 5, old: null },
      rate_limits: { reads_per_minute: 5 },
      exclude: ['/internal/*'],
    };
    expect(read(patch)).toEqual([
      [['daily_token_limit'], null],
      [['publish_interval_ms'], 500],
      [['alert_evaluation_interval_seconds'], 30],
      [['operation_thresholds_ms', 'GET /a.b'], 5],
      [['operation_thresholds_ms', 'old'], undefined],
      [['rate_limits', 'reads_per_minute'], 5],
      [['exclude'], ['/internal/*']],
    ]);
  });

  it('has one target for all endpoints as the entry `default`', () => {
    expect(read({ apdex_ms: 300 })).toEqual([[['apdex_ms', 'default'], 300]]);
    expect(read({ apdex_ms: { 'POST /chat': 900 } })).toEqual([[['apdex_ms', 'POST /chat'], 900]]);
  });

  it('tells thresholds apart by metric, statistic, filter and severity', () => {
    const thresholds = [
      { metric: 'error_rate_percent', threshold: 7 },
      { metric: 'error_rate_percent', threshold: 8, severity: 'medium', comparison: '>=', filter: {} },
      { metric: 'error_rate_percent', threshold: 9, severity: 'critical' },
      { metric: 'error_rate_percent', threshold: 3, filter: { method: 'GET', route: '/a' } },
      { metric: 'error_rate_percent', threshold: 4, filter: { route: '/a', method: 'GET' }, statistic: null },
    ];
    const values = read({ alert_thresholds: thresholds }).map(([, value]) => value as Record<string, unknown>);
    expect(values.map(({ threshold, severity, comparison }) => [threshold, severity, comparison])).toEqual([
      [8, 'warning', '>='],
      [9, 'critical', '>'],
      [4, 'warning', '>'],
    ]);
  });

  it('takes a threshold back with null', () => {
    const [[path, value]] = read({ alert_thresholds: [{ metric: 'a', threshold: null }] }) as [[unknown, unknown]];
    expect([path, value]).toEqual([['alert_thresholds', '["a",null,[],"warning"]'], undefined]);
  });

  it('is refused with every wrong field named at once, and no secret repeated', () => {
    const message = refusal({
      publish_interval_ms: 1,
      sample_interval_ms: 'often',
      operation_thresholds_ms: { fine: 10, slow: -1, [`__proto__`.padEnd(10, 'x')]: 5 },
      apdex_ms: { 'POST /chat': 0 },
      rate_limits: { reads_per_minute: 0, readsPerMinute: 5, other: 1 },
      exclude: [5],
      alert_thresholds: [
        { metric: 'a', threshold: 'high' },
        { threshold: 5, severity: 'awful', comparison: '=' },
      ],
      alert_evaluation_interval_seconds: 601,
      alerts: { evaluation_interval_seconds: 30 },
      redis: 'redis://user:hunter2@host',
      nothing: 1,
    });
    const lines = message.split('\n').filter((line) => line.startsWith('- '));
    const fields = lines.map((line) => /^- (\S+( \/chat)?) must be/.exec(line)?.[1]);
    expect(fields).toEqual([
      'publish_interval_ms',
      'sample_interval_ms',
      'operation_thresholds_ms.slow',
      'operation_thresholds_ms',
      'apdex_ms.POST /chat',
      'rate_limits.reads_per_minute',
      'rate_limits.readsPerMinute',
      'rate_limits.other',
      'exclude.0',
      'alert_thresholds.0.threshold',
      'alert_thresholds.1.metric',
      'alert_thresholds.1.comparison',
      'alert_thresholds.1.severity',
      'alert_evaluation_interval_seconds',
      'alerts',
      'redis',
      'nothing',
    ]);
    expect(message).toContain('publish_interval_ms must be at least 200, got 1.');
    expect(message).toContain('alert_evaluation_interval_seconds must be at most 600, got 601.');
    expect(message).toContain('redis must be left out, since it can be set in code only, got "(given)".');
    expect(message).not.toContain('hunter2');
  });

  it.each([
    ['a list', []],
    ['nothing', undefined],
    ['null', null],
    ['a number that is not finite', { daily_token_limit: NaN }],
    ['an infinite threshold', { alert_thresholds: [{ metric: 'a', threshold: -Infinity }] }],
    ['a big integer', { daily_token_limit: 5n }],
    ['a name of objects', JSON.parse('{"__proto__": {"daily_token_limit": 5}}')],
    ['such a name inside', JSON.parse('{"operation_thresholds_ms": {"__proto__": 5}}')],
    ['another such name', { constructor: 5 }],
    ['a regular expression', { exclude: [/a/] }],
    ['an object in place of a list', { alert_thresholds: {} }],
    ['a list in place of an object', { operation_thresholds_ms: [5] }],
    ['null where no null may be', { publish_interval_ms: null }],
    ['null where no null may be in a group', { alert_evaluation_interval_seconds: null }],
    ['evaluations that are too frequent', { alert_evaluation_interval_seconds: 4 }],
    ['a fraction of a second', { alert_evaluation_interval_seconds: 7.5 }],
    ['the spelling of code', { publishIntervalMs: 500 }],
    ['too many thresholds', { alert_thresholds: Array.from({ length: 201 }, (_, at) => ({ metric: `m${at}`, threshold: 1 })) }], // prettier-ignore
    ['a long name', { operation_thresholds_ms: { ['x'.repeat(192)]: 5 } }],
  ])('is refused when it is or has %s', (_, patch) => {
    expect(refusal(patch)).toContain(' must be ');
  });

  it('is refused when no rule can be made of a threshold', () => {
    const thresholdRule = ({ metric }: { metric: string }) => (metric === 'known' ? null : 'of a known metric');
    const withRule = (metric: string) => () =>
      readPatch({ alert_thresholds: [{ metric, threshold: 1 }] }, { ...rules, thresholdRule });
    expect(withRule('known')).not.toThrow();
    expect(withRule('other')).toThrow('alert_thresholds.0 must be of a known metric');
  });
});
