import fc from 'fast-check';
import { parseOrder, printOrder, sorted } from './sort.js';

const value = fc.option(fc.oneof(fc.integer(), fc.bigInt({ min: -9n, max: 9n })));

describe('the order of a table', () => {
  it('has unknown values last, whichever way it goes', () => {
    const rows = [{ by: 2 }, { by: null }, { by: 3 }, { by: undefined }, { by: 1 }];
    const by = (row: (typeof rows)[number]) => row.by;
    expect(sorted(rows, by, false).map(by)).toEqual([1, 2, 3, null, undefined]);
    expect(sorted(rows, by, true).map(by)).toEqual([3, 2, 1, null, undefined]);
  });

  it('leaves equal rows as they were and its argument alone', () => {
    fc.assert(
      fc.property(fc.array(value), fc.boolean(), (values, descending) => {
        const rows = values.map((by, at) => ({ by, at }));
        const before = [...rows];
        const result = sorted(rows, ({ by }) => by, descending);
        expect(rows).toEqual(before);
        for (const [at, row] of result.entries()) {
          const next = result[at + 1];
          if (next === undefined) continue;
          if (row.by === null || next.by === null) expect(next.by).toBeNull();
          else expect(descending ? row.by >= next.by : row.by <= next.by).toBe(true);
          if (row.by == next.by) expect(row.at).toBeLessThan(next.at);
        }
      }),
    );
  });

  it('compares amounts of money beyond what a float tells apart', () => {
    const [small, large] = [9_007_199_254_740_992n, 9_007_199_254_740_993n];
    expect(sorted([small, large], (amount) => amount, true)).toEqual([large, small]);
  });

  it('is read from an address as it was written, and unknown columns are none', () => {
    const keys = ['name', 'p95'];
    for (const order of [
      { key: 'p95', descending: true },
      { key: 'name', descending: false },
    ])
      expect(parseOrder(printOrder(order), keys)).toEqual(order);
    expect([parseOrder('x', keys), parseOrder(undefined, keys), parseOrder('-', keys)]).toEqual([null, null, null]);
  });
});
