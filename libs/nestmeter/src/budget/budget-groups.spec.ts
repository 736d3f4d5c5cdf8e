import type { SeriesUsage } from '../report/series-usage.js';
import { type BudgetInput, budgetsOption, defineBudget } from './budget.js';
import { BudgetGroups, mostGroups } from './budget-groups.js';

const noon = Date.UTC(2026, 10, 22, 12);
const midnight = Date.UTC(2026, 10, 22) / 1000;

function groupsOf(change: Partial<BudgetInput> = {}): BudgetGroups {
  const input = { name: 'daily', limitUsd: 1, period: 'day', ...change } as BudgetInput;
  return new BudgetGroups(defineBudget(budgetsOption.parse([input])[0]!), noon);
}

function series(model: string, costNanoUsd: number, change: Partial<SeriesUsage> = {}): SeriesUsage {
  return {
    labels: { provider: 'openai', model, operation: 'chat' },
    calls: 1,
    refused: 0,
    pricedCalls: 1,
    unpricedCalls: 0,
    costNanoUsd,
    callsWithUsage: 1,
    callsWithoutUsage: 0,
    tokens: 7,
    ...change,
  };
}

const read = (nowMs = noon, bornId = 'first', from = midnight) => ({ nowMs, bornId, from });
const amounts = (groups: BudgetGroups) => Object.fromEntries([...groups.all()].map(({ name, used }) => [name, used]));

describe('the groups of a budget', () => {
  it('add up what the store has and what this replica counted since', () => {
    const groups = groupsOf();
    const [all] = [...groups.all()];
    all!.own += 30;
    expect(all!.used).toBe(30);
    // Sent, but whether it has arrived is not known yet: it counts twice rather than not at all.
    all!.sending();
    groups.asking();
    groups.answered([series('a', 100)], [], read());
    expect(all!.used).toBe(130);
    all!.stored();
    all!.own += 5;
    groups.asking();
    groups.answered([series('a', 130)], [], read());
    expect(all!.used).toBe(135);
  });

  it('tell labels apart with each, the largest first, and count the rest in __other__', () => {
    const groups = groupsOf({ each: 'model' });
    const many = Array.from({ length: mostGroups + 20 }, (_, number) => series(`model ${number}`, number + 1));
    groups.answered(many, [], read());
    const used = amounts(groups);
    expect(Object.keys(used)).toHaveLength(mostGroups + 1);
    expect(used[`model ${mostGroups + 19}`]).toBe(mostGroups + 20);
    expect(used['__other__']).toBe((20 * 21) / 2);
    expect(groups.at('one more').name).toBe('__other__');
  });

  it('take hostile labels as they are', () => {
    const groups = groupsOf({ each: 'model' });
    groups.answered([series('__proto__', 3), series('constructor', 2), series('', 1)], [], read());
    expect([...groups.all()].map(({ name, used }) => [name, used])).toEqual([['__proto__', 3], ['constructor', 2], ['', 1]]); // prettier-ignore
  });

  it('count only calls with the labels of the budget, names that end in * by their beginning', () => {
    const groups = groupsOf({ per: { provider: 'openai', model: 'gpt-4o*' } });
    const other = { labels: { provider: 'azure', model: 'gpt-4o', operation: 'chat' } };
    groups.answered([series('gpt-4o-2024-08-06', 1), series('o3', 10), series('gpt-4o', 100, other)], [], read());
    expect([...groups.all()][0]!.used).toBe(1);
  });

  it('begin the next period with nothing, whatever is still on its way', () => {
    const groups = groupsOf();
    const [all] = [...groups.all()];
    all!.own += 30;
    groups.answered([series('a', 100)], [], read());
    groups.asking();
    expect(groups.roll(noon + 3_600_000)).toBe(false);
    expect(groups.roll(noon + 12 * 3_600_000)).toBe(true);
    expect(all!.used).toBe(0);
    // An answer about yesterday.
    groups.answered([series('a', 140)], [], read());
    expect(all!.used).toBe(0);
    all!.own += 4;
    expect(all!.used).toBe(4);
  });

  it('do not fall within a period when the store loses what it had', () => {
    const groups = groupsOf();
    groups.answered([series('a', 100)], [], read());
    groups.answered([], [], read(noon + 1000, 'second'));
    expect(groups.fellMs).toBe(noon + 1000);
    groups.answered([series('a', 10)], [series('a', 10)], read(noon + 62_000, 'second'));
    expect(groups.fellMs).toBeNull();
    expect([...groups.all()][0]!.highWater).toEqual({ used: 110, carried: 100, fall: null });
  });

  it('fall by themselves in a rolling window, but keep for its length what a lost store lacks', () => {
    const groups = groupsOf({ period: undefined, rollingSeconds: 3600 });
    const [all] = [...groups.all()];
    groups.answered([series('a', 100)], [], read());
    groups.answered([series('a', 60)], [], read(noon + 60_000));
    expect(all!.used).toBe(60);
    groups.answered([series('a', 10)], [], read(noon + 120_000, 'second'));
    expect(all!.used).toBe(60);
    groups.answered([series('a', 30)], [], read(noon + 180_000, 'second'));
    expect(all!.used).toBe(80);
    groups.answered([series('a', 30)], [], read(noon + 3_800_000, 'second'));
    expect(all!.used).toBe(30);
  });

  it('learn of the present period only', () => {
    const groups = groupsOf();
    groups.learn('', midnight - 86_400, { used: 50, carried: 0 });
    expect(amounts(groups)).toEqual({ '': 0 });
    groups.learn('', midnight, { used: 50, carried: 20 });
    expect(amounts(groups)).toEqual({ '': 50 });
    expect([...groups.all()][0]!.highWater.carried).toBe(20);
  });
});
