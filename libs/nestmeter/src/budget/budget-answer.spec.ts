import { usedOfLimit } from './budget-answer.js';

const none = { used_cost_usd: null, limit_cost_usd: null, used_tokens: null, limit_tokens: null };

describe('what is used of a limit', () => {
  it.each([
    ['15.400000000', '20.000000000', '15.40 of 20.00 USD'],
    ['0.000000000', '0.100000000', '0.00 of 0.10 USD'],
    ['0.123456789', '20.005000000', '0.123 of 20.005 USD'],
    ['0.000000110', '0.000000100', '0.0000001 of 0.0000001 USD'],
    ['8999999.999999999', '9000000.000000000', '8999999.99 of 9000000.00 USD'],
  ])('is told with as many digits as the limit, cut off: %s of %s', (used, limit, text) => {
    expect(usedOfLimit({ ...none, used_cost_usd: used, limit_cost_usd: limit })).toBe(text);
  });

  it('is told in tokens for budgets in tokens, and not at all while it is unknown', () => {
    expect(usedOfLimit({ ...none, used_tokens: 1_100_000, limit_tokens: 1_000_000 })).toBe('1100000 of 1000000 tokens');
    expect(usedOfLimit({ ...none, limit_tokens: 5 })).toBeNull();
    expect(usedOfLimit({ ...none, limit_cost_usd: '5.000000000' })).toBeNull();
  });
});
