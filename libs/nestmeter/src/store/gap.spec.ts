import fc from 'fast-check';
import {
  addGaps,
  decodeGaps,
  encodeGaps,
  type GapRecord,
  joinSpans,
  mostGapRecords,
  unpublishedSpan,
  wordsOf,
} from './gap.js';

const span = fc
  .tuple(fc.nat(1000), fc.integer({ min: 1, max: 50 }), fc.constantFrom('a', 'b'))
  .map(([from, length, kind]) => ({ from, to: from + length, kind }));
const covers = (spans: readonly { from: number; to: number; kind: string }[], one: (typeof spans)[number]): boolean =>
  spans.some(({ from, to, kind }) => kind === one.kind && from <= one.from && one.to <= to);

describe('joined spans', () => {
  it('cover all that was given, are few, in order, and never of two kinds', () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 60 }), fc.integer({ min: 2, max: 20 }), (given, most) => {
        const joined = joinSpans(given, most, ({ kind }) => kind);
        expect(joined.length).toBeLessThanOrEqual(most);
        for (const one of given) expect(covers(joined, one)).toBe(true);
        expect(joined.map(({ from }) => from)).toEqual(joined.map(({ from }) => from).sort((a, b) => a - b));
      }),
    );
  });

  it('cover nothing else while there is room, and do not change when joined again', () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 60 }), (given) => {
        const joined = joinSpans(given, 1000, ({ kind }) => kind);
        for (const { from, to, kind } of joined)
          for (let at = from; at < to; at++)
            expect(given.some((one) => one.kind === kind && one.from <= at && at < one.to)).toBe(true);
        expect(joinSpans(joined, 1000, ({ kind }) => kind)).toEqual(joined);
      }),
    );
  });
});

describe('gap records', () => {
  const gap = (from: number, more: Partial<GapRecord> = {}): GapRecord => ({ from, to: from + 10, slotSeconds: 10, reason: 'late', ...more }); // prettier-ignore

  it('are read as they were written, and what is no record is left out', () => {
    const gaps = [gap(1), gap(2.5, { slotSeconds: null, reason: 'store_emptied' })];
    expect(decodeGaps(encodeGaps(gaps))).toEqual(gaps);
    for (const broken of [
      '',
      'x',
      '{}',
      '[[1,2]]',
      '[[1,2,"x","late"]]',
      '[[1,2,10,"toString"]]',
      '[null]',
      '[["1",2,10,"late"]]',
    ])
      // prettier-ignore
      expect(decodeGaps(broken)).toEqual([]);
    expect(decodeGaps(`[[1,2,10,"No word"],[1,2,10,"${'a'.repeat(41)}"],[1,2,10,""],[1,11,10,"late"]]`)).toEqual([
      gap(1),
    ]);
  });

  it('of a later release are kept with their reason, also in a list that is written back, and said in general words', () => {
    const text = '[[1,11,10,"of_a_later_release"],[1,11,10,"constructor"]]';
    const gaps = decodeGaps(text);
    expect(gaps.map(({ reason }) => reason)).toEqual(['of_a_later_release', 'constructor']);
    expect(encodeGaps(gaps)).toBe(text);
    for (const { reason } of gaps) expect(wordsOf(reason)).toBe('a loss that another release noted');
    expect(wordsOf('late')).toBe('states that came after their slot was closed to writes');
  });

  it('are joined with those that are known and bounded; those that are over are left out', () => {
    expect(addGaps([gap(0)], [gap(10), gap(10, { slotSeconds: 120 })])).toEqual([
      gap(0, { to: 20 }),
      gap(10, { slotSeconds: 120 }),
    ]);
    expect(addGaps([gap(0), gap(100)], [], 50)).toEqual([gap(100)]);
    const many = Array.from({ length: 500 }, (_, index) => gap(index * 20));
    expect(addGaps([], many)).toHaveLength(mostGapRecords);
  });
});

describe('the time for which something may be unpublished', () => {
  it('ends after five minutes, or when nothing could be counted any more', () => {
    expect(unpublishedSpan(100, 10_000)).toEqual({ from: 100, to: 400 });
    expect(unpublishedSpan(100, 150)).toEqual({ from: 100, to: 150 });
    expect(unpublishedSpan(100, 50)).toEqual({ from: 100, to: 100 });
  });
});
