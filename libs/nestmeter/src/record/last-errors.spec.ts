import { cleanLabel } from '../accumulate/labels.js';
import { LastErrors } from './last-errors.js';

describe('the last errors of providers', () => {
  it('has the last message of each provider and category', () => {
    const errors = new LastErrors();
    errors.note('openai', 'rate_limit', 'Limit 3', 1000);
    errors.note('anthropic', 'rate_limit', 'Too many requests', 2000);
    errors.note('openai', 'rate_limit', 'Limit 5', 3000);
    expect(errors.list()).toEqual([
      { provider: 'anthropic', category: 'rate_limit', message: 'Too many requests', atMs: 2000 },
      { provider: 'openai', category: 'rate_limit', message: 'Limit 5', atMs: 3000 },
    ]);
  });

  it('has names of providers as labels are, and nothing of a name that is refused as a label', () => {
    const errors = new LastErrors();
    errors.note('p'.repeat(1e6), 'server_error', 'no', 1);
    errors.note('__other__', 'server_error', 'no', 2);
    expect(errors.list().map(({ provider }) => provider)).toEqual([cleanLabel('p'.repeat(1e6))]);
  });

  it('keeps the twenty most recent of any number of providers', () => {
    const errors = new LastErrors();
    for (let index = 0; index < 1000; index++) errors.note(`p${index}`, 'server_error', 'no', index);
    expect(errors.list().map(({ atMs }) => atMs)).toEqual(Array.from({ length: 20 }, (_, index) => 980 + index));
  });
});
