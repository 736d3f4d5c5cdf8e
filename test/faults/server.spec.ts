import { jest } from '@jest/globals';
import { exact, type Findings } from '../fixtures/exactness.js';
import { LedgerFleet } from '../fixtures/ledger-fleet.js';
import { RedisServer } from '../fixtures/redis-server.js';

const isLong = process.env['FAULT_FORM'] === 'long';
/** Calls that are recorded while Redis is away: about 20 s of them in the long form of the suite. */
const awayCalls = isLong ? 6000 : 500;
const times = isLong ? 5 : 2;

/** Takes 3 s; bounded where a script's time stands still. */
const busyScript =
  "local t = function() local n = redis.call('TIME') return n[1] * 1000000 + n[2] end " +
  'local start, turns = t(), 0 while t() - start < 3000000 and turns < 20000000 do turns = turns + 1 end return 7';

jest.setTimeout(isLong ? 240_000 : 60_000);

describe('three replicas whose Redis fails', () => {
  let redis: RedisServer;
  let fleet: LedgerFleet;

  beforeAll(async () => {
    redis = await RedisServer.start('--lua-time-limit', '50');
    fleet = await LedgerFleet.start('server', redis);
    await fleet.records(300);
  });
  afterAll(async () => {
    await fleet.stop();
    await redis.remove();
  });

  const isWhole = ({ missing, complete }: Findings): boolean => missing === 0 && complete;

  /** What is found once a fault is over. */
  async function after(fault: () => Promise<unknown>): Promise<Findings> {
    await fleet.goOn();
    await fleet.records(100);
    await fault();
    return fleet.settled(isWhole);
  }

  const fact = async (section: string, name: string): Promise<string> => {
    const info = await redis.info(section);
    return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)![1]!;
  };

  it('is exact when it stands still and keeps its connections', async () => {
    expect(
      await after(async () => {
        redis.pause();
        // Longer than a call may take.
        await fleet.records(2 * awayCalls);
        redis.resume();
      }),
    ).toMatchObject(exact);
  });

  it('is exact when it is away and comes back with its data', async () => {
    expect(
      await after(async () => {
        await redis.stop({ save: true });
        await fleet.records(awayCalls);
        await redis.restart();
      }),
    ).toMatchObject(exact);
  });

  it('is exact when it is killed and comes back empty', async () => {
    expect(
      await after(async () => {
        await redis.kill();
        await fleet.records(awayCalls);
        await redis.restart({ empty: true });
      }),
    ).toMatchObject(exact);
  });

  it('is exact when it is emptied under load, again and again', async () => {
    expect(
      await after(async () => {
        for (let time = 0; time < times; time++) {
          await redis.command('FLUSHALL');
          await fleet.records(200);
        }
      }),
    ).toMatchObject(exact);
  });

  it('is exact when it forgets its scripts and drops its clients', async () => {
    expect(
      await after(async () => {
        for (let time = 0; time < times; time++) {
          await redis.command('SCRIPT FLUSH');
          await fleet.records(100);
          await redis.command('CLIENT KILL TYPE normal');
          await fleet.records(200);
        }
      }),
    ).toMatchObject(exact);
  });

  it('is exact when a script of somebody else keeps it busy for seconds', async () => {
    expect(
      await after(async () => {
        const busy = redis.command(`EVAL "${busyScript}" 0`);
        await fleet.waits(async () => (await redis.command('PING')).startsWith('-BUSY'), 'Redis is busy');
        await fleet.records(300);
        expect(await busy).toBe(':7');
      }),
    ).toMatchObject(exact);
  });

  it('is exact when it is read-only for a while, as a master is that was replaced', async () => {
    expect(
      await after(async () => {
        await redis.command('REPLICAOF 127.0.0.1 1');
        await fleet.records(300);
        expect(await redis.command('SET x 1')).toMatch(/^-READONLY/);
        await redis.command('REPLICAOF NO ONE');
      }),
    ).toMatchObject(exact);
  });

  it('is exact when its memory is full and it refuses every write, and then is not', async () => {
    expect(
      await after(async () => {
        const used = Number(await fact('memory', 'used_memory'));
        await redis.command('CONFIG SET maxmemory-policy noeviction');
        await redis.command(`CONFIG SET maxmemory ${used >> 1}`);
        await fleet.records(300);
        expect(await redis.command('SET x 1')).toMatch(/^-OOM/);
        await redis.command('CONFIG SET maxmemory 0');
      }),
    ).toMatchObject(exact);
  });

  it('has everything again when it evicted slots, and does not call it complete', async () => {
    await fleet.goOn();
    await redis.command('CONFIG SET maxmemory-policy volatile-lru');
    await redis.command('CONFIG SET maxmemory 1000');
    await fleet.waits(async () => Number(await fact('stats', 'evicted_keys')) > 0, 'keys are evicted');
    await redis.command('CONFIG SET maxmemory 0');
    const found = await fleet.settled(({ missing, unsaid }) => missing === 0 && unsaid.length === 0);
    expect(found).toMatchObject({ wrong: [], unsaid: [], missing: 0, complete: false });
  });
});
