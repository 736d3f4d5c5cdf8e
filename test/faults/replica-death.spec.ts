import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../fixtures/redis-server.js';
import { type ReplicaReport, ReplicaProcess } from '../fixtures/replica-process.js';

/** Cost of one call of replica.mjs in nano-USD: 100 tokens at 2.5 and 7 at 10 USD per million. */
const costOfCall = 100 * 2500 + 7 * 10_000;

function expectExactly(report: ReplicaReport, calls: number): void {
  const { providers } = report;
  expect(providers!.summary.total_requests).toBe(calls);
  expect(providers!.providers['openai']!.tokens).toMatchObject({ input_tokens: 100 * calls, output_tokens: 7 * calls });
  expect(providers!.summary.total_cost_usd).toBe((BigInt(calls) * BigInt(costOfCall)).toString().padStart(10, '0').replace(/(\d{9})$/, '.$1')); // prettier-ignore
}

describe('a replica that ends under load', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.remove());

  it('loses nothing when it is terminated', async () => {
    const survivor = await ReplicaProcess.start('terminated', redis.url);
    const ending = await ReplicaProcess.start('terminated', redis.url, 1000);
    while ((await ending.ask('report')).recorded < 1000) await sleep(100);
    const ended = await ending.terminate();
    const { recorded } = await survivor.ask('pause');
    await survivor.ask('flush');
    const report = await survivor.ask('report');
    expect(ended).toBeGreaterThanOrEqual(1000);
    expectExactly(report, ended + recorded);
    expect(report.providers!.replicas_live).toBe(1);
    await survivor.kill();
  });

  it('loses at most what it counted since its last publish when it is killed', async () => {
    const survivor = await ReplicaProcess.start('killed', redis.url, 50);
    const ending = await ReplicaProcess.start('killed', redis.url, 1000);
    await sleep(1500);
    const published = (await ending.ask('flush')).recorded;
    await sleep(1200);
    const before = (await ending.ask('report')).recorded;
    await ending.kill();
    const { recorded } = await survivor.ask('pause');
    await survivor.ask('flush');
    const report = await survivor.ask('report');
    const stored = report.providers!.summary.total_requests - recorded;
    // The flush is the last publish that this test knows of; others followed every second.
    expect(stored).toBeGreaterThan(published);
    // What the replica recorded between its last report and its death is at most a few messages' worth.
    expect(stored).toBeLessThanOrEqual(before + 1000);
    // Every call that is stored is stored whole.
    expect(report.providers!.providers['openai']!.tokens.input_tokens).toBe(100 * (stored + recorded));
    await survivor.kill();
  });

  it('counts on exactly after it was suspended for several slots', async () => {
    const survivor = await ReplicaProcess.start('suspended', redis.url, 50);
    const suspended = await ReplicaProcess.start('suspended', redis.url, 200);
    await sleep(1500);
    suspended.suspend();
    await sleep(12_000);
    expect((await survivor.ask('report')).providers!.replicas_live).toBe(1);
    suspended.resume();
    await sleep(1500);
    const counted = (await suspended.ask('pause')).recorded + (await survivor.ask('pause')).recorded;
    await suspended.ask('flush');
    await survivor.ask('flush');
    expectExactly(await survivor.ask('report'), counted);
    await Promise.all([survivor.kill(), suspended.kill()]);
  });
});
