import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { eventFamily } from '../accumulate/families.js';
import { other } from '../accumulate/labels.js';
import { eventsReport } from './events.js';

describe('eventsReport', () => {
  it('counts events by type, component, operation and all three', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(eventFamily, ['timeout', 'search', 'embed'], { events: 2, duration: [100, 300] });
    fleet.one.count(eventFamily, ['timeout', 'chat', 'call'], { events: 1 });
    fleet.one.count(eventFamily, ['cache_hit', 'search', 'find'], { events: 5 });
    const answer = await fleet.ask(eventsReport);
    const counts = (map: Record<string, { count: number }>) =>
      Object.entries(map).map(([name, { count }]) => `${name} ${count}`);
    expect(answer.total_events).toBe(8);
    expect(counts(answer.by_type)).toEqual(['cache_hit 5', 'timeout 3']);
    expect(counts(answer.by_component)).toEqual(['search 7', 'chat 1']);
    expect(counts(answer.by_operation)).toEqual(['find 5', 'embed 2', 'call 1']);
    expect(answer.by_type['timeout']).toMatchObject({ timed_count: 2, avg_duration_ms: 200, max_duration_ms: 300 });
    expect(answer.by_type['cache_hit']).toMatchObject({ timed_count: 0, avg_duration_ms: null });
    expect(answer.events[1]).toMatchObject({ type: 'timeout', component: 'search', operation: 'embed', count: 2 });
  });

  it('adds events beyond the limit up', async () => {
    const fleet = new ReportFleet({ maxSeries: 1 });
    fleet.one.count(eventFamily, ['a', 'x', 'y'], { events: 2 });
    fleet.one.count(eventFamily, ['b', 'x', 'y'], { events: 1 });
    fleet.one.count(eventFamily, ['c', 'x', 'y'], { events: 1 });
    const { by_type, events, total_events } = await fleet.ask(eventsReport);
    expect(by_type[other]!.count).toBe(2);
    expect(events[1]).toMatchObject({ type: other, component: other, operation: other, count: 2 });
    expect(total_events).toBe(4);
  });
});
