import { type FleetReplica, ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { processFamily } from '../accumulate/families.js';
import type { AnyFamily } from '../accumulate/family.js';
import { levelName } from '../store/levels.js';
import { memoryReport } from './memory.js';

const mebibyte = 2 ** 20;
const family = processFamily as AnyFamily;

const heap = (replica: FleetReplica, size: number) => replica.level(family, [], 'heap_used', size * mebibyte);
const pressure = (replica: FleetReplica, percent: number) => replica.level(family, [], 'memory_pressure', percent);

function levels(sizes: Readonly<Record<string, number>>, percent: number): Record<string, number> {
  const entries = Object.entries(sizes).map(([name, size]) => [levelName('process', name), size * mebibyte]);
  return { ...Object.fromEntries(entries), [levelName('process', 'memory_pressure')]: percent } as never;
}

describe('memoryReport', () => {
  it('adds sizes of living replicas up and takes the highest pressure', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    fleet.one.current = levels({ heap_used: 100, rss: 300.5, stack_used: 1 }, 40);
    two.current = levels({ heap_used: 50, rss: 200 }, 85.5);
    fleet.one.count(family, [], { page_faults: 7 });
    two.count(family, [], { page_faults: 5 });
    const { current, by_replica: replicas, alerts } = await fleet.ask(memoryReport);
    expect(current).toEqual({
      heap_used_mb: 150,
      heap_total_mb: null,
      rss_mb: 500.5,
      external_mb: null,
      array_buffers_mb: null,
      stack_used_mb: 1,
      anonymous_mb: null,
      file_cache_mb: null,
      shared_mb: null,
      memory_pressure_percent: 85.5,
      page_faults: 12,
    });
    expect(replicas[two.replica.id]).toMatchObject({ name: 'two', heap_used_mb: 50, memory_pressure_percent: 85.5 });
    expect(alerts).toEqual([]);
    await fleet.pass(5);
    fleet.kill(two);
    await fleet.pass(10);
    const later = await fleet.ask(memoryReport);
    expect(later.current).toMatchObject({ heap_used_mb: 100, memory_pressure_percent: 40, page_faults: 12 });
    expect(Object.keys(later.by_replica)).toEqual([fleet.one.replica.id]);
  });

  it('answers the exact mean and extremes of one replica over the time that it was there', async () => {
    const fleet = new ReportFleet();
    heap(fleet.one, 100);
    await fleet.pass(30);
    heap(fleet.one, 300);
    await fleet.pass(10);
    heap(fleet.one, 50);
    const { trends, window } = await fleet.ask(memoryReport);
    expect(window.requested).toBe('24h');
    expect(trends).toMatchObject({ average_heap_mb: 150, min_heap_mb: 50, max_heap_mb: 300 });
    expect(trends.hours_analyzed).toBeCloseTo(24, 0);
  });

  it('sums the heap of several replicas', async () => {
    const fleet = new ReportFleet();
    for (const replica of [fleet.one, fleet.add('two')]) heap(replica, 100);
    await fleet.pass(55);
    const { trends, series } = await fleet.ask(memoryReport, { window: '60s', points: 6 });
    expect(series!.at(-1)!.heap_used_mb).toBe(200);
    expect(trends.max_heap_mb).toBe(200);
  });

  it.each([
    ['rising', 0.1],
    ['stable', 0.02],
    ['falling', -0.1],
    ['stable', 0],
  ])('calls pressure %s that changes by %d of its mean per hour', async (trend, perHour) => {
    const fleet = new ReportFleet();
    for (let minute = 0; minute < 8; minute++) {
      pressure(fleet.one, 50 + (minute - 4) * (perHour / 60) * 50);
      await fleet.pass(60);
    }
    const { trends } = await fleet.ask(memoryReport, { window: '8m' });
    expect(trends.pressure_trend).toBe(trend);
  });

  it('knows no trend of a pressure that nobody measured', async () => {
    expect((await new ReportFleet().ask(memoryReport)).trends).toMatchObject({
      average_heap_mb: null,
      min_heap_mb: null,
      max_heap_mb: null,
      pressure_trend: null,
    });
  });
});
