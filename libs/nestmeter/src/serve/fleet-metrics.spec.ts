import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { builtInFamilies, processFamily, queueFamily } from '../accumulate/families.js';
import { memoryReport } from '../report/memory.js';
import { queuesReport } from '../report/queues.js';
import { fleetMetrics } from './fleet-metrics.js';
import { metricsAsJson } from './metrics-json.js';
import type { MonitorView } from './monitor-view.js';

interface FamilyJson {
  name: string;
  series: { gauges: Record<string, { average: number }> }[];
}

describe('metrics of the fleet', () => {
  it('have the same means of levels as the reports', async () => {
    const fleet = new ReportFleet();
    const replicas = [fleet.one, fleet.add('two'), fleet.add('three')];
    for (const replica of replicas) replica.level(processFamily, [], 'heap_used', 64 * 2 ** 20);
    await fleet.pass(90);
    for (const replica of replicas) replica.level(queueFamily, ['mail'], 'depth', 10);
    await fleet.pass(60);
    const query = { window: '1h' };
    const view = {
      fleetFamilies: async () => builtInFamilies,
      window: (request: Parameters<MonitorView['window']>[0]) => fleet.context.read(request),
      clock: fleet.clock,
      prometheus: { registry: null, semconv: 'released', le: {} },
    } as unknown as MonitorView;
    const depth = (await fleet.ask(queuesReport, query)).queues['mail']!.average_depth!;
    const heap = (await fleet.ask(memoryReport, query)).trends.average_heap_mb!;
    expect([depth, heap]).toEqual([(30 * 60) / 150, 3 * 64]);

    const text = await (await fleetMetrics(view, query)).metrics();
    const exposed = (name: string) =>
      Number(new RegExp(`^nestmeter_fleet_${name}\\{.*statistic="average".*\\} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(exposed('queue_depth')).toBeCloseTo(depth, 9);
    const { families } = (await metricsAsJson(view, 'fleet', query)) as { families: FamilyJson[] };
    const gauges = (name: string) => families.find((family) => family.name === name)!.series[0]!.gauges;
    expect(gauges('queue')['depth']!.average).toBeCloseTo(depth, 9);
    expect(gauges('process')['heap_used']!.average / 2 ** 20).toBeCloseTo(heap, 9);
  });
});
