import { setTimeout } from 'node:timers/promises';
import type { BudgetInput } from '../../libs/nestmeter/src/core.js';
import {
  budgetOf,
  BudgetFleet,
  type BudgetReplica,
  call,
  daily,
  hammer,
  nanoUsd,
  ready,
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

describe('a daily budget of 1.00 USD over five replicas that call without a pause', () => {
  it('without strict is exceeded by no more than is said, and every replica refuses', async () => {
    const fleet = await stage.several('loose', daily);
    let stated = 0;
    let isOver = false;
    const told = (async () => {
      while (!isOver) {
        const { overshoot_cost_usd } = await budgetOf(fleet[0]!);
        stated = Math.max(stated, nanoUsd(overshoot_cost_usd ?? '0'));
        await setTimeout(200);
      }
    })();
    await hammer(fleet, () => fleet.every(({ refused }) => refused.length > 5), { lanes: 1, ms: 200 });
    isOver = true;
    await told;
    const spent = spentBy(fleet);
    expect(spent).toBeGreaterThanOrEqual(1e9);
    expect(stated).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual(1e9 + stated);
    const [error] = fleet[2]!.refused;
    expect(error).toMatchObject({
      code: 'NM_BUDGET_EXCEEDED',
      budget: 'daily',
      reason: 'exceeded',
      limit: '1.000000000',
    });
    expect(error!.headers['Retry-After']).toMatch(/^\d+$/);
    await Promise.all(fleet.map(({ monitor }) => monitor.flush()));
    await until(async () => nanoUsd((await budgetOf(fleet[4]!)).used_cost_usd) === spent, 'the answer has all of it');
    const answers = await Promise.all(fleet.map(budgetOf));
    for (const answer of answers)
      expect(answer).toMatchObject({ state: 'exceeded', remaining_cost_usd: '0.000000000' });
    await until(async () => ((await budgetOf(fleet[0]!)).refused_calls ?? 0) > 0, 'refused calls are counted');
  }, 120_000);

  it('with strict is never exceeded, whether methods are async or answer promises of their own', async () => {
    const fleet = await stage.several('strict', strict);
    let most = 0;
    const isOver = (): boolean => {
      most = Math.max(most, spentBy(fleet));
      return fleet.every(({ refused }) => refused.length > 10) && spentBy(fleet) > 0.9e9;
    };
    await hammer(fleet, isOver, { method: 'chat' });
    await hammer(fleet, () => fleet.every(({ refused }) => refused.length > 30), { method: 'ask' });
    most = Math.max(most, spentBy(fleet));
    expect(most).toBeLessThanOrEqual(1e9);
    // Shares that some hold and do not use come back to those who need them.
    await until(async () => {
      await call(fleet[0]!);
      return spentBy(fleet) === 1e9;
    }, 'all of the budget can be spent');
    await setTimeout(1500);
    for (const replica of fleet) expect(await call(replica)).toBe(false);
    expect(spentBy(fleet)).toBe(1e9);
    expect(fleet.flatMap(({ refused }) => refused).every(({ status }) => status === 429)).toBe(true);
  }, 180_000);
});

describe('an override', () => {
  it('given on one replica holds on all of them, also after a wipe, until it is ended on another', async () => {
    const fleet = await stage.several('overridden', daily, 3);
    const [one, two, three] = fleet;
    one!.monitor.recordLLMCall({ provider: 'openai', model: 'gpt-4o', durationMs: 1, costUsd: '1.50' });
    await until(async () => !(await call(two!)) && !(await call(three!)), 'all refuse');
    const send = async (replica: BudgetReplica, method: string, body: object | null): Promise<number> => {
      const { status } = await replica.monitor.routes.handle({
        method,
        url: '/performance/budgets/daily/override',
        headers: { host: 'localhost', 'content-type': 'application/json' },
        remoteAddress: '127.0.0.1',
        native: null,
        body: async () => JSON.stringify(body),
      });
      return status;
    };
    expect(await send(one!, 'POST', { limit_usd: 5, minutes: 60, why: 'launch' })).toBe(200);
    await until(() => call(two!), 'the second replica calls');
    await until(() => call(three!), 'the third replica calls');
    expect(await budgetOf(three!)).toMatchObject({
      limit_cost_usd: '5.000000000',
      override: { limit_cost_usd: '5.000000000', by: expect.any(String), why: 'launch' },
    });
    await stage.redis.command('FLUSHALL');
    await setTimeout(2500);
    expect(await call(two!)).toBe(true);
    expect(await send(two!, 'DELETE', null)).toBe(200);
    await until(async () => !(await call(one!)) && !(await call(three!)), 'the limit from code holds again');
  }, 60_000);
});

describe('alerts of budgets', () => {
  it('warn at the percentage of the budget, get critical at its limit, and name calls without a price', async () => {
    const alerts = { evaluationIntervalSeconds: 5, disable: ['cpu', 'memory_pressure', 'unpriced_calls'] };
    const budget: BudgetInput = { name: 'team', limitUsd: 1, period: 'month', each: 'operation', warningPercent: 60 };
    const one = stage.start('alerted', budget, { alerts, dailyTokenLimit: 10_000 });
    const two = stage.start('alerted', budget, { alerts, dailyTokenLimit: 10_000 });
    await ready([one, two]);
    const spend = (operation: string, costUsd: string): void =>
      one.monitor.recordLLMCall({
        provider: 'openai',
        model: 'gpt-4o',
        operation,
        durationMs: 1,
        inputTokens: 1000,
        costUsd,
      });
    const firing = async () => {
      const { active } = await two.monitor.reports.alerts();
      return active.filter(({ category }) => category === 'cost').map(({ rule, severity, labels }) => `${rule} ${severity} ${labels['operation']}`).sort(); // prettier-ignore
    };
    spend('chat', '0.70');
    spend('summary', '0.10');
    await until(async () => (await firing()).includes('budget_team warning chat'), 'a warning');
    expect(await firing()).toEqual(['budget_team warning chat']);
    spend('chat', '0.40');
    for (let count = 0; count < 6; count++) spend('summary', '0.00');
    one.monitor.recordLLMCall({ provider: 'openai', model: 'nobody-knows', operation: 'chat', durationMs: 1, inputTokens: 10, outputTokens: 1 }); // prettier-ignore
    const expected = [
      'budget_team critical chat',
      'budget_team_unpriced warning chat',
      'token_usage warning undefined',
    ];
    await until(async () => (await firing()).join() === expected.join(), 'all three alerts');
    const { alerts: texts } = await two.monitor.reports.alerts();
    expect(texts).toEqual([
      '[critical] High budget use detected (110.0%, 1.10 of 1.00 USD) for budget team, operation chat',
      '[warning] High daily token usage detected (90.1%, threshold 80%)',
      '[warning] Budgeted calls without a price detected (1) for budget team, operation chat',
    ]);
  }, 120_000);
});
