import { exact } from '../fixtures/exactness.js';
import { LedgerFleet } from '../fixtures/ledger-fleet.js';
import { RedisServer } from '../fixtures/redis-server.js';

describe('three replicas whose Redis is replaced by a copy', () => {
  let master: RedisServer;
  let copy: RedisServer;
  let fleet: LedgerFleet;

  beforeEach(async () => {
    master = await RedisServer.start();
    copy = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0');
    fleet = await LedgerFleet.start('fail-over', master);
    await fleet.waits(async () => (await copy.info('replication')).includes('master_link_status:up'), 'the copy is up to date'); // prettier-ignore
    await fleet.records(200);
  });
  afterEach(async () => {
    await fleet.stop();
    await copy.remove();
    await master.remove();
  });

  /** The master's copy is cut off, the fleet goes on with the master for some calls, which the copy never sees. */
  async function loseWrites(calls: number): Promise<void> {
    await copy.command('REPLICAOF NO ONE');
    await fleet.records(calls);
  }

  it('is exact when the copy lacks seconds of what was acknowledged', async () => {
    await loseWrites(400);
    await master.kill();
    fleet.moveTo(copy);
    await fleet.records(100);
    const found = await fleet.settled(({ missing, complete }) => missing === 0 && complete);
    expect(found).toMatchObject(exact);
  });

  it('is exact when the old master goes on beside it and comes back as a copy of it', async () => {
    await loseWrites(600);
    // Two see the new one, one still writes to the old one.
    const [late, ...first] = fleet.seats;
    for (const { proxy } of first) {
      proxy.target = copy.port;
      proxy.cut();
    }
    await fleet.records(200);
    await master.command(`REPLICAOF 127.0.0.1 ${copy.port}`);
    await fleet.records(100);
    fleet.moveTo(copy);
    expect(late!.proxy.target).toBe(copy.port);
    const found = await fleet.settled(({ missing, complete }) => missing === 0 && complete);
    expect(found).toMatchObject(exact);
  });

  it('says for which time numbers are missing when a replica died whose writes the copy lacks', async () => {
    await loseWrites(400);
    await fleet.empty(0, 'kill');
    await master.kill();
    fleet.moveTo(copy);
    await fleet.records(100);
    const found = await fleet.settled(({ unsaid, missing }) => unsaid.length === 0 && missing > 0);
    expect(found).toMatchObject({ wrong: [], unsaid: [], complete: false });
    expect(found.missing).toBeLessThanOrEqual(fleet.ledgerOf(0).total().most);
  });
});
