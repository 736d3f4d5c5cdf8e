import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
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
    const answers = await Promise.all(fleet.map(({ monitor }) => monitor.flush().then(() => true, () => false)));
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
    expect(error).toMatchObject({ code: 'NM_BUDGET_EXCEEDED', budget: 'daily', reason: 'exceeded', limit: '1.000000000' });
    expect(error!.headers['Retry-After']).toMatch(/^\d+$/);
    await Promise.all(fleet.map(({ monitor }) => monitor.flush()));
    await until(async () => nanoUsd((await budgetOf(fleet[4]!)).used_cost_usd) === spent, 'the answer has all of it');
    const answers = await Promise.all(fleet.map(budgetOf));
    for (const answer of answers) expect(answer).toMatchObject({ state: 'exceeded', remaining_cost_usd: '0.000000000' });
    expect(answers[0]!.refused_calls).toBeGreaterThan(0);
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
