import { Recording } from '../../../../test/fixtures/recording.js';
import { cacheFamily, eventFamily, queueFamily, sharedQueueFamily, stageFamily } from '../accumulate/families.js';
import { recordCache, recordError, recordEvent, recordQueueDepth, recordStage, type StageRecord } from './by-hand.js';

describe('recording by hand', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording();
  });

  afterEach(() => recording.close());

  const refused = (): unknown => recording.recorder.refusals.counts();

  describe('a stage', () => {
    const stage = (ms: unknown, record: Partial<Record<keyof StageRecord, unknown>> = {}): void =>
      recordStage(recording.recorder, 'classify', ms as number, { success: true, ...record } as StageRecord);
    const count = (counter: string): number => recording.count(stageFamily, ['classify'], counter);

    it('counts runs by success, with what each told', () => {
      stage(10, { tokens: 40, costUsd: '0.000001', cacheHit: true });
      stage(20, { success: false, cacheHit: false });
      stage(0);
      expect([count('successes'), count('errors')]).toEqual([2, 1]);
      expect([count('tokens'), count('runs_with_tokens')]).toEqual([40, 1]);
      expect([count('cost_nano_usd'), count('runs_with_cost')]).toEqual([1000, 1]);
      expect([count('cache_hits'), count('runs_with_cache')]).toEqual([1, 2]);
      expect(recording.values(stageFamily, ['classify'], 'success_duration')).toEqual({ count: 2, sum: 10_000 });
      expect(recording.values(stageFamily, ['classify'], 'failure_duration')).toEqual({ count: 1, sum: 20_000 });
    });

    it.each([Number.NaN, -1, Infinity, 1e308, '12', null, undefined, 12n])('is refused for a duration of %p', (ms) => {
      stage(ms);
      expect(recording.names(stageFamily)).toEqual([]);
      expect(refused()).toEqual({ 'stage.ms': 1 });
    });

    it.each([Number.NaN, -1, Infinity, 1e308, 'free', 12n, {}])('takes %p tokens and USD as unknown', (value) => {
      stage(5, { tokens: value, costUsd: value });
      expect([count('successes'), count('runs_with_tokens'), count('runs_with_cost'), count('tokens')]).toEqual([1, 0, 0, 0]); // prettier-ignore
      expect(refused()).toEqual({ 'stage.tokens': 1, 'stage.costUsd': 1 });
    });

    it('takes null as unknown without a word', () => {
      stage(5, { tokens: null, costUsd: null, cacheHit: null });
      expect([count('runs_with_tokens'), count('runs_with_cost'), count('runs_with_cache')]).toEqual([0, 0, 0]);
      expect(refused()).toEqual({});
    });
  });

  describe('an event', () => {
    const labels = ['timeout', 'search', 'query'];
    const event = { type: 'timeout', component: 'search', operation: 'query' };

    it('counts by type, component and operation, with a duration where there is one', () => {
      recordEvent(recording.recorder, { ...event, durationMs: 12 });
      recordEvent(recording.recorder, { ...event, metadata: { id: 'x' } });
      expect(recording.count(eventFamily, labels, 'events')).toBe(2);
      expect(recording.values(eventFamily, labels, 'duration')).toEqual({ count: 1, sum: 12_000 });
    });

    it('with a bad duration is counted without one', () => {
      recordEvent(recording.recorder, { ...event, durationMs: -1 });
      expect(recording.count(eventFamily, labels, 'events')).toBe(1);
      expect(recording.values(eventFamily, labels, 'duration')).toBeUndefined();
      expect(refused()).toEqual({ 'event.durationMs': 1 });
    });

    it('keeps its types within the cap, and the totals add up', () => {
      for (let index = 0; index < 1500; index++) recordEvent(recording.recorder, { ...event, type: `t${index}` });
      const names = recording.names(eventFamily);
      expect(names.length).toBeLessThanOrEqual(1001);
      const total = names.reduce((sum, key) => sum + recording.count(eventFamily, key.split('\0'), 'events'), 0);
      expect(total).toBe(1500);
    });

    it('of an error tells where and of which category, nothing else', () => {
      recordError(recording.recorder, 'worker', new TypeError('secret'), 5);
      recordError(recording.recorder, 'worker', Object.assign(new Error('no'), { status: 404, getStatus: () => 404 }));
      expect(recording.names(eventFamily)).toEqual(['error\0worker\0application', 'error\0worker\0not_found']);
      expect(recording.values(eventFamily, ['error', 'worker', 'application'], 'duration')?.sum).toBe(5000);
    });
  });

  it('a cache counts hits and misses by name', () => {
    for (const hit of [true, false, true]) recordCache(recording.recorder, 'answers', hit);
    expect(recording.count(cacheFamily, ['answers'], 'hits')).toBe(2);
    expect(recording.count(cacheFamily, ['answers'], 'misses')).toBe(1);
  });

  describe('the depth of a queue', () => {
    const depth = (family = queueFamily) => recording.state(family, 'jobs')?.gauges[family.gauge.depth];

    it('holds until the next one', () => {
      recordQueueDepth(recording.recorder, 'jobs', 4, false);
      recording.clock.advance(3000);
      recordQueueDepth(recording.recorder, 'jobs', 10, false);
      recording.clock.advance(1000);
      expect(depth()).toEqual({ weighted: 22, seconds: 4, min: 4, max: 10 });
    });

    it('of a shared queue is kept apart, since it does not add up over replicas', () => {
      recordQueueDepth(recording.recorder, 'jobs', 4, true);
      recording.clock.advance(1000);
      expect(depth()).toBeUndefined();
      expect(depth(sharedQueueFamily as unknown as typeof queueFamily)?.weighted).toBe(4);
    });

    it.each([Number.NaN, -1, Infinity, 1e308, '12', null, 12n])(
      'is refused if it is %p, and the last one holds',
      (bad) => {
        recordQueueDepth(recording.recorder, 'jobs', 4, false);
        recordQueueDepth(recording.recorder, 'jobs', bad as number, false);
        recording.clock.advance(1000);
        expect(depth()).toEqual({ weighted: 4, seconds: 1, min: 4, max: 4 });
        expect(refused()).toEqual({ 'queue.depth': 1 });
      },
    );
  });
});
