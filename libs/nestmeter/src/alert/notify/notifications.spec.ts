import { channelThat, ToldFleet } from '../../../../../test/fixtures/told-fleet.js';
import type { FindingInput } from '../check.js';
import type { AlertMessage } from './message.js';

describe('a channel', () => {
  it('hears once that an alert fires and once that it ends', async () => {
    const fleet = new ToldFleet();
    fleet.find('critical');
    await fleet.pass(60);
    fleet.find();
    await fleet.pass(60);
    expect(fleet.heard).toEqual(['fired critical', 'resolved critical']);
    const [fired, resolved] = fleet.told.map(({ alerts }) => alerts[0]!);
    expect(resolved!.id).toBe(fired!.id);
    expect(fired).toMatchObject({ state: 'firing', text: '[critical] Errors detected (7) for 0', ended: null });
    expect(resolved).toMatchObject({ state: 'resolved', ended: expect.any(Number) as number });
    expect(new Set(fleet.told.map(({ id }) => id)).size).toBe(2);
  });

  it('gets the changes of one evaluation as one message, and more than ten as a digest of the gravest', async () => {
    const fleet = new ToldFleet();
    fleet.find('low', 'critical', 'warning');
    await fleet.pass(10);
    expect(fleet.heard).toEqual(['fired critical', 'fired warning', 'fired low']);
    fleet.find(...Array<'low'>(40).fill('low'), 'high');
    await fleet.pass(10);
    const [, digest] = fleet.told;
    expect(digest).toMatchObject({ kind: 'digest', omitted: 28, counts: { fired: 38 } });
    expect(digest!.alerts[0]).toMatchObject({ severity: 'high' });
    fleet.find();
    await fleet.pass(10);
    expect(fleet.told[2]!.counts).toEqual({ resolved: 41 });
  });

  it('hears of one that fires again only after the cooldown, if it still fires then', async () => {
    const fleet = new ToldFleet();
    fleet.find('warning');
    await fleet.pass(10);
    fleet.find();
    await fleet.pass(10);
    fleet.find('warning');
    await fleet.pass(20);
    fleet.find();
    await fleet.pass(10);
    expect(fleet.heard).toEqual(['fired warning', 'resolved warning']);
    fleet.find('warning');
    await fleet.pass(250);
    expect(fleet.heard).toHaveLength(2);
    await fleet.pass(30);
    expect(fleet.heard).toEqual(['fired warning', 'resolved warning', 'fired warning']);
  });

  it('hears at once of what is graver than anything it heard, and after the cooldown of what is milder', async () => {
    const fleet = new ToldFleet();
    fleet.find('warning');
    await fleet.pass(10);
    fleet.find('critical');
    await fleet.pass(10);
    expect(fleet.heard).toEqual(['fired warning', 'escalated critical']);
    fleet.find('warning');
    await fleet.pass(280);
    expect(fleet.heard).toHaveLength(2);
    await fleet.pass(30);
    expect(fleet.heard.slice(2)).toEqual(['eased warning']);
  });

  it('hears of an end whatever the cooldown, a silence or somebody who takes care', async () => {
    for (const quiet of ['nothing', 'silence', 'acknowledgement']) {
      const fleet = new ToldFleet({ cooldownSeconds: 86_400 });
      fleet.find('warning');
      await fleet.pass(10);
      const { id } = (await fleet.now()).active[0]!;
      if (quiet === 'silence') await fleet.one.alerts.silence({ matchers: { rule: '*' }, minutes: 60, why: '' }, 'ann');
      if (quiet === 'acknowledgement') await fleet.one.alerts.acknowledge(id, 'ann', '');
      fleet.find('critical');
      await fleet.pass(20);
      fleet.find();
      await fleet.pass(10);
      const between = quiet === 'nothing' ? ['escalated critical'] : [];
      expect(fleet.heard).toEqual(['fired warning', ...between, 'resolved critical']);
    }
  });

  it('hears nothing of what is silenced, and hears it when the silence ends and it still fires', async () => {
    const fleet = new ToldFleet();
    const until = fleet.fleet.clock.wallMs() / 1000 + 120;
    await fleet.one.alerts.silence({ matchers: { of: '0' }, until, why: '' }, 'ann');
    fleet.find('warning', 'low');
    await fleet.pass(60);
    expect(fleet.heard).toEqual(['fired low']);
    await fleet.pass(70);
    expect(fleet.heard).toEqual(['fired low', 'fired warning']);
    await fleet.one.alerts.silence({ matchers: { of: '2' }, minutes: 60, why: '' }, 'ann');
    fleet.findings = [{ severity: 'high', labels: { of: '2' } }];
    await fleet.pass(10);
    fleet.find();
    await fleet.pass(10);
    expect(fleet.heard.slice(2)).toEqual(['resolved warning', 'resolved low']);
  });

  it('hears only of what its severity and filter let through, and of the end and easing of that', async () => {
    const told: string[] = [];
    const send = ({ alerts }: AlertMessage) =>
      void told.push(...alerts.map(({ change, severity, labels }) => `${change} ${severity} ${labels['of']}`));
    const fleet = new ToldFleet({ cooldownSeconds: 0 }, [
      { name: 'ops', kind: 'function', send, minSeverity: 'high', filter: { of: '1*' } },
    ]);
    const found = (severity: FindingInput['severity'], ...of: string[]) =>
      (fleet.findings = of.map((name) => ({ severity, labels: { of: name } })));
    found('critical', '2', '10');
    await fleet.pass(10);
    found('low', '2', '10', '11');
    await fleet.pass(10);
    found('low');
    await fleet.pass(10);
    expect(told).toEqual(['fired critical 10', 'eased low 10', 'resolved low 10']);
  });

  it('hears of a flapping metric at most one pair in each time that it is held', async () => {
    const fleet = new ToldFleet({ keepFiringSeconds: 60, cooldownSeconds: 0 });
    for (let round = 0; round < 30; round++) {
      fleet.find(...(round % 2 === 0 ? (['warning'] as const) : []));
      await fleet.pass(10);
    }
    expect(fleet.heard).toEqual(['fired warning']);
    fleet.find();
    await fleet.pass(70);
    expect(fleet.heard).toEqual(['fired warning', 'resolved warning']);
  });

  it('that is new hears of what fires already', async () => {
    const fleet = new ToldFleet({}, []);
    fleet.find('warning');
    await fleet.pass(30);
    const late = channelThat(true);
    const next = new ToldFleet({}, [late.options]);
    Object.assign(next, { fleet: fleet.fleet, findings: fleet.findings });
    const replica = next.add();
    await replica.watch.evaluate();
    await replica.sender.send();
    expect(late.tries).toHaveLength(1);
  });
});

describe('the log', () => {
  it('has one line for each change of an alert, at a level that goes by its severity', async () => {
    const fleet = new ToldFleet({}, [{ name: 'log', kind: 'log' }]);
    fleet.find('warning', 'low');
    await fleet.pass(10);
    fleet.find('critical', 'low');
    await fleet.pass(10);
    fleet.find('warning', 'low');
    await fleet.pass(10);
    fleet.find();
    await fleet.pass(10);
    expect(fleet.lines).toEqual([
      'warn Alert fired: [warning] Errors detected (7) for 0',
      'info Alert fired: [low] Errors detected (7) for 1',
      'error Alert escalated: [critical] Errors detected (7) for 0',
      'error Alert eased: [warning] Errors detected (7) for 0',
      'warn Alert resolved: [warning] Errors detected (no data) for 0',
      'info Alert resolved: [low] Errors detected (no data) for 1',
    ]);
  });

  it('sums up what would be too many lines', async () => {
    const fleet = new ToldFleet({}, [{ name: 'log', kind: 'log' }]);
    fleet.find(...Array<'low'>(30).fill('low'));
    await fleet.pass(10);
    expect(fleet.lines).toHaveLength(11);
    expect(fleet.lines.at(-1)).toBe('warn Alerts: 30 fired, of which the 10 gravest stand above.');
  });
});
