import type { AlertReplica } from '../../../../../test/fixtures/alert-fleet.js';
import { channelThat, ToldFleet } from '../../../../../test/fixtures/told-fleet.js';
import type { ChannelOptionsInput } from '../channel/channel-kinds.js';
import type { AlertMessage } from './message.js';

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
