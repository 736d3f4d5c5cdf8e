import fc from 'fast-check';
import { compact, count, decimal, digits, grouped } from './number.js';

/** Without the narrow spaces, which are hard to see. */
const visible = ({ text, unit }: { text: string; unit: string }): string =>
  `${text} ${unit}`.replaceAll('\u202f', '_').trim();

describe('numbers', () => {
  it('are grouped by thousands, with a sign that is as wide as a plus', () => {
    expect(
      ['0', '999', '1000', '31077', '1234567.891', '-4200'].map((text) => grouped(text).replaceAll('\u202f', '_')),
    ).toEqual(['0', '999', '1_000', '31_077', '1_234_567.891', '−4_200']);
  });

  it('are unknown when they are null, never zero', () => {
    for (const shown of [count(null), compact(undefined), decimal(null)])
      expect(shown).toMatchObject({ text: '–', exact: 'unknown' });
  });

  it.each([
    [0, '0'],
    [9999, '9_999'],
    [10_000, '10_k'],
    [831_204, '831_k'],
    [999_499, '999_k'],
    [999_700, '1_M'],
    [9_142_000, '9.14_M'],
    [2_500_000_000, '2.5_G'],
    [7.2e13, '72_T'],
  ])('are short when they are large: %d', (value, text) => {
    expect(visible(compact(value))).toBe(text);
  });

  it('keep their exact value beside', () => {
    expect(compact(831_204).exact!.replaceAll('\u202f', '_')).toBe('831_204');
  });

  it.each([
    [0.581, '0.581'],
    [8.7213, '8.72'],
    [98.79, '98.8'],
    [447.7, '448'],
    [0.000031, '0.000031'],
  ])('have three digits that say something: %d', (value, text) => {
    expect(visible(decimal(value))).toBe(text);
  });

  it('are never shown with an exponent, nor further from the truth than half of their last digit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (value) => {
        const text = digits(value, 3);
        expect(text).toMatch(/^\d+(\.\d+)?$/);
        expect(Math.abs(Number(text) / value - 1)).toBeLessThan(0.0051);
      }),
    );
  });
});
