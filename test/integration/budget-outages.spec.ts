import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  budgetOf,
  BudgetFleet,
  type BudgetReplica,
  call,
  callCostNanoUsd,
  daily,
  hammer,
  nanoUsd,
  ready,
  spendAll,
  spentBy,
  strict,
  until,
} from '../fixtures/budget-fleet.js';

let stage: BudgetFleet;

beforeAll(async () => {
  stage = await BudgetFleet.open();
});
afterEach(() => stage.clear());
afterAll(() => stage.close());

async function refusedFor(replica: BudgetReplica, reason: string): Promise<void> {
  await until(async () => !(await call(replica, 'chat', 1)) && replica.refused.at(-1)!.reason === reason, reason);
}

describe('a hard stop while the store is away', () => {
  it('goes on by what is known here where the option allows calls', async () => {
    const one = stage.start('allow', daily);
    await ready([one]);
    for (let count = 0; count < 20; count++) expect(await call(one, 'chat', 1)).toBe(true);
    await stage.redis.stop();
    // 100 calls of 0.01 USD: this replica knows its own part.
    expect(await spendAll(one)).toBe(80);
    expect(one.refused.at(-1)).toMatchObject({ reason: 'exceeded' });
    expect((await one.monitor.reports.budgets()).complete).toBe(false);
  }, 60_000);

  it('refuses once what others use is unknown where the option says so, and goes on when the store is back', async () => {
    const one = stage.start('refuse', { ...daily, limitUsd: 50, onStoreOutage: 'refuse' });
    await ready([one]);
    await until(() => call(one, 'chat', 1), 'what others use is known');
    await stage.redis.stop();
    await refusedFor(one, 'store_outage');
    expect(one.refused.at(-1)).toMatchObject({ status: 429, used: null });
    await stage.redis.restart({ empty: true });
    await until(() => call(one, 'chat', 1), 'a call is made again');
  }, 90_000);

  it('with strict spends no more than was reserved before, by default', async () => {
    const one = stage.start('strict-refuse', strict);
    await ready([one]);
    await until(() => call(one, 'chat', 1), 'there is a share');
    await stage.redis.stop();
    await refusedFor(one, 'store_outage');
    // A share is for two seconds and a few calls, not for the budget.
    expect(spentBy([one])).toBeLessThan(0.9e9);
  }, 60_000);

  it('with strict goes on without reservations where the option allows it, until its own part is the limit', async () => {
    const one = stage.start('strict-allow', { ...strict, onStoreOutage: 'allow' });
    await ready([one]);
    await until(() => call(one, 'chat', 1), 'there is a share');
    await stage.redis.stop();
    await until(async () => (await spendAll(one)) === 0 && spentBy([one]) >= 1e9, 'all of it is spent');
    expect(spentBy([one])).toBe(1e9);
    expect((await budgetOf(one)).overshoot_reason).toMatch(/onStoreOutage is allow/);
  }, 60_000);
});

describe('a wipe of Redis in mid-period', () => {
  it('opens no hard stop, and what was lost is carried', async () => {
    const fleet = await stage.several('wiped', daily, 3);
    await until(async () => (await spendAll(fleet[0]!)) === 0 && spentBy(fleet) >= 1e9, 'all of it is spent');
    const spent = spentBy(fleet);
    await fleet[0]!.monitor.flush();
    await until(async () => !(await call(fleet[1]!)) && !(await call(fleet[2]!)), 'the others know');
    // Who counted it is gone, and then the store forgets it.
    await fleet[0]!.monitor.stop();
    const made = spentBy(fleet);
    await stage.redis.command('FLUSHALL');
    for (let count = 0; count < 30; count++) {
      expect(await call(fleet[1]!, 'chat', 1)).toBe(false);
      expect(await call(fleet[2]!, 'ask', 1)).toBe(false);
      await setTimeout(100);
    }
    expect(spentBy(fleet)).toBe(made);
    expect(nanoUsd((await budgetOf(fleet[1]!)).used_cost_usd)).toBeGreaterThanOrEqual(spent);
    // One that comes later learns it from those that lived.
    const late = stage.start('wiped', daily);
    await ready([late]);
    await until(async () => !(await call(late, 'chat', 1)), 'a new replica refuses');
    expect((await budgetOf(late)).state).toBe('exceeded');
  }, 120_000);

  it('lets strict replicas spend no more than is left', async () => {
    const fleet = await stage.several('strict-wiped', strict, 3);
    for (const replica of fleet) {
      let made = 0;
      await until(async () => (await call(replica, 'chat', 1)) && ++made === 20, 'twenty calls');
    }
    await Promise.all(fleet.map(({ monitor }) => monitor.flush()));
    await until(async () => nanoUsd((await budgetOf(fleet[0]!)).used_cost_usd) === spentBy(fleet), 'it is known');
    await stage.redis.command('FLUSHALL');
    await hammer(fleet, () => fleet.every(({ refused }) => refused.length > 400) || spentBy(fleet) >= 1e9, {
      lanes: 2,
    });
    await setTimeout(1000);
    await Promise.all(fleet.map((replica) => spendAll(replica)));
    expect(spentBy(fleet)).toBeLessThanOrEqual(1e9);
  }, 120_000);
});

describe('a replica that is killed', () => {
  it('keeps what was reserved for its calls: they may have been made', async () => {
    const script = fileURLToPath(new URL('../fixtures/budget-replica.mjs', import.meta.url));
    const env = { ...process.env, REDIS_URL: stage.redis.url, APP: 'killed', BUDGET: JSON.stringify(strict) };
    const child = fork(script, { env, execArgv: [] });
    await once(child, 'message');
    child.send({ end: 10, hang: 5 });
    const [{ made }] = (await once(child, 'message')) as [{ made: number }];
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(made).toBe(15);
    const fleet = await stage.several('killed', strict, 4);
    await hammer(fleet, () => fleet.every(({ refused }) => refused.length > 30) && spentBy(fleet) > 0.5e9);
    await setTimeout(1500);
    await Promise.all(fleet.map((replica) => spendAll(replica)));
    expect(spentBy(fleet) + made * callCostNanoUsd).toBeLessThanOrEqual(1e9);
  }, 120_000);
});
