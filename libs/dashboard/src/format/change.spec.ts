import { pointChange, relativeChange } from './change.js';

const visible = (change: { text: string; direction: string } | null) =>
  change === null ? null : `${change.text.replaceAll('\u202f', ' ')} ${change.direction}`;

describe('changes', () => {
  it.each([
    [106.2, 100, '+6.2 % up'],
    [121, 100, '+21 % up'],
    [100, 100, '±0 % same'],
    [101, 100, '+1.0 % same'],
    [40, 100, '−60 % down'],
    [0, 100, '−100 % down'],
    [2400, 100, '24 × up'],
    [5, 0, 'from 0 up'],
    [0, 0, '±0 % same'],
  ])('of %d from %d are in percent of what was', (now, before, text) => {
    expect(visible(relativeChange(now, before))).toBe(text);
  });

  it('of shares are in percentage points', () => {
    expect(visible(pointChange(0.84, 1.14))).toBe('−0.3 pp down');
    expect(visible(pointChange(52, 40.5))).toBe('+12 pp up');
    expect(visible(pointChange(1, 1.001))).toBe('±0 pp same');
  });

  it('are unknown when either side is', () => {
    expect([relativeChange(null, 1), relativeChange(1, null), pointChange(null, 1)]).toEqual([null, null, null]);
  });
});
