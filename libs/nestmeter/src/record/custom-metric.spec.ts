import { Recording } from '../../../../test/fixtures/recording.js';
import { customFamily } from '../accumulate/custom-family.js';
import type { AnyFamily } from '../accumulate/family.js';
import { CustomMetrics, type LabelValues } from './custom-metric.js';

const family = (kind: 'counter' | 'gauge' | 'distribution', name: string, labels: string[] = []): AnyFamily =>
  customFamily(kind, name, { labels, unit: '1', help: '' });

describe('custom metrics', () => {
  let recording: Recording;
  let custom: CustomMetrics;

  beforeEach(() => {
    recording = new Recording();
    custom = new CustomMetrics(recording.recorder);
  });

  afterEach(() => recording.close());

  const refused = (): unknown => recording.recorder.refusals.counts();

  it('count, hold levels and distribute, by labels in the order of their declaration', () => {
    const documents = custom.counter('documents', {
      labels: ['kind', 'lang'],
      unit: 'documents',
      help: 'Documents read',
    });
    documents.add();
    documents.add(4, { lang: 'de', kind: 'pdf' });
    const level = custom.gauge('pool');
    level.set(2.5);
    recording.clock.advance(2000);
    custom.distribution('size', { unit: 'bytes' }).record(100);
    custom.distribution('size').record(300);
    const counter = family('counter', 'documents', ['kind', 'lang']);
    expect(recording.names(counter)).toEqual(['pdf\0de', 'unknown\0unknown']);
    expect(recording.count(counter, ['pdf', 'de'], 'value')).toBe(4);
    expect(recording.state(family('gauge', 'pool'), '')?.gauges[0]).toEqual({
      weighted: 5,
      seconds: 2,
      min: 2.5,
      max: 2.5,
    });
    expect(recording.values(family('distribution', 'size'), [''], 'value')).toEqual({ count: 2, sum: 400 });
  });

  it('are found again by name, and refuse another kind or other labels', () => {
    custom.counter('jobs', { labels: ['kind'] }).add(1, { kind: 'a' });
    custom.counter('jobs').add(1, { kind: 'a' });
    custom.counter('jobs', { labels: ['kind'] }).add(1, { kind: 'a' });
    expect(recording.count(family('counter', 'jobs', ['kind']), ['a'], 'value')).toBe(3);
    const wrong = expect.objectContaining({ code: 'NM_NAME_INVALID' });
    expect(() => custom.gauge('jobs')).toThrow(wrong as Error);
    expect(() => custom.counter('jobs', { labels: ['other'] })).toThrow(wrong as Error);
    expect(() => custom.counter('jobs', { labels: [] })).toThrow(wrong as Error);
  });

  it.each(['', '1a', '__a', 'a b', 'a-b', '__proto__', 'a'.repeat(101), 'ä', 5, undefined, null])(
    'refuse the name %p, for themselves and for labels',
    (name) => {
      expect(() => custom.counter(name as string)).toThrow('must be');
      expect(() => custom.counter('fine', { labels: [name as string] })).toThrow('must be');
    },
  );

  it('may have eight different labels each, and be 64', () => {
    const labels = Array.from({ length: 8 }, (_, index) => `label${index}`);
    custom.counter('wide', { labels });
    expect(() => custom.counter('wider', { labels: [...labels, 'label8'] })).toThrow('at most 8');
    expect(() => custom.counter('twice', { labels: ['a', 'a'] })).toThrow('different');
    for (let index = 1; index < 64; index++) custom.gauge(`metric${index}`);
    expect(() => custom.gauge('metric64')).toThrow('at most 64');
    expect(() => custom.gauge('metric63')).not.toThrow();
  });

  it('keep label values as plain data, inherited ones left out', () => {
    const counter = custom.counter('jobs', { labels: ['constructor', 'a'] });
    counter.add(1, { a: '__proto__' });
    counter.add(1, { a: 7, constructor: true });
    counter.add(1, { a: Symbol('x') } as unknown as LabelValues);
    expect(recording.names(family('counter', 'jobs', ['constructor', 'a']))).toEqual([
      'true\x007',
      'unknown\0__proto__',
      'unknown\0unknown',
    ]);
  });

  it('are capped at 1000 series each, and the totals add up', () => {
    const counter = custom.counter('jobs', { labels: ['id'] });
    for (let id = 0; id < 1500; id++) counter.add(2, { id });
    const jobs = family('counter', 'jobs', ['id']);
    const names = recording.names(jobs);
    expect(names.length).toBeLessThanOrEqual(1001);
    expect(names.reduce((sum, name) => sum + recording.count(jobs, [name], 'value'), 0)).toBe(3000);
  });

  it.each([Number.NaN, -1, Infinity, 1e308, '12', null, 12n])('refuse the value %p', (value) => {
    const bad = value as number;
    custom.counter('c').add(bad);
    custom.gauge('g').set(bad);
    custom.distribution('d').record(bad);
    expect(refused()).toEqual({ 'c.add': 1, 'g.set': 1, 'd.record': 1 });
    for (const [kind, name] of [
      ['counter', 'c'],
      ['gauge', 'g'],
      ['distribution', 'd'],
    ] as const)
      // prettier-ignore
      expect(recording.names(family(kind, name))).toEqual([]);
  });

  it('refuse a count that is not whole, and survive labels that are no object', () => {
    custom.counter('c', { labels: ['a'] }).add(1.5);
    custom.counter('c').add(1, null as unknown as LabelValues);
    expect(refused()).toEqual({ 'c.add': 1, 'failed.c': 1 });
  });
});
