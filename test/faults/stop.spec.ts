import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { defaultTiers } from '../../libs/nestmeter/src/time-slot.js';
import { RedisServer } from '../fixtures/redis-server.js';

const script = fileURLToPath(new URL('../fixtures/stopping-process.mjs', import.meta.url));

describe('a process that is told to stop under load', () => {
  let redis: RedisServer;
  let child: ChildProcess;
  let written: string;

  beforeEach(async () => {
    redis = await RedisServer.start();
    const env = { ...process.env, REDIS_URL: redis.url };
    child = fork(script, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    written = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (data) => (written += String(data)));
    await once(child, 'message');
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await redis.remove();
  });

  /** Tells it to stop, and waits until it ends by itself, and all that it wrote is here. */
  async function end(): Promise<unknown[]> {
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    return ended;
  }

  it('ends by itself, and says nothing of what it has not published', async () => {
    expect(await end()).toEqual([0, null]);
    expect(written).toBe('stopped\n');
  });

  it.each([
    ['does not answer', async () => redis.pause()],
    ['is gone', async () => redis.kill()],
  ])('ends by itself when Redis %s, and says how many states are lost with it', async (_, fails) => {
    await fails();
    expect(await end()).toEqual([0, null]);
    const told = [...written.matchAll(/^\[nestmeter\] Stopped with (\d+) states unpublished: .*\n/gm)];
    expect(told).toHaveLength(1);
    // One of each tier, and more if something else was measured or a slot ended meanwhile.
    expect(Number(told[0]![1])).toBeGreaterThanOrEqual(defaultTiers.length);
    expect(written).toMatch(/\nstopped\n$/);
  });
});
