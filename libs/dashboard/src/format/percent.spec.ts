import fc from 'fast-check';
import { percent, wholePercent } from './percent.js';

describe('percentages', () => {
  it.each([
    [0, '0'],
    [0.004, '<0.01'],
    [0.84, '0.84'],
    [4.1, '4.1'],
    [42.26, '42.3'],
    [99.1, '99.1'],
    [99.97, '99.97'],
    [99.9999, '99.99'],
    [100, '100'],
    [416.42, '416.4'],
    [null, '–'],
  ])('are shown as %s', (value, text) => {
    expect(percent(value).text).toBe(text);
  });

  it('are all only when it is all, and nothing only when it is nothing', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100, noNaN: true, minExcluded: true, maxExcluded: true }), (value) => {
        for (const { text } of [percent(value), wholePercent(value)])
          expect(['0', '0.0', '100', '100.0']).not.toContain(text);
      }),
    );
  });
});
