import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { queueFamily, sharedQueueFamily } from '../accumulate/families.js';
import { levelName } from '../store/levels.js';
import { queuesReport } from './queues.js';

describe('queuesReport', () => {
  it('answers depth now, on average over the time it was known, and at most', async () => {
    const fleet = new ReportFleet();
    fleet.one.level(queueFamily, ['mail'], 'depth', 10);
    await fleet.pass(30);
    fleet.one.level(queueFamily, ['mail'], 'depth', 40);
    await fleet.pass(10);
    fleet.one.level(queueFamily, ['mail'], 'depth', 4);
    fleet.one.current = { [levelName('queue', 'mail')]: 4 };
    expect((await fleet.ask(queuesReport)).queues).toEqual({
      mail: { current_depth: 4, average_depth: 17.5, max_depth: 40, shared: false },
    });
  });

  it('adds depths of replicas up, and never shows a maximum below what it is now', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    for (const [replica, depth] of [
      [fleet.one, 6],
      [two, 2],
    ] as const) {
      replica.level(queueFamily, ['mail'], 'depth', depth);
      replica.current = { [levelName('queue', 'mail')]: depth };
    }
    await fleet.pass(20);
    expect((await fleet.ask(queuesReport)).queues['mail']).toEqual({
      current_depth: 8,
      average_depth: 8,
      max_depth: 8,
      shared: false,
    });
  });

  it('takes a shared queue as each replica sees it', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    for (const [replica, depth] of [
      [fleet.one, 6],
      [two, 8],
    ] as const) {
      replica.level(sharedQueueFamily, ['jobs'], 'depth', depth);
      replica.current = { [levelName('shared_queue', 'jobs')]: depth };
    }
    await fleet.pass(20);
    expect((await fleet.ask(queuesReport)).queues['jobs']).toEqual({
      current_depth: 8,
      average_depth: 7,
      max_depth: 8,
      shared: true,
    });
  });

  it('answers null for the depth now once the replica that knew it is gone', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    two.level(queueFamily, ['mail'], 'depth', 3);
    two.current = { [levelName('queue', 'mail')]: 3 };
    await fleet.pass(10);
    fleet.kill(two);
    await fleet.pass(10);
    expect((await fleet.ask(queuesReport)).queues['mail']).toMatchObject({ current_depth: null, max_depth: 3 });
  });

  it('averages over the time in which anybody published, however many replicas know the queue and since when', async () => {
    const fleet = new ReportFleet();
    const replicas = [fleet.one, fleet.add('two'), fleet.add('three')];
    await fleet.pass(480);
    for (const replica of replicas) replica.level(queueFamily, ['mail'], 'depth', 10);
    await fleet.pass(120);
    const { queues, series } = await fleet.ask(queuesReport, { window: '10m', points: 5 });
    expect(queues['mail']!.average_depth).toBeCloseTo((30 * 120) / 600, 9);
    expect(series!.at(-1)!.queues['mail']!.average_depth).toBeCloseTo((30 * 115) / 115, 0);
  });

  it('averages a part of the window over the time in which anybody published in it', async () => {
    const fleet = new ReportFleet();
    for (const replica of [fleet.one, fleet.add('two')]) replica.level(queueFamily, ['mail'], 'depth', 4);
    await fleet.pass(55);
    const { series } = await fleet.ask(queuesReport, { window: '5m', points: 2 });
    expect(series!.map(({ queues }) => queues['mail']?.average_depth)).toEqual([undefined, 8]);
  });

  it('shows a queue that is recorded both as shared and not under two names, with all that was recorded', async () => {
    const fleet = new ReportFleet();
    const two = fleet.add('two');
    fleet.one.level(queueFamily, ['jobs'], 'depth', 3);
    fleet.one.current = { [levelName('queue', 'jobs')]: 3 };
    two.level(sharedQueueFamily, ['jobs'], 'depth', 9);
    two.current = { [levelName('shared_queue', 'jobs')]: 9 };
    await fleet.pass(10);
    const { queues } = await fleet.ask(queuesReport);
    expect(queues).toMatchObject({
      jobs: { current_depth: 9, max_depth: 9, shared: true },
      'jobs (per replica)': { current_depth: 3, max_depth: 3, shared: false },
    });
    expect(Object.keys(queues)).toHaveLength(2);
  });
});
