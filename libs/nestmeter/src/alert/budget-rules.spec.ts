import { AlertFleet } from '../../../../test/fixtures/alert-fleet.js';
import { budgetRules } from './budget-rules.js';
import type { BudgetLevel } from './evaluation-window.js';
import type { AlertRuleInput } from './rule.js';

const all = { name: 'all', warningPercent: 75, limitUsd: 20 };

function fleetWith(rules = budgetRules([all]) as readonly AlertRuleInput[]): AlertFleet {
  return new AlertFleet({}, rules);
}

function level(model: string, usedPercent: number, usedOfLimit: string, unpricedCalls = 0): BudgetLevel {
  return { labels: { budget: 'all', model }, usedPercent, usedOfLimit, unpricedCalls };
}

describe('the rules of a budget', () => {
  it('tell which budget, which group, and what is used of which limit', async () => {
    const fleet = fleetWith();
    fleet.budgets = [
      level('gpt-4o', 110, '22.00 of 20.00 USD'),
      level('o3', 77, '15.40 of 20.00 USD', 4),
      level('small', 5, '1.00 of 20.00 USD'),
    ];
    await fleet.pass(10);
    const { alerts, active } = await fleet.now();
    expect(alerts).toEqual([
      '[critical] High budget use detected (110.0%, 22.00 of 20.00 USD) for budget all, model gpt-4o',
      '[warning] High budget use detected (77.0%, 15.40 of 20.00 USD) for budget all, model o3',
      '[warning] Budgeted calls without a price detected (4) for budget all, model o3',
    ]);
    expect(active.map(({ text }) => text)).toEqual(alerts);
  });

  it('tell the amounts of the time in messages and in the history, and those of the end at the end', async () => {
    const fleet = fleetWith();
    fleet.budgets = [{ ...level('', 80, '800 of 1000 tokens'), labels: { budget: 'all' } }];
    await fleet.pass(10);
    // The period is over, or the limit was raised.
    fleet.budgets = [{ ...level('', 40, '800 of 2000 tokens'), labels: { budget: 'all' } }];
    await fleet.pass(700);
    const expected = [
      '[warning] High budget use detected (80.0%, 800 of 1000 tokens) for budget all',
      '[warning] High budget use detected (40.0%, 800 of 2000 tokens) for budget all',
    ];
    expect(fleet.told.flatMap(({ alerts }) => alerts.map(({ text }) => text))).toEqual(expected);
    const history = await fleet.one.alerts.history(1);
    expect(history.map(({ text }) => text)).toEqual([...expected].reverse());
  });

  it('do without amounts where those are unknown', async () => {
    const fleet = fleetWith();
    fleet.budgets = [{ ...level('o3', 80, ''), usedOfLimit: null }];
    await fleet.pass(10);
    expect((await fleet.now()).alerts).toEqual(['[warning] High budget use detected (80.0%) for budget all, model o3']);
  });
});
