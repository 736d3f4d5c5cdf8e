import fc from 'fast-check';
import { money, moneyOf, nanoUsd, perMany } from './money.js';

const visible = (amount: string | null): string => money(amount).text.replaceAll('\u202f', ' ');

describe('money', () => {
  it.each([
    ['41.270000000', '$ 41.27'],
    ['0.004100000', '$ 0.0041'],
    ['0.110000000', '$ 0.11'],
    ['0.012749000', '$ 0.0127'],
    ['0.000132450', '$ 0.000132'],
    ['0.000000012', '$ 0.000000012'],
    ['1284.105000000', '$ 1 284.11'],
    ['0.995000000', '$ 1.00'],
    ['0.000000000', '$ 0'],
    ['-3.500000000', '−$ 3.50'],
    [null, '–'],
    ['not an amount', '–'],
  ])('of %s has the digits that say something', (amount, text) => {
    expect(visible(amount)).toBe(text);
  });

  it('is exact beside, beyond what a float can hold', () => {
    expect(money('9007199254740993.123456789').exact).toBe('9007199254740993.123456789 USD');
  });

  it('is read without loss', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (value) => {
        const exact = moneyOf(value).exact!.replace(' USD', '');
        expect(nanoUsd(exact)).toBe(value);
      }),
    );
  });

  it('is never shown further off than half a cent, or half of its third digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n }), (value) => {
        const shown = Number(moneyOf(value).text.replace(/[^\d.]/g, ''));
        const amount = Number(value) / 1e9;
        expect(Math.abs(shown - amount)).toBeLessThanOrEqual(
          Math.max(amount * 0.0051, amount >= 0.0995 ? 0.00501 : 5e-10),
        );
      }),
    );
  });

  it('is divided to the nano-USD, half up, and not by nothing', () => {
    expect(perMany('10.000000000', 1000, 3)).toBe('3333.333333333');
    expect(perMany('0.000000001', 1, 2)).toBe('0.000000001');
    expect(perMany('1.000000000', 1, 0)).toBeNull();
    expect(perMany(null, 1000, 5)).toBeNull();
  });
});
