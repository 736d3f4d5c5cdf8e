import { entryOf, perMinute, ratesOf, valuesOf } from './stretch.js';

const head = (since: number | null) => ({
  window: { requested: '1h', from: 0, to: 300, slot_seconds: 100, data_since: since },
});
const series = [0, 100, 200].map((from) => ({ from, to: from + 100, many: from }));

describe('parts of a window', () => {
  it('are unknown before there were any data, and zero only where zero was counted', () => {
    expect(valuesOf(series, head(null), ({ many }) => many)).toEqual([0, 100, 200]);
    expect(valuesOf(series, head(100), ({ many }) => many)).toEqual([null, 100, 200]);
    expect(valuesOf(series, head(150), ({ many }) => many)).toEqual([null, 100, 200]);
    expect(valuesOf(undefined, head(null), () => 1)).toEqual([]);
  });

  it('have rates per minute, but none of what is unknown or of a part that has only just begun', () => {
    const rates = (last: number, many: (part: { many: number }) => number | null) =>
      ratesOf([...series, { from: 300, to: 300 + last, many: 9 }], head(null), many);
    expect(rates(10, ({ many }) => many)).toEqual([0, 60, 120, null]);
    expect(rates(50, ({ many }) => many)[3]).toBeCloseTo(10.8, 9);
    expect(rates(50, () => null)).toEqual([null, null, null, null]);
    expect(ratesOf([{ from: 5, to: 5 }], head(null), () => 1)).toEqual([null]);
  });

  it('have rates over the time of which there are data, as the whole window has', () => {
    expect(ratesOf(series, head(150), ({ many }) => many)).toEqual([null, 120, 120]);
    // The first part of a young store is not empty on a page that was just opened.
    expect(ratesOf(series, head(280), ({ many }) => many)).toEqual([null, null, 600]);
    expect(perMinute(10, head(150))).toBe(4);
    expect([head(-150), head(null)].map((whole) => perMinute(10, whole))).toEqual([2, 2]);
    // A window that lies before all data, or ends as they begin.
    expect([head(400), head(300)].map((none) => perMinute(0, none))).toEqual([null, null]);
  });

  it('know that nothing was counted under a name only where all names are told apart', () => {
    expect(entryOf({ a: 1 }, 'a', 0)).toBe(1);
    expect(entryOf({ a: 1 }, 'b', 0)).toBe(0);
    expect(entryOf({ a: 1, __other__: 5 }, 'b', 0)).toBeNull();
    expect(entryOf({}, 'toString', 0)).toBe(0);
  });
});
