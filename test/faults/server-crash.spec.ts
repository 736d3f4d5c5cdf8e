import { stat, truncate } from 'node:fs/promises';
import { jest } from '@jest/globals';
import { exact } from '../fixtures/exactness.js';
import { LedgerFleet } from '../fixtures/ledger-fleet.js';
import { RedisServer } from '../fixtures/redis-server.js';

const isLong = process.env['FAULT_FORM'] === 'long';
/** Calls that are recorded while Redis is away: about 20 s of them in the long form of the suite. */
const awayCalls = isLong ? 6000 : 500;
/** Calls that are recorded after what Redis comes back with: more than a second of them. */
const forgottenCalls = isLong ? 3000 : 700;
/** A port at which nobody listens. */
const nowhere = 1;

jest.setTimeout(isLong ? 240_000 : 60_000);

describe('three replicas whose Redis crashes', () => {
  let redis: RedisServer;
  let fleet: LedgerFleet;

  afterEach(async () => {
    await fleet.stop();
    await redis.remove();
  });

  async function begin(...settings: readonly string[]): Promise<void> {
    redis = await RedisServer.start(...settings);
    fleet = await LedgerFleet.start('crash', redis);
    await fleet.records(300);
    await fleet.waits(async () => (await fleet.findings()).stored > 0, 'Redis has something');
  }

  /** Lets Redis take so much that nobody can mistake what it has now for what it has then. */
  async function goFurther(): Promise<void> {
    const { stored } = await fleet.findings();
    await fleet.records(forgottenCalls);
    await fleet.waits(async () => (await fleet.findings()).stored > stored, 'Redis takes more');
  }

  /** Kills Redis and starts it again. @returns what it took before, and what it has then, while no replica reaches it */
  async function crash(spoil: () => Promise<void> = async () => {}): Promise<{ taken: number; kept: number }> {
    const { stored: taken } = await fleet.findings();
    await redis.kill();
    await fleet.records(awayCalls);
    for (const { proxy } of fleet.seats) proxy.target = nowhere;
    await spoil();
    await redis.restart();
    let kept = -1;
    await fleet.waits(
      async () => (kept = (await fleet.findings().catch(() => null))?.stored ?? -1) >= 0,
      'what Redis has can be read',
    );
    for (const { proxy } of fleet.seats) proxy.target = redis.port;
    return { taken, kept };
  }

  const isExact = () => fleet.settled(({ missing, complete }) => missing === 0 && complete);

  it('is exact when it comes back from its append-only file', async () => {
    await begin('--appendonly', 'yes', '--appendfsync', 'everysec');
    const { taken, kept } = await crash();
    expect(taken).toBeGreaterThan(0);
    expect(kept).toBeGreaterThanOrEqual(taken);
    expect(await isExact()).toMatchObject(exact);
  });

  it('is exact when more than the last second of its append-only file never reached the disk', async () => {
    await begin('--appendonly', 'yes', '--appendfsync', 'everysec');
    // What the cut takes is then not all that Redis has.
    await goFurther();
    const file = await redis.appendOnlyFile();
    const { size } = await stat(file);
    await goFurther();
    // What a process has written survives its SIGKILL: only a host that fails loses it. The cut is in the midst of a command.
    const { taken, kept } = await crash(() => truncate(file, size - 1));
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(taken);
    expect(await isExact()).toMatchObject(exact);
  });

  it('is exact when it comes back from a snapshot of some time before', async () => {
    await begin();
    expect(await redis.command('BGSAVE')).toMatch(/^\+Background/);
    await fleet.waits(async () => /rdb_bgsave_in_progress:0/.test(await redis.info('persistence')), 'it is saved');
    await goFurther();
    const { taken, kept } = await crash();
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(taken);
    expect(await isExact()).toMatchObject(exact);
  });

  it('is exact when its append-only file is gone', async () => {
    await begin('--appendonly', 'yes', '--appendfsync', 'everysec');
    await redis.kill();
    await fleet.records(awayCalls);
    for (const { proxy } of fleet.seats) proxy.target = nowhere;
    await redis.restart({ empty: true });
    expect(await redis.command('DBSIZE')).toBe(':0');
    for (const { proxy } of fleet.seats) proxy.target = redis.port;
    expect(await isExact()).toMatchObject(exact);
  });
});
