import { entryOf, perMinute, valuesOf } from './stretch.js';

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

  it('are unknown while they have only just begun', () => {
    const begun = [...series, { from: 300, to: 310, many: 9 }];
    expect(valuesOf(begun, head(null), ({ many }) => many)).toEqual([0, 100, 200, null]);
    expect(valuesOf([...series, { from: 300, to: 350, many: 9 }], head(null), ({ many }) => many)[3]).toBe(9);
  });

  it('have rates per minute; unknown stays unknown, and a part without length has none', () => {
    expect(perMinute(50, { from: 0, to: 100 })).toBe(30);
    expect([perMinute(null, { from: 0, to: 100 }), perMinute(1, { from: 5, to: 5 })]).toEqual([null, null]);
  });

  it('know that nothing was counted under a name only where all names are told apart', () => {
    expect(entryOf({ a: 1 }, 'a', 0)).toBe(1);
    expect(entryOf({ a: 1 }, 'b', 0)).toBe(0);
    expect(entryOf({ a: 1, __other__: 5 }, 'b', 0)).toBeNull();
    expect(entryOf({}, 'toString', 0)).toBe(0);
  });
});
