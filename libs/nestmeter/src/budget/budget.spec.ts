import { defaultTiers } from '../time-slot.js';
import { type BudgetInput, budgetProblems, budgetsOption, defineBudget } from './budget.js';

const daily: BudgetInput = { name: 'daily', limitUsd: 1, period: 'day' };

function define(input: BudgetInput) {
  return defineBudget(budgetsOption.parse([input])[0]!);
}

function problems(...inputs: BudgetInput[]): string[] {
  const given = { tags: ['tenant', 'team'], tiers: defaultTiers };
  return budgetProblems(budgetsOption.parse(inputs), given).map(({ path }) => path);
}

describe('a budget', () => {
  it('warns at 75 percent, refuses nothing and lets pass what it does not know, unless told otherwise', () => {
    expect(define(daily)).toEqual({
      name: 'daily',
      unit: 'usd',
      limit: 1_000_000_000,
      period: { kind: 'day' },
      filters: [],
      tag: null,
      each: null,
      warningPercent: 75,
      hardStop: false,
      strict: false,
      refusesUnpriced: false,
      failsClosed: false,
      estimate: 0,
    });
  });

  it('is exact in nano-USD, whether its limit is a number or text', () => {
    expect(define({ ...daily, limitUsd: 0.1 }).limit).toBe(100_000_000);
    expect(define({ ...daily, limitUsd: '0.000000001' }).limit).toBe(1);
    expect(define({ ...daily, limitUsd: '8999999.999999999' }).limit).toBe(8_999_999_999_999_999);
  });

  it('with strict fails closed, and takes estimates of its own unit', () => {
    const strict = { ...daily, hardStop: true, strict: true, estimateUsd: '0.02' };
    expect(define(strict)).toMatchObject({ failsClosed: true, estimate: 20_000_000 });
    expect(define({ ...strict, onStoreOutage: 'allow' }).failsClosed).toBe(false);
  });

  it('goes by a tag where per or each names one', () => {
    expect(define({ ...daily, each: 'tenant' })).toMatchObject({ tag: 'tenant', each: 'tenant' });
    expect(define({ ...daily, per: { tag: { team: 'a*' } } })).toMatchObject({
      tag: 'team',
      filters: [{ label: 'team', value: 'a', isPrefix: true }],
    });
  });

  it.each<[string, Partial<BudgetInput>]>([
    ['a name with a space', { name: 'my budget' }],
    ['no limit worth the name', { limitUsd: 0 }],
    ['more than sums can hold', { limitUsd: 9_000_001 }],
    ['text that is no amount', { limitUsd: 'one dollar' }],
    ['fractions of tokens', { limitUsd: undefined, limitTokens: 1.5 }],
    ['a warning past the limit', { warningPercent: 101 }],
    ['two tags', { per: { tag: { a: '1', b: '2' } } }],
  ])('is refused with %s', (_, change) => {
    expect(budgetsOption.safeParse([{ ...daily, ...change }]).success).toBe(false);
  });

  it.each<[string, BudgetInput, string[]]>([
    ['no limit', { name: 'a', period: 'day' }, ['budgets[0].limitUsd']],
    ['two limits', { ...daily, limitTokens: 5 }, ['budgets[0].limitUsd']],
    ['no period', { name: 'a', limitUsd: 1 }, ['budgets[0].period']],
    ['an unknown label', { ...daily, each: 'user' }, ['budgets[0].each']],
    ['an unknown tag', { ...daily, per: { tag: { user: 'x' } } }, ['budgets[0].per']],
    ['a tag beside a provider', { ...daily, per: { provider: 'openai', tag: { team: 'x' } } }, ['budgets[0].per']],
    ['each of a tag that alerts could not tell from the budget', { ...daily, each: 'budget' }, ['budgets[0].each']],
    ['each of a tag for a provider', { ...daily, each: 'team', per: { provider: 'openai' } }, ['budgets[0].each']],
    ['strict without more', { ...daily, strict: true }, ['budgets[0].hardStop', 'budgets[0].estimateUsd']],
    ['an estimate without strict', { ...daily, hardStop: true, estimateUsd: '0.02' }, ['budgets[0].estimateUsd']],
    [
      'an estimate in tokens without strict',
      { name: 'a', limitTokens: 5, period: 'day', strict: false, estimateTokens: 1 },
      ['budgets[0].estimateTokens'],
    ],
    [
      'an estimate in the unit that the limit is not in',
      { ...daily, hardStop: true, strict: true, estimateUsd: 0.02, estimateTokens: 1 },
      ['budgets[0].estimateTokens'],
    ],
    [
      'strict over a rolling window',
      { name: 'a', limitTokens: 5, rollingSeconds: 3600, strict: true, hardStop: true, estimateTokens: 1 },
      ['budgets[0].strict'],
    ],
  ])('names what is wrong with %s', (_, input, paths) => {
    expect(problems(input)).toEqual(paths);
  });

  it('is one of at most 50 of different names', () => {
    expect(budgetsOption.safeParse([daily, daily]).success).toBe(false);
    const many = Array.from({ length: 51 }, (_, number) => ({ ...daily, name: `b${number}` }));
    expect(budgetsOption.safeParse(many).success).toBe(false);
    expect(budgetsOption.safeParse(many.slice(1)).success).toBe(true);
  });
});
