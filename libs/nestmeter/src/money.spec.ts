import fc from 'fast-check';
import { formatNanoUsd, nanoUsdToNumber, readDecimal, readNanoUsd } from './money.js';

describe('formatNanoUsd', () => {
  it.each([
    [0, '0.000000000'],
    [1, '0.000000001'],
    [4_200_000, '0.004200000'],
    [1_000_000_000, '1.000000000'],
    [-250_000_000, '-0.250000000'],
    [Number.MAX_SAFE_INTEGER, '9007199.254740991'],
    [123_456_789_012_345_678_901n, '123456789012.345678901'],
  ])('writes %d nano-USD as %s', (nanoUsd, text) => {
    expect(formatNanoUsd(nanoUsd)).toBe(text);
  });

  it('is undone by readNanoUsd', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 21n - 1n }), (nanoUsd) => {
        expect(BigInt(readNanoUsd(formatNanoUsd(nanoUsd)) ?? -1)).toBe(nanoUsd);
      }),
    );
  });
});

describe('readNanoUsd', () => {
  it.each([
    [0, 0],
    ['0', 0],
    ['12', 12_000_000_000],
    ['1.', 1_000_000_000],
    ['0.0042', 4_200_000],
    ['007.5', 7_500_000_000],
    [0.1, 100_000_000],
    [1e-9, 1],
    [1.5e-7, 150],
    [1e-30, 0],
    [0.00020999999999999998, 210_000],
    ['0.0000000005', 1],
    ['0.00000000049999', 0],
    ['9007199.254740991', Number.MAX_SAFE_INTEGER],
    ['9007199.254740992', 9_007_199_254_740_992n],
    [123_456_789_012, 123_456_789_012_000_000_000n],
  ])('reads %p as %p', (value, nanoUsd) => {
    expect(readNanoUsd(value)).toBe(nanoUsd);
  });

  it('reads a number as the decimal that JavaScript prints for it', () => {
    const amounts = fc.oneof(
      fc.double({ min: 0, max: 20_000, noNaN: true }),
      // On the middle of two nano-USD, or next to it.
      fc.nat(1e9).map((half) => (2 * half + 1) / 2e9),
      fc.integer({ min: 0, max: 2 ** 45 }).map((nanoUsd) => nanoUsd / 1e9),
    );
    fc.assert(
      fc.property(amounts, (usd) => expect(readNanoUsd(usd)).toBe(Number(readDecimal(usd, 9)))),
      { numRuns: 5000 },
    );
  });

  it.each([
    -1,
    '-1',
    Number.NaN,
    Infinity,
    '',
    ' 1',
    '1,5',
    '0x10',
    '$3',
    '.5',
    '1e',
    1e21,
    '1000000000000',
    '1'.repeat(100),
    '1e999',
    null,
    undefined,
    3n,
    true,
    {},
    [1],
  ])('refuses %p', (value) => {
    expect(readNanoUsd(value)).toBeNull();
  });
});

describe('readDecimal', () => {
  it('agrees with integer arithmetic on any decimal', () => {
    const digits = fc.nat({ max: 12 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }), fc.nat({ max: 12 }), digits, (value, places, kept) => {
        const padded = value.toString().padStart(places + 1, '0');
        const text = places === 0 ? padded : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
        const numerator = value * 10n ** BigInt(kept);
        const denominator = 10n ** BigInt(places);
        expect(readDecimal(text, kept)).toBe((2n * numerator + denominator) / (2n * denominator));
      }),
    );
  });
});

describe('nanoUsdToNumber', () => {
  it('gives USD for display', () => {
    expect(nanoUsdToNumber(4_200_000)).toBe(0.0042);
    expect(nanoUsdToNumber(10n ** 18n)).toBe(1e9);
  });
});
