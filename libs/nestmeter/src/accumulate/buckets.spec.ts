import fc from 'fast-check';
import { bucketBound, bucketIndex, Buckets, bucketValue, highestIndex, lowestIndex } from './buckets.js';
import { saturation } from './counter.js';
import { VarintReader, VarintWriter } from './varint.js';

const cells = (buckets: Buckets): [number, number][] => {
  const found: [number, number][] = [];
  buckets.forEach((index, count) => void found.push([index, count]));
  return found;
};

const filled = (counts: readonly (readonly [number, number])[]): Buckets => {
  const buckets = new Buckets();
  for (const [index, count] of counts) buckets.add(index, count);
  return buckets;
};

const written = (buckets: Buckets): Buffer => {
  const writer = new VarintWriter();
  buckets.write(writer);
  return writer.take();
};

const index = fc.integer({ min: lowestIndex, max: highestIndex });
const near = fc.integer({ min: -40, max: 40 });
const count = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 33 }), fc.constant(saturation));
const counts = fc.array(fc.tuple(fc.oneof(index, near), count), { maxLength: 60 });

describe('the grid', () => {
  it('puts a value into the bucket whose bounds enclose it', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (value) => {
        const found = bucketIndex(Math.log2(value));
        expect(bucketBound(found) * (1 - 1e-12)).toBeLessThanOrEqual(value);
        expect(bucketBound(found + 1) * (1 + 1e-12)).toBeGreaterThanOrEqual(value);
      }),
    );
  });

  it('includes the upper bound of a bucket and excludes the lower', () => {
    expect(bucketIndex(0)).toBe(-1);
    expect(bucketIndex(1)).toBe(31);
    expect(bucketIndex(Math.log2(1.000001))).toBe(0);
  });

  it('stands for its values within 1.1 %', () => {
    for (let at = lowestIndex; at <= highestIndex; at++) {
      expect(Math.abs(bucketValue(at) / bucketBound(at) - 1)).toBeLessThan(0.011);
      expect(Math.abs(bucketValue(at) / bucketBound(at + 1) - 1)).toBeLessThan(0.011);
    }
  });

  it('keeps values beyond its ends in the outermost buckets', () => {
    expect(bucketIndex(-1000)).toBe(lowestIndex);
    expect(bucketIndex(1023)).toBe(highestIndex);
  });
});

describe('Buckets', () => {
  it('promote cells from 8 to 16, 32 and 64 bits exactly at their bounds', () => {
    const buckets = filled([[0, 255]]);
    const widths = [buckets.bytes / 16];
    for (const limit of [0xff, 0xffff, 0xffffffff]) {
      buckets.add(0, limit - cells(buckets)[0]![1]);
      expect(buckets.bytes / 16).toBe(widths.at(-1));
      buckets.add(0);
      widths.push(buckets.bytes / 16);
      expect(cells(buckets)).toEqual([[0, limit + 1]]);
    }
    expect(widths).toEqual([1, 2, 4, 8]);
  });

  it('saturate at 2^53 − 1', () => {
    const buckets = filled([[0, saturation]]);
    buckets.add(0, 5);
    buckets.merge(filled([[0, saturation], [1, 1]])); // prettier-ignore
    expect(cells(buckets)).toEqual([
      [0, saturation],
      [1, 1],
    ]);
  });

  it('merge commutatively and associatively, with the empty ones as zero, and leave their arguments as they are', () => {
    fc.assert(
      fc.property(counts, counts, counts, (a, b, c) => {
        const sum = (...parts: (typeof a)[]): [number, number][] => {
          const whole = new Buckets();
          for (const part of parts) whole.merge(filled(part));
          return cells(whole);
        };
        expect(sum(a, b)).toEqual(sum(b, a));
        const right = filled(b);
        right.merge(filled(c));
        const nested = filled(a);
        nested.merge(right);
        expect(cells(nested)).toEqual(sum(a, b, c));
        expect(sum(a, [])).toEqual(cells(filled(a)));
        const source = filled(b);
        filled(a).merge(source);
        expect(cells(source)).toEqual(cells(filled(b)));
      }),
    );
  });

  it('read what they wrote, into empty ones and into others', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const reader = new VarintReader(written(filled(a)));
        const read = new Buckets();
        const total = read.read(reader);
        reader.finish();
        expect(cells(read)).toEqual(cells(filled(a)));
        expect(total).toBe(cells(read).reduce((sum, [, by]) => sum + by, 0));
        const into = filled(b);
        into.read(new VarintReader(written(filled(a))));
        const merged = filled(b);
        merged.merge(filled(a));
        expect(cells(into)).toEqual(cells(merged));
      }),
    );
  });

  it('refuse to read buckets beyond the grid', () => {
    const refuse = (write: (writer: VarintWriter) => void): void => {
      const writer = new VarintWriter();
      write(writer);
      expect(() => new Buckets().read(new VarintReader(writer.take()))).toThrow(RangeError);
    };
    refuse((writer) => (writer.write(2 * 1), writer.writeSigned(9999), writer.write(1)));
    refuse((writer) => (writer.write(2 * 5000 + 1), writer.writeSigned(lowestIndex), writer.write(1)));
    refuse((writer) => (writer.write(1), writer.writeSigned(0)));
    refuse((writer) => writer.write(Number.MAX_SAFE_INTEGER - 1));
  });
});
