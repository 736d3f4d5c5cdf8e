import { saturation } from './counter.js';
import type { VarintReader, VarintWriter } from './varint.js';

/** Buckets per doubling: base 2^(1/32), scale 5 of OpenTelemetry, schema 5 of Prometheus native histograms. */
export const bucketsPerDoubling = 32;

/** Index of the lowest bucket, (2^-20, …]: about a microsecond in seconds. Smaller positive values fall into it. */
export const lowestIndex = -20 * bucketsPerDoubling;
/** Index of the highest bucket, which ends at 2^53. */
export const highestIndex = 53 * bucketsPerDoubling - 1;

/** Lower bound (exclusive) of a bucket; its upper bound (inclusive) is that of the next one. */
export function bucketBound(index: number): number {
  return 2 ** (index / bucketsPerDoubling);
}

/**
 * The value that stands for a bucket: the one whose relative error to both bounds is the same,
 * (base − 1) ÷ (base + 1) = 1.083 %.
 */
export function bucketValue(index: number): number {
  const low = bucketBound(index);
  const high = bucketBound(index + 1);
  return (2 * low * high) / (low + high);
}

/** Index of the bucket for a value whose base-2 logarithm is given. */
export function bucketIndex(log2: number): number {
  const index = Math.ceil(log2 * bucketsPerDoubling) - 1;
  return index < lowestIndex ? lowestIndex : index > highestIndex ? highestIndex : index;
}

type Counts = Uint8Array | Uint16Array | Uint32Array | Float64Array;

const none = new Uint8Array(0);
const step = 16;

/**
 * Counts per bucket: a window of the grid that grows with what falls into it, in cells as wide as the largest count
 * needs (1, 2, 4 or 8 bytes). A typical slot fits a few hundred bytes; the whole grid has 2,336 cells.
 */
export class Buckets {
  /** Index of the first cell. */
  #start = 0;
  #counts: Counts = none;
  #ceiling = 0xff;

  /** Counts `by` values in a bucket. @param index between {@link lowestIndex} and {@link highestIndex} */
  add(index: number, by = 1): void {
    let cell = index - this.#start;
    if (cell < 0 || cell >= this.#counts.length) {
      this.#reach(index, index);
      cell = index - this.#start;
    }
    const sum = this.#counts[cell]! + by;
    if (sum > this.#ceiling) this.#widen(sum);
    this.#counts[cell] = sum > saturation ? saturation : sum;
  }

  /** Adds all counts of `source`, which stays as it is. */
  merge(source: Buckets): void {
    const from = source.#counts;
    if (from.length === 0) return;
    this.#reach(source.#start, source.#start + from.length - 1);
    const shift = source.#start - this.#start;
    for (let cell = 0; cell < from.length; cell++) {
      const count = from[cell]!;
      if (count === 0) continue;
      const sum = this.#counts[cell + shift]! + count;
      if (sum > this.#ceiling) this.#widen(sum);
      this.#counts[cell + shift] = sum > saturation ? saturation : sum;
    }
  }

  /** Calls back for each bucket that holds something, lowest first; stops early when told `false`. */
  forEach(visit: (index: number, count: number) => boolean | void): void {
    for (let cell = 0; cell < this.#counts.length; cell++) {
      const count = this.#counts[cell]!;
      if (count > 0 && visit(this.#start + cell, count) === false) return;
    }
  }

  /** Memory of the cells, in bytes. */
  get bytes(): number {
    return this.#counts.byteLength;
  }

  /** Writes the number of buckets in use, then each as its distance to the one before and its count. */
  write(writer: VarintWriter): void {
    let used = 0;
    this.forEach(() => void used++);
    writer.write(used);
    let previous = 0;
    this.forEach((index, count) => {
      writer.writeSigned(index - previous);
      writer.write(count);
      previous = index;
    });
  }

  /** Adds what {@link write} wrote. Throws a RangeError on anything else. */
  read(reader: VarintReader): void {
    let index = 0;
    for (let left = reader.read(); left > 0; left--) {
      index += reader.readSigned();
      if (!(index >= lowestIndex && index <= highestIndex)) throw new RangeError('a bucket must lie on the grid');
      this.add(index, reader.read());
    }
  }

  #reach(first: number, last: number): void {
    const counts = this.#counts;
    if (counts.length > 0 && first >= this.#start && last < this.#start + counts.length) return;
    const low = counts.length === 0 ? first : Math.min(first, this.#start);
    const high = counts.length === 0 ? last : Math.max(last, this.#start + counts.length - 1);
    const start = Math.floor(low / step) * step;
    const grown = new (counts.constructor as new (length: number) => Counts)(
      Math.ceil((high + 1 - start) / step) * step,
    );
    grown.set(counts, counts.length === 0 ? 0 : this.#start - start);
    this.#start = start;
    this.#counts = grown;
  }

  #widen(count: number): void {
    const [Wider, ceiling] =
      count <= 0xffff
        ? ([Uint16Array, 0xffff] as const)
        : count <= 0xffffffff
          ? ([Uint32Array, 0xffffffff] as const)
          : ([Float64Array, Infinity] as const);
    this.#counts = new Wider(this.#counts);
    this.#ceiling = ceiling;
  }
}
