import { budgetsOption, defineBudget } from './budget.js';
import { noOverrides, overrideOf, overrideRequest, withOverride, withoutOverride } from './override.js';

const nowMs = Date.UTC(2026, 10, 22);
const now = nowMs / 1000;
const [usd, tokens] = budgetsOption
  .parse([
    { name: 'usd', limitUsd: 1, period: 'day' },
    { name: 'tokens', limitTokens: 1, period: 'day' },
  ])
  .map(defineBudget);
const make = (body: object, budget = usd!) => overrideOf(budget, overrideRequest.parse(body), { by: 'ann', nowMs });

describe('an override', () => {
  it('holds for an hour unless its end is given, in minutes or as a time', () => {
    expect(make({ limit_usd: '2.5', why: 'launch' })).toEqual({ budget: 'usd', limit: 2.5e9, until: now + 3600, by: 'ann', why: 'launch', atMs: nowMs }); // prettier-ignore
    expect(make({ limit_usd: 1, minutes: 5, why: 'x' }).until).toBe(now + 300);
    expect(make({ limit_tokens: 7, until: '2026-11-23T00:00:00Z', why: 'x' }, tokens)).toMatchObject({ limit: 7, until: now + 86_400 }); // prettier-ignore
  });

  it.each([
    ['a limit of the other unit', { limit_tokens: 5, why: 'x' }],
    ['both limits', { limit_usd: 1, limit_tokens: 5, why: 'x' }],
    ['an end in the past', { limit_usd: 1, until: now - 1, why: 'x' }],
    ['an end in two years', { limit_usd: 1, until: now + 2 * 366 * 86_400, why: 'x' }],
    ['two ends', { limit_usd: 1, until: now + 60, minutes: 5, why: 'x' }],
  ])('is refused with %s', (_, body) => {
    expect(() => make(body)).toThrow(expect.objectContaining({ code: 'NM_BODY_INVALID' }) as Error);
  });

  it('replaces that of the same budget, ends when it is taken back, and is kept in the changes', () => {
    const first = withOverride(noOverrides, make({ limit_usd: 2, why: 'one' }));
    const second = withOverride(withOverride(first, make({ limit_usd: 3, why: 'two' })), make({ limit_tokens: 9, why: 'x' }, tokens)); // prettier-ignore
    expect(second.overrides.map(({ budget, limit }) => [budget, limit])).toEqual([
      ['usd', 3e9],
      ['tokens', 9],
    ]);
    const ended = withoutOverride(second, 'usd', { by: 'bob', nowMs: nowMs + 1000 })!;
    expect(ended.overrides.map(({ budget }) => budget)).toEqual(['tokens']);
    expect(ended.changes.map(({ kind, by }) => [kind, by])).toEqual([['begun', 'ann'], ['begun', 'ann'], ['begun', 'ann'], ['ended', 'bob']]); // prettier-ignore
    expect(withoutOverride(ended, 'usd', { by: 'bob', nowMs })).toBeNull();
    expect(withoutOverride(second, 'usd', { by: 'bob', nowMs: nowMs + 3600_000 })).toBeNull();
  });

  it('leaves at most 100 changes', () => {
    let known = noOverrides;
    for (let count = 0; count < 150; count++) known = withOverride(known, make({ limit_usd: 2, why: String(count) }));
    expect([known.changes.length, known.changes.at(-1)!.why, known.overrides.length]).toEqual([100, '149', 1]);
  });
});
