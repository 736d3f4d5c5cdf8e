import { AlertFleet, type AlertReplica } from '../../../../../test/fixtures/alert-fleet.js';
import type { ChannelOptionsInput } from '../channel/channel-kinds.js';
import type { FindingInput } from '../check.js';
import type { AlertRuleInput } from '../rule.js';
import type { AlertMessage } from './message.js';

/** A fleet whose one rule finds what it is told to. */
class ToldFleet extends AlertFleet {
  findings: FindingInput[] = [];
  /** What happens while rules are evaluated. */
  meanwhile = async (): Promise<void> => {};

  constructor(rule: Partial<AlertRuleInput> = {}, channels?: readonly ChannelOptionsInput[]) {
    const finds = { name: 'errors', title: 'Errors', keepFiringSeconds: 0, cooldownSeconds: 300, ...rule };
    const check = async () => {
      await this.meanwhile();
      return this.findings;
    };
    super({}, [{ ...finds, check }], channels);
  }

  /** What the channel heard, by change and severity. */
  get heard(): string[] {
    return this.told.flatMap(({ alerts }) => alerts.map(({ change, severity }) => `${change} ${severity}`));
  }

  find(...severities: FindingInput['severity'][]): void {
    this.findings = severities.map((severity, index) => ({ severity, labels: { of: `${index}` }, value: 7 }));
  }
}

/** What a channel does with each message in turn: true when it takes it. The last one holds on. */
function channelThat(...answers: (boolean | 'hangs' | Error)[]) {
  const tries: string[] = [];
  const send = async ({ id }: AlertMessage): Promise<void> => {
    const answer = answers[Math.min(tries.push(id), answers.length) - 1]!;
    if (answer === 'hangs') await new Promise(() => {});
    if (answer !== true) throw answer === false ? new TypeError('secret') : (answer as Error);
  };
  const options: ChannelOptionsInput = { name: 'ops', kind: 'function', send };
  return { tries, options };
}

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

describe('a message', () => {
  /** Fires an alert and leaves the message about it waiting. */
  async function waiting(...channels: ChannelOptionsInput[]): Promise<ToldFleet> {
    const fleet = new ToldFleet({}, channels.length > 0 ? channels : undefined);
    await fleet.pass(10);
    fleet.find('critical');
    await step(fleet, fleet.one);
    return fleet;
  }

  async function step(fleet: ToldFleet, replica: AlertReplica, seconds = 10): Promise<void> {
    fleet.fleet.clock.advance(seconds * 1000);
    await fleet.fleet.publish();
    await replica.watch.evaluate();
  }

  it('waits on the board that has the change, before anybody sends it', async () => {
    const fleet = await waiting();
    expect(fleet.told).toEqual([]);
    const board = fleet.fleet.store.contents.documents.get('alerts')!;
    const { alerts, notifications } = JSON.parse(board.body) as typeof fleet.one.records.board.body;
    expect(alerts).toHaveLength(1);
    expect(notifications.outbox.map(({ notices }) => notices[0]!.alertId)).toEqual([alerts[0]!.id]);
  });

  it('of a keeper that dies while it sends is sent by the next one, under the same id', async () => {
    const channel = channelThat('hangs', true);
    const fleet = await waiting(channel.options);
    void fleet.one.sender.send();
    while (channel.tries.length === 0) await new Promise(setImmediate);
    const next = fleet.add();
    fleet.one.token = undefined;
    await step(fleet, next);
    await next.sender.send();
    // The claim of the dead one holds on.
    expect(channel.tries).toHaveLength(1);
    await step(fleet, next, 30);
    await next.sender.send();
    const [first, second, ...more] = channel.tries;
    expect([second, more]).toEqual([first, []]);
    expect((await next.alerts.channels())[0]).toMatchObject({ sent: 1, pending: 0, failed: 0 });
    await fleet.one.sender.stop(0);
  }, 20_000);

  it('is sent once when several take themselves for the keeper', async () => {
    const fleet = await waiting();
    const all = [fleet.one, fleet.add(), fleet.add()];
    fleet.find();
    fleet.fleet.clock.advance(10_000);
    await fleet.fleet.publish();
    await Promise.all(all.flatMap(({ watch, sender }) => [watch.evaluate(), sender.send()]));
    await Promise.all(all.map(({ watch }) => watch.evaluate()));
    await Promise.all(all.map(({ sender }) => sender.send()));
    expect(fleet.heard).toEqual(['fired critical', 'resolved critical']);
    expect(all.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('keeps its change and its outcome when both are written at the same time', async () => {
    const fleet = await waiting();
    for (let round = 0; round < 20; round++) {
      fleet.find(...(round % 2 === 0 ? [] : (['critical'] as const)));
      fleet.fleet.clock.advance(400_000);
      await fleet.fleet.publish();
      await Promise.all([fleet.one.watch.evaluate(), fleet.one.sender.send()]);
    }
    await fleet.one.sender.send();
    // An episode that comes and goes while the end of the one before waits is not told at all; none is told twice or half.
    expect(fleet.heard.length).toBeGreaterThan(6);
    expect(fleet.heard).toEqual(fleet.heard.map((_, index) => `${index % 2 === 0 ? 'fired' : 'resolved'} critical`));
    expect(fleet.heard.at(-1)).toBe('fired critical');
    expect(new Set(fleet.told.map(({ id }) => id)).size).toBe(fleet.told.length);
    expect((await fleet.one.alerts.channels())[0]).toMatchObject({ sent: fleet.told.length, pending: 0 });
  });

  it('that is sent while rules are evaluated costs neither the evaluation nor the outcome', async () => {
    const fleet = await waiting();
    fleet.meanwhile = () => fleet.one.sender.send();
    fleet.find();
    await step(fleet, fleet.one);
    expect(fleet.heard).toEqual(['fired critical']);
    const { evaluatedMs, alerts, notifications } = fleet.one.records.board.body;
    expect([evaluatedMs, alerts]).toEqual([fleet.fleet.clock.wallMs(), []]);
    expect(notifications.outbox.map(({ notices }) => notices[0]!.kind)).toEqual(['resolved']);
    expect(notifications.counts).toMatchObject([{ channel: 'told', sent: 1 }]);
  });

  it('that failed is tried again with the same id, later each time, while rules are evaluated as ever', async () => {
    const channel = channelThat(false, false, false, true);
    const fleet = await waiting(channel.options);
    const evaluated: (number | null)[] = [];
    for (let second = 0; second < 20; second++) {
      await fleet.one.sender.send();
      await step(fleet, fleet.one, 1);
      evaluated.push((await fleet.now()).evaluated_at);
    }
    expect(new Set(evaluated).size).toBe(20);
    expect(new Set(channel.tries).size).toBe(1);
    expect(channel.tries).toHaveLength(4);
    expect(fleet.one.warnings).toEqual([
      'Alerts do not reach channel ops: the function threw TypeError. It is tried again; see channels in /health.',
      'Alerts reach channel ops again.',
    ]);
    expect((await fleet.one.alerts.channels())[0]).toMatchObject({ sent: 1, failed: 0, last_error: null });
  });

  it('that never arrives is given up, which /health and /alerts say, and what follows is tried all the same', async () => {
    const channel = channelThat(false);
    const fleet = await waiting({ ...channel.options, retryForSeconds: 30 });
    for (let second = 0; second < 8; second++) {
      await fleet.one.sender.send();
      await step(fleet, fleet.one, 10);
    }
    expect((await fleet.one.alerts.channels())[0]).toEqual({
      name: 'ops',
      kind: 'function',
      min_severity: 'info',
      last_sent: null,
      last_error: 'the function threw TypeError',
      pending: 0,
      failed: 1,
      sent: 0,
    });
    expect((await fleet.now()).active[0]).toMatchObject({ notified: null, not_notified: ['ops'] });
    const before = channel.tries.length;
    // Once more five minutes later, with the same id; then its end.
    await step(fleet, fleet.one, 300);
    await fleet.one.sender.send();
    expect(channel.tries.slice(before)).toEqual([channel.tries[0]]);
    fleet.find();
    await step(fleet, fleet.one);
    expect(fleet.one.records.board.body.notifications.outbox.map(({ notices }) => notices[0]!.kind)).toEqual([
      'fired',
      'resolved',
    ]);
  });

  it('to a channel that hangs ends after its limit, and holds back no other channel and no evaluation', async () => {
    const hangs = channelThat('hangs');
    const works = channelThat(true);
    const fleet = await waiting(hangs.options, { ...works.options, name: 'other' });
    const sent = fleet.one.sender.send();
    while (works.tries.length === 0) await new Promise(setImmediate);
    for (let round = 0; round < 3; round++) await step(fleet, fleet.one);
    expect((await fleet.now()).evaluated_at).toBe(fleet.fleet.clock.wallMs() / 1000);
    await sent;
    const [ops, other] = await fleet.one.alerts.channels();
    expect(ops).toMatchObject({ sent: 0, pending: 1, last_error: 'it took more than 2 s' });
    expect(other).toMatchObject({ sent: 1, pending: 0 });
  }, 20_000);

  it('that was sent while the store was away is noted when it is back, and not sent again', async () => {
    let fail = (): void => {};
    const channel = channelThat(true);
    const send = async (message: AlertMessage) => {
      fail();
      await (channel.options as { send: (message: AlertMessage) => unknown }).send(message);
    };
    const fleet = await waiting({ name: 'ops', kind: 'function', send });
    const { board } = fleet.one.records;
    const { replace } = board;
    fail = () => (board.replace = () => Promise.reject(new Error('away')));
    await fleet.one.sender.send();
    board.replace = replace;
    fail = () => {};
    fleet.fleet.clock.advance(60_000);
    await fleet.one.sender.send();
    expect(channel.tries).toHaveLength(1);
    expect((await fleet.one.alerts.channels())[0]).toMatchObject({ sent: 1, pending: 0 });
  });

  it('waits no longer when the clock of the store is set back', async () => {
    const channel = channelThat(false, true);
    const fleet = await waiting(channel.options);
    await fleet.one.sender.send();
    fleet.fleet.clock.step(-3_600_000);
    await step(fleet, fleet.one);
    await fleet.one.sender.send();
    expect(channel.tries).toHaveLength(2);
  });

  it('to a channel that no replica knows any more is given up in the end', async () => {
    const fleet = await waiting(channelThat(true).options);
    const next = new ToldFleet({}, []);
    Object.assign(next, { fleet: fleet.fleet, findings: fleet.findings });
    const replica = next.add();
    for (let round = 0; round < 7; round++) await step(fleet, replica, 500);
    expect(replica.records.board.body.notifications.outbox).toHaveLength(1);
    await step(fleet, replica, 200);
    expect(replica.records.board.body.notifications.outbox).toEqual([]);
  });

  it('is left to others by a sender that stops', async () => {
    const channel = channelThat('hangs', true);
    const fleet = await waiting(channel.options);
    void fleet.one.sender.send();
    while (channel.tries.length === 0) await new Promise(setImmediate);
    await fleet.one.sender.stop(10);
    const next = fleet.add();
    await next.records.refresh();
    await next.sender.send();
    expect(channel.tries).toHaveLength(2);
    expect((await next.alerts.channels())[0]).toMatchObject({ sent: 1, failed: 0, last_error: null });
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
