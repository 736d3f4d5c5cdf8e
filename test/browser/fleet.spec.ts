import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { Answers } from '../../libs/dashboard/src/api/answers.js';
import { RedisServer } from '../fixtures/redis-server.js';
import { read, settled, TestBrowser } from './test-browser.js';

const fleetScript = fileURLToPath(new URL('../../dist/apps/demo/fleet.js', import.meta.url));

/** The three replicas of the demo over one Redis, with the addresses that they print. */
async function startFleet(redisUrl: string): Promise<{ child: ChildProcess; urls: string[] }> {
  const env = { ...process.env, PORT: '0', REDIS_URL: redisUrl, RATE: '4', NODE_ENV: 'development' };
  const child = spawn(process.execPath, [fleetScript], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(child.stdout)) {
    const urls = line.match(/http:\/\/[\d.]+:\d+/g);
    if (!line.startsWith('Nestmeter demo on') || urls === null) continue;
    child.stdout.resume();
    return { child, urls };
  }
  throw new Error('The fleet must print its addresses, got an end. Run npm run build; see its output above.');
}

describe('the page over Redis with three replicas', () => {
  let redis: RedisServer;
  let fleet: ChildProcess;
  let urls: string[];
  let browser: TestBrowser;

  const open = async (replica: number, hash: string): Promise<Page> => {
    const page = await browser.open(`${urls[replica]}/performance/#/${hash}`);
    await settled(page);
    return page;
  };
  const updated = async (page: Page): Promise<number> =>
    Number(await page.locator('[data-updated]').getAttribute('data-updated'));
  /** The times of the snapshots that a page shows one after the other. */
  const updates = async (page: Page, many: number): Promise<number[]> => {
    const times = [await updated(page)];
    while (times.length < many) {
      await page.waitForFunction(
        (last) => Number(document.querySelector('[data-updated]')?.getAttribute('data-updated')) > last,
        times.at(-1)!,
        { timeout: 60_000 },
      );
      times.push(await updated(page));
    }
    return times;
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
    ({ child: fleet, urls } = await startFleet(redis.url));
    browser = await TestBrowser.start();
  }, 120_000);

  afterEach(() => browser.closePages());

  afterAll(async () => {
    await browser.stop();
    const ended = once(fleet, 'exit');
    fleet.kill('SIGTERM');
    await ended;
    await redis.remove();
  }, 60_000);

  it('shows new numbers within six seconds, without being asked', async () => {
    const page = await open(0, 'overview?window=5m');
    await page.waitForSelector('[data-live=live]', { timeout: 30_000 });
    const times = await updates(page, 4);
    const waits = times.slice(1).map((time, at) => time - times[at]!);
    // The shortest, since a machine that does much else may be late once.
    expect(Math.min(...waits)).toBeLessThan(6);
  }, 120_000);

  it('shows all three replicas, whichever of them it comes from', async () => {
    for (const replica of [0, 1, 2]) {
      const page = await open(replica, 'replicas?window=5m');
      await page.waitForFunction(() => document.querySelectorAll('tbody .dot.ok').length === 3, null, {
        timeout: 30_000,
      });
      const names = await page.locator('tbody tr .name bdi').allTextContents();
      for (const name of ['replica-1', 'replica-2', 'replica-3']) expect(names).toContain(name);
      expect(read(await page.locator('.freshness').textContent())).toContain('3 replicas');
    }
  }, 120_000);

  it('shows the numbers of the whole fleet as any replica answers them', async () => {
    const to = Math.floor(Date.now() / 10_000) * 10;
    const from = to - 60;
    // All that was counted in the stretch is in the store by then.
    while (Date.now() / 1000 < to + 20) await new Promise((resolve) => setTimeout(resolve, 500));
    const response = await fetch(`${urls[1]}/performance/endpoints?from=${from}&to=${to}`);
    const { endpoints } = (await response.json()) as Answers['endpoints'];
    const page = await open(2, `endpoints/POST%20%2Fchat?from=${from}&to=${to}`);
    const requests = page.locator('.facts > div', { hasText: 'Requests' }).locator('dd');
    expect(read(await requests.textContent()).replaceAll(' ', '')).toBe(
      String(endpoints['POST /chat']!.stats.total_operations),
    );
  }, 120_000);

  it('says since when numbers are incomplete while Redis is away, and no more when it is back', async () => {
    const page = await open(0, 'overview?window=5m');
    expect(await page.locator('.banner').count()).toBe(0);
    await redis.stop({ save: true });
    const banner = page.locator('.banner[data-incomplete=now]');
    await banner.waitFor({ timeout: 60_000 });
    expect(read(await banner.textContent())).toMatch(/Numbers are incomplete since \d\d:\d\d/);
    expect(read(await banner.textContent())).toContain('store unreachable');
    // The page itself is answered all the same, and live.
    await updates(page, 2);
    await redis.restart();
    await page.locator('.banner').waitFor({ state: 'detached', timeout: 120_000 });
    expect((await updates(page, 2)).length).toBe(2);
  }, 240_000);
});
