import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { cacheFamily } from '../accumulate/families.js';
import { levelName } from '../store/levels.js';
import { cacheReport } from './cache.js';
import { answerHead, answerWindow } from './window-answer.js';

describe('a windowed answer', () => {
  it('counts what all replicas counted, and how many they are', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(cacheFamily, ['pages'], { hits: 3 });
    fleet.add('two').count(cacheFamily, ['pages'], { hits: 4, misses: 3 });
    const answer = await fleet.ask(cacheReport);
    expect(answer.summary).toEqual({ total_requests: 10, cache_hits: 7, cache_misses: 3, hit_rate_percent: 70 });
    expect(answer).toMatchObject({ replicas: 2, replicas_live: 2, complete: true });
  });

  it('is made without reading what replicas said that are gone: in a fleet of short lives they are most', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    await fleet.pass(1);
    fleet.kill(two);
    await fleet.pass(5);
    const read = fleet.store.read.bind(fleet.store);
    let sent: string[] = [];
    fleet.store.read = async (request) => {
      const reply = await read(request);
      sent = reply.beats.map(({ beat }) => beat.name);
      return reply;
    };
    const answer = await fleet.ask(cacheReport, { by: 'replica' });
    expect(sent).toEqual(['one']);
    expect(Object.values(answer.by_replica!)).toMatchObject([{ name: 'one' }]);
  });

  it('lets the event loop run between the parts of a window', async () => {
    const { context } = new ReportFleet();
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    const busy = () => {
      const until = performance.now() + 5;
      while (performance.now() < until);
      return {};
    };
    const { series } = await answerWindow(context, { window: '5m', points: 16 }, { families: [cacheFamily] }, busy);
    clearInterval(ticking);
    expect(series).toHaveLength(16);
    expect(turns).toBeGreaterThan(8);
  });

  it('has the fewer names in a part the more parts there are, and all of them in totals', async () => {
    const fleet = new ReportFleet();
    for (let cache = 0; cache < 30; cache++) fleet.one.count(cacheFamily, [`cache ${cache}`], { hits: cache + 1 });
    const { caches, series } = await fleet.ask(cacheReport, { window: '29m', points: '200' });
    expect(Object.keys(caches)).toHaveLength(30);
    const part = series!.find(({ summary }) => summary.cache_hits > 0)!;
    expect(part.summary.cache_hits).toBe(465);
    const most = Math.floor(4000 / series!.length);
    expect(most).toBeLessThan(30);
    expect(Object.keys(part.caches)).toHaveLength(most + 1);
    expect(part.caches['cache 29']!.cache_hits).toBe(30);
    expect(part.caches['__other__']!.cache_hits).toBe(((30 - most) * (31 - most)) / 2);
  });

  it('has as few names in a part as asked, and the same totals', async () => {
    const fleet = new ReportFleet();
    for (let cache = 0; cache < 5; cache++) fleet.one.count(cacheFamily, [`cache ${cache}`], { hits: cache + 1 });
    const { caches, series } = await fleet.ask(cacheReport, { window: '5m', points: 5, part_names: '1' });
    expect(Object.keys(caches)).toHaveLength(5);
    const part = series!.find(({ summary }) => summary.cache_hits > 0)!;
    expect(part.summary.cache_hits).toBe(15);
    expect(Object.keys(part.caches)).toEqual(['cache 4', '__other__']);
    await expect(fleet.ask(cacheReport, { points: 5, part_names: '0' })).rejects.toThrow(/part_names must be a whole/);
  });

  it('has no series and no replicas unless asked', async () => {
    const answer = await new ReportFleet().ask(cacheReport);
    expect(answer).not.toHaveProperty('series');
    expect(answer).not.toHaveProperty('by_replica');
  });

  it('gives the statistics of each part of the window, which add up to the whole', async () => {
    const fleet = new ReportFleet();
    for (let minute = 0; minute < 4; minute++) {
      fleet.one.count(cacheFamily, ['pages'], { hits: minute + 1 });
      await fleet.pass(60);
    }
    const { series, summary } = await fleet.ask(cacheReport, { window: '4m', points: '4' });
    expect(series).toHaveLength(4);
    expect(series!.map((part) => part.summary.cache_hits)).toEqual([3, 3, 4, 0]);
    expect(series!.map((part) => part.to - part.from)).toEqual([70, 70, 70, 35]);
    expect(summary.cache_hits).toBe(10);
    expect(series![0]!.caches).toEqual({ pages: expect.objectContaining({ cache_hits: 3 }) as object });
  });

  it('tells of each living replica its last minute and its life, and nothing of dead ones', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    two.current = { [levelName('process', 'cpu')]: 130.5 };
    two.summary = {
      last_60s_requests: 5,
      last_60s_average_ms: 12.5,
      last_60s_p95_ms: 20,
      last_60s_error_rate_percent: 0,
      last_60s_llm_calls: 2,
      since_start_requests: 50,
      since_start_operations: 60,
      since_start_llm_calls: 20,
      since_start_tokens: 4000,
      since_start_cost_nano_usd: 1_500_000,
    };
    await fleet.pass(5);
    fleet.kill(fleet.one);
    await fleet.pass(5);
    const { by_replica: replicas } = await fleet.ask(cacheReport, { by: 'replica' });
    expect(replicas).toEqual({
      [two.replica.id]: {
        name: 'two',
        host: two.replica.host,
        pid: process.pid,
        version: '1.2.3',
        started: Date.UTC(2026, 10, 22, 12, 0, 5) / 1000,
        cpu_percent: 130.5,
        last_60s: {
          requests: 5,
          average_response_time_ms: 12.5,
          p95_response_time_ms: 20,
          error_rate_percent: 0,
          llm_calls: 2,
        },
        since_start: {
          requests: 50,
          operations: 60,
          llm_calls: 20,
          total_tokens: 4000,
          total_cost_usd: '0.001500000',
        },
      },
    });
  });

  it('answers null for what a replica of another release does not tell', async () => {
    const fleet = new ReportFleet();
    const { by_replica: replicas } = await fleet.ask(cacheReport, { by: 'replica' });
    expect(replicas![fleet.one.replica.id]).toMatchObject({
      cpu_percent: null,
      last_60s: { requests: null, p95_response_time_ms: null },
      since_start: { llm_calls: null, total_cost_usd: null },
    });
  });
});

describe('answerHead', () => {
  it('is incomplete when there are gaps, and does not know since when there are data in a store that never answered', () => {
    const gaps = [{ from: 1, to: 2, reason: 'store unreachable' }];
    const window = { requested: '1h', from: 0, to: 3600, level: 1, slotSeconds: 120 };
    const head = answerHead({
      window,
      gaps,
      born: null,
      nowMs: 3_600_500,
      replicas: 1,
      live: ['x'],
      beats: [],
      points: [],
      publishedSeconds: 10,
      of: () => {
        throw new Error('not needed');
      },
    });
    expect(head).toEqual({
      timestamp: 3600.5,
      window: { requested: '1h', from: 0, to: 3600, slot_seconds: 120, data_since: null },
      replicas: 1,
      replicas_live: 1,
      complete: false,
      gaps,
    });
  });
});
