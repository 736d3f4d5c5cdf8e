import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type BudgetAnswer,
  BudgetExceededError,
  type BudgetInput,
  createMonitor,
  type MonitorOptions,
  type PerformanceMonitor,
} from '../../libs/nestmeter/src/core.js';
import { TrackLLMCall } from '../../libs/nestmeter/src/record/decorators.js';
import { RedisServer } from '../fixtures/redis-server.js';

let redis: RedisServer;
const monitors: PerformanceMonitor[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
});
afterEach(async () => {
  await Promise.all(monitors.splice(0).map((monitor) => monitor.stop()));
  if (!redis.isRunning) await redis.restart({ empty: true });
  await redis.command('FLUSHALL');
});
afterAll(() => redis.remove());

async function until(holds: () => boolean | Promise<boolean>, what: string, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await setTimeout(50)) if (await holds()) return;
  throw new Error(`${what} must hold within ${seconds} s`);
}

/** Costs 0.01 USD: 1000 tokens of each kind at 5 USD per million. */
const callCostNanoUsd = 10_000_000;
const usage = { prompt_tokens: 1000, completion_tokens: 1000 };
const prices = { openai: { 'gpt-4o': { inputPerMillion: 5, outputPerMillion: 5 } } };

/** A service of one replica that calls a provider. */
class Caller {
  made = 0;
  underWay = 0;

  /** Async: may wait for a reservation. */
  @TrackLLMCall({ provider: 'openai', model: (model: string) => model })
  async chat(model: string, ms: number): Promise<object> {
    return this.#call(model, ms);
  }

  /** Answers a promise of its own, as SDKs do: nothing can be waited for before it. */
  @TrackLLMCall({ provider: 'openai', model: (model: string) => model })
  ask(model: string, ms: number): Promise<object> {
    return this.#call(model, ms);
  }

  async #call(model: string, ms: number): Promise<object> {
    this.made++;
    this.underWay++;
    await setTimeout(ms);
    this.underWay--;
    return { object: 'chat.completion', model, choices: [{ finish_reason: 'stop' }], usage };
  }
}

interface TestReplica {
  readonly monitor: PerformanceMonitor;
  readonly caller: Caller;
  refused: BudgetExceededError[];
}

function start(app: string, budget: BudgetInput, options: MonitorOptions = {}): TestReplica {
  const monitor = createMonitor({
    app,
    redis: redis.url,
    logLevel: 'silent',
    genaiPrices: false,
    prices,
    budgets: [budget],
    ...options,
  });
  monitor.start();
  monitors.push(monitor);
  const caller = new Caller();
  monitor.own(caller);
  return { monitor, caller, refused: [] };
}

const fleetOf = (app: string, budget: BudgetInput, replicas = 5): TestReplica[] =>
  Array.from({ length: replicas }, () => start(app, budget));

async function ready(fleet: readonly TestReplica[]): Promise<void> {
  await until(async () => {
    const answers = await Promise.all(
      fleet.map(({ monitor }) =>
        monitor.flush().then(
          () => true,
          () => false,
        ),
      ),
    );
    return answers.every(Boolean);
  }, 'every replica reaches the store');
}

/** One call; what is refused is kept. @returns whether it was made */
async function call(replica: TestReplica, method: 'chat' | 'ask' = 'chat', ms = 5): Promise<boolean> {
  try {
    await replica.caller[method]('gpt-4o', ms);
    return true;
  } catch (error) {
    if (!(error instanceof BudgetExceededError)) throw error;
    replica.refused.push(error);
    return false;
  }
}

/** Each replica calls without a pause, several at a time, until something holds of the fleet. */
async function hammer(
  fleet: readonly TestReplica[],
  isOver: () => boolean,
  { lanes = 3, method = 'chat', ms = 5 }: { lanes?: number; method?: 'chat' | 'ask'; ms?: number } = {},
): Promise<void> {
  const end = Date.now() + 90_000;
  const lane = async (replica: TestReplica): Promise<void> => {
    while (!isOver() && Date.now() < end) {
      const isMade = await call(replica, method, ms);
      // Who is refused comes again, as clients do.
      await setTimeout(isMade ? 1 : 20);
    }
  };
  await Promise.all(fleet.flatMap((replica) => Array.from({ length: lanes }, () => lane(replica))));
}

const spentBy = (fleet: readonly TestReplica[]): number =>
  fleet.reduce((sum, { caller }) => sum + caller.made * callCostNanoUsd, 0);

async function budgetOf({ monitor }: TestReplica): Promise<BudgetAnswer> {
  const { budgets } = await monitor.reports.budgets();
  return budgets[0]!;
}

const nanoUsd = (text: string | null): number => Math.round(Number(text) * 1e9);

const daily: BudgetInput = { name: 'daily', limitUsd: '1.00', period: 'day', hardStop: true };
const strict: BudgetInput = { ...daily, strict: true, estimateUsd: '0.01' };

describe('a daily budget of 1.00 USD over five replicas that call without a pause', () => {
  it('without strict is exceeded by no more than is said, and every replica refuses', async () => {
    const fleet = fleetOf('loose', daily);
    await ready(fleet);
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
    const fleet = fleetOf('strict', strict);
    await ready(fleet);
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

/** Calls until one is refused. @returns how many were made */
async function spendAll(replica: TestReplica, most = 1000): Promise<number> {
  const before = replica.caller.made;
  for (let count = 0; count < most; count++) if (!(await call(replica, 'chat', 1))) break;
  return replica.caller.made - before;
}

async function refusedFor(replica: TestReplica, reason: string): Promise<void> {
  await until(async () => !(await call(replica, 'chat', 1)) && replica.refused.at(-1)!.reason === reason, reason);
}

describe('a hard stop while the store is away', () => {
  it('goes on by what is known here where the option allows calls', async () => {
    const one = start('allow', daily);
    await ready([one]);
    for (let count = 0; count < 20; count++) expect(await call(one, 'chat', 1)).toBe(true);
    await redis.stop();
    // 100 calls of 0.01 USD: this replica knows its own part.
    expect(await spendAll(one)).toBe(80);
    expect(one.refused.at(-1)).toMatchObject({ reason: 'exceeded' });
    expect((await one.monitor.reports.budgets()).complete).toBe(false);
  }, 60_000);

  it('refuses once what others use is unknown where the option says so, and goes on when the store is back', async () => {
    const one = start('refuse', { ...daily, limitUsd: 50, onStoreOutage: 'refuse' });
    await ready([one]);
    await until(() => call(one, 'chat', 1), 'what others use is known');
    await redis.stop();
    await refusedFor(one, 'store_outage');
    expect(one.refused.at(-1)).toMatchObject({ status: 429, used: null });
    await redis.restart({ empty: true });
    await until(() => call(one, 'chat', 1), 'a call is made again');
  }, 90_000);

  it('with strict spends no more than was reserved before, by default', async () => {
    const one = start('strict-refuse', strict);
    await ready([one]);
    await until(() => call(one, 'chat', 1), 'there is a share');
    await redis.stop();
    await refusedFor(one, 'store_outage');
    // A share is for two seconds and a few calls, not for the budget.
    expect(spentBy([one])).toBeLessThan(0.9e9);
  }, 60_000);

  it('with strict goes on without reservations where the option allows it, until its own part is the limit', async () => {
    const one = start('strict-allow', { ...strict, onStoreOutage: 'allow' });
    await ready([one]);
    await until(() => call(one, 'chat', 1), 'there is a share');
    await redis.stop();
    await until(async () => (await spendAll(one)) === 0 && spentBy([one]) >= 1e9, 'all of it is spent');
    expect(spentBy([one])).toBe(1e9);
    expect((await budgetOf(one)).overshoot_reason).toMatch(/onStoreOutage is allow/);
  }, 60_000);
});

describe('a wipe of Redis in mid-period', () => {
  it('opens no hard stop, and what was lost is carried', async () => {
    const fleet = fleetOf('wiped', daily, 3);
    await ready(fleet);
    await until(async () => (await spendAll(fleet[0]!)) === 0 && spentBy(fleet) >= 1e9, 'all of it is spent');
    const spent = spentBy(fleet);
    await fleet[0]!.monitor.flush();
    await until(async () => !(await call(fleet[1]!)) && !(await call(fleet[2]!)), 'the others know');
    // Who counted it is gone, and then the store forgets it.
    await fleet[0]!.monitor.stop();
    const made = spentBy(fleet);
    await redis.command('FLUSHALL');
    for (let count = 0; count < 30; count++) {
      expect(await call(fleet[1]!, 'chat', 1)).toBe(false);
      expect(await call(fleet[2]!, 'ask', 1)).toBe(false);
      await setTimeout(100);
    }
    expect(spentBy(fleet)).toBe(made);
    expect(nanoUsd((await budgetOf(fleet[1]!)).used_cost_usd)).toBeGreaterThanOrEqual(spent);
    // One that comes later learns it from those that lived.
    const late = start('wiped', daily);
    await ready([late]);
    await until(async () => !(await call(late, 'chat', 1)), 'a new replica refuses');
    expect((await budgetOf(late)).state).toBe('exceeded');
  }, 120_000);

  it('lets strict replicas spend no more than is left', async () => {
    const fleet = fleetOf('strict-wiped', strict, 3);
    await ready(fleet);
    for (const replica of fleet) {
      let made = 0;
      await until(async () => (await call(replica, 'chat', 1)) && ++made === 20, 'twenty calls');
    }
    await Promise.all(fleet.map(({ monitor }) => monitor.flush()));
    await until(async () => nanoUsd((await budgetOf(fleet[0]!)).used_cost_usd) === spentBy(fleet), 'it is known');
    await redis.command('FLUSHALL');
    await hammer(fleet, () => fleet.every(({ refused }) => refused.length > 400) || spentBy(fleet) >= 1e9, {
      lanes: 2,
    });
    await setTimeout(1000);
    await Promise.all(fleet.map((replica) => spendAll(replica)));
    expect(spentBy(fleet)).toBeLessThanOrEqual(1e9);
  }, 120_000);
});

describe('an override', () => {
  it('given on one replica holds on all of them, also after a wipe, until it is ended on another', async () => {
    const fleet = fleetOf('overridden', daily, 3);
    await ready(fleet);
    const [one, two, three] = fleet;
    one!.monitor.recordLLMCall({ provider: 'openai', model: 'gpt-4o', durationMs: 1, costUsd: '1.50' });
    await until(async () => !(await call(two!)) && !(await call(three!)), 'all refuse');
    const send = async (replica: TestReplica, method: string, body: object | null): Promise<number> => {
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
    await redis.command('FLUSHALL');
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
    const one = start('alerted', budget, { alerts, dailyTokenLimit: 10_000 });
    const two = start('alerted', budget, { alerts, dailyTokenLimit: 10_000 });
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

describe('a replica that is killed', () => {
  it('keeps what was reserved for its calls: they may have been made', async () => {
    const script = fileURLToPath(new URL('../fixtures/budget-replica.mjs', import.meta.url));
    const env = { ...process.env, REDIS_URL: redis.url, APP: 'killed', BUDGET: JSON.stringify(strict) };
    const child = fork(script, { env, execArgv: [] });
    await once(child, 'message');
    child.send({ end: 10, hang: 5 });
    const [{ made }] = (await once(child, 'message')) as [{ made: number }];
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(made).toBe(15);
    const fleet = fleetOf('killed', strict, 4);
    await ready(fleet);
    await hammer(fleet, () => fleet.every(({ refused }) => refused.length > 30) && spentBy(fleet) > 0.5e9);
    await setTimeout(1500);
    await Promise.all(fleet.map((replica) => spendAll(replica)));
    expect(spentBy(fleet) + made * callCostNanoUsd).toBeLessThanOrEqual(1e9);
  }, 120_000);
});
