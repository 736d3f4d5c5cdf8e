import { execFileSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createMonitor } from '../../libs/nestmeter/src/core.js';
import type { HealthAnswer } from '../../libs/nestmeter/src/serve/health.js';
import { exact, type Findings } from '../fixtures/exactness.js';
import { LedgerFleet } from '../fixtures/ledger-fleet.js';
import { RedisServer } from '../fixtures/redis-server.js';

const isLong = process.env['FAULT_FORM'] === 'long';
/** Calls that are recorded while Redis refuses them. */
const refusedCalls = isLong ? 4000 : 400;
/** Bytes of a file at which the disk is full. */
const fullBytes = 1;

const isWhole = ({ missing, complete }: Findings): boolean => missing === 0 && complete;

jest.setTimeout(isLong ? 240_000 : 60_000);

describe('three replicas whose Redis answers and takes no writes', () => {
  let redis: RedisServer;
  let fleet: LedgerFleet;
  const app = 'refusals';

  beforeEach(async () => {
    redis = await RedisServer.start('--stop-writes-on-bgsave-error', 'yes', '--appendfsync', 'everysec');
    fleet = await LedgerFleet.start(app, redis);
    await fleet.records(300);
  });
  afterEach(async () => {
    await fleet.stop();
    await redis.remove();
  });

  /** What /health of a replica says of Redis while `refuses` holds, and after. */
  async function health<Result>(
    during: (state: () => Promise<HealthAnswer['store']>) => Promise<Result>,
  ): Promise<Result> {
    const listen = { host: '127.0.0.1', port: 0 };
    const watcher = createMonitor({ app, redis: redis.url, genaiPrices: false, logLevel: 'silent', listen });
    watcher.start();
    try {
      return await during(async () => {
        if (watcher.ownPort === null) await fleet.waits(() => watcher.ownPort !== null, 'a port is open');
        const answer = await fetch(`http://127.0.0.1:${watcher.ownPort}/performance/health`);
        return ((await answer.json()) as HealthAnswer).store;
      });
    } finally {
      await watcher.stop();
    }
  }

  /**
   * Lets Redis refuse, and says what became of it: what /health said, and what is found once it takes writes again.
   *
   * @param word with which its refusals begin
   */
  async function refused(word: string, begin: () => Promise<unknown>, end: () => Promise<unknown>) {
    return health(async (state) => {
      await fleet.waits(async () => (await state()).state === 'ready', 'Redis takes writes');
      await begin();
      await fleet.waits(async () => (await redis.command('SET x 1')).startsWith(`-${word}`), `Redis says ${word}`);
      const before = await redis.command('DBSIZE');
      await fleet.records(refusedCalls);
      await fleet.waits(async () => (await state()).state === 'unreachable', '/health says so');
      const { last_error: said } = await state();
      const whole = { sizes: [before, await redis.command('DBSIZE')] };
      await end();
      await fleet.waits(async () => (await state()).state === 'ready', '/health says that it is over');
      return { said, ...whole, found: await fleet.settled(isWhole) };
    });
  }

  it('are exact when its snapshot failed and it stops writes (MISCONF)', async () => {
    const obstacle = join(redis.folder, 'dump.rdb');
    const { said, sizes, found } = await refused(
      'MISCONF',
      async () => {
        // A snapshot cannot take the place of a folder.
        await mkdir(join(obstacle, 'in the way'), { recursive: true });
        await redis.command('CONFIG SET save "3600 1"');
        await redis.command('BGSAVE');
      },
      async () => {
        await rm(obstacle, { recursive: true });
        await redis.command('BGSAVE');
      },
    );
    expect(said).toMatch(/^MISCONF/);
    expect(sizes[1]).toBe(sizes[0]);
    expect(found).toMatchObject(exact);
  });

  it('are exact when too few replicas of it are connected (NOREPLICAS)', async () => {
    const { said, sizes, found } = await refused(
      'NOREPLICAS',
      () => redis.command('CONFIG SET min-replicas-to-write 1'),
      () => redis.command('CONFIG SET min-replicas-to-write 0'),
    );
    expect(said).toMatch(/^NOREPLICAS/);
    expect(sizes[1]).toBe(sizes[0]);
    expect(found).toMatchObject(exact);
  });

  it('are exact when the disk of its append-only file is full', async () => {
    const limit = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', String(redis.pid), `--fsize=${bytes}:`]);
    await redis.command('CONFIG SET appendonly yes');
    await fleet.waits(
      async () => /aof_rewrite_in_progress:0/.test(await redis.info('persistence')),
      'the file is there',
    );
    const { said, sizes, found } = await refused(
      'MISCONF',
      async () => limit(fullBytes),
      async () => limit('unlimited'),
    );
    expect(said).toMatch(/^MISCONF.*AOF/);
    expect(sizes[1]).toBe(sizes[0]);
    expect(found).toMatchObject(exact);
  });
});
