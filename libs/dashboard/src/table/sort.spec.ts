import fc from 'fast-check';
import { parseOrder, printOrder, sorted } from './sort.js';

const value = fc.option(fc.oneof(fc.integer(), fc.bigInt({ min: -9n, max: 9n })));

interface Row {
  readonly by: number | bigint | null;
  readonly at: number;
}

/** Whether a row may stand before the next one. */
function isInOrder(row: Row, next: Row, descending: boolean): boolean {
  if (row.by === null || next.by === null) return next.by === null && (row.by !== null || row.at < next.at);
  if (row.by === next.by) return row.at < next.at;
  return descending ? row.by >= next.by : row.by <= next.by;
}

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
        const pairs = result.slice(1).map((next, at) => [result[at]!, next] as const);
        expect(pairs.filter(([row, next]) => !isInOrder(row, next, descending))).toEqual([]);
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
