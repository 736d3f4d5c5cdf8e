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
/** Cells to spare when reading widens a window: values of the next replica lie a little beyond those of this one. */
const spare = 2 * step;

/**
 * Counts per bucket: a window of the grid that grows with what falls into it, in cells as wide as the largest count
 * needs (1, 2, 4 or 8 bytes). A typical slot fits a few hundred bytes; the whole grid has 2,336 cells.
 */
export class Buckets {
  /** Index of the first cell. */
  #start = 0;
  #counts: Counts = none;
  /** The largest count that fits a cell. */
  #ceiling = 0xff;

  /** Counts `by` values in a bucket. @param index between {@link lowestIndex} and {@link highestIndex} */
  add(index: number, by = 1): void {
    let cell = index - this.#start;
    if (cell < 0 || cell >= this.#counts.length) {
      this.#reach(index, index);
      cell = index - this.#start;
    }
    let sum = this.#counts[cell]! + by;
    if (sum > this.#ceiling) sum = this.#widen(sum);
    this.#counts[cell] = sum;
  }

  /** Adds all counts of `source`, which stays as it is. */
  merge(source: Buckets): void {
    const from = source.#counts;
    if (from.length === 0) return;
    this.#reach(source.#start, source.#start + from.length - 1);
    const shift = source.#start - this.#start;
    let counts = this.#counts;
    let ceiling = this.#ceiling;
    for (let cell = 0; cell < from.length; cell++) {
      // Zeros are added too: a branch on them would be mispredicted so often that it costs more than adding.
      let sum = counts[cell + shift]! + from[cell]!;
      if (sum > ceiling) {
        sum = this.#widen(sum);
        counts = this.#counts;
        ceiling = this.#ceiling;
      }
      counts[cell + shift] = sum;
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

  /**
   * Writes 2 × a number, plus 1 when buckets lie close together. Close: the first bucket's index and as many counts from
   * there on. Else for each bucket in use: its distance to the one before, and its count.
   */
  write(writer: VarintWriter): void {
    const counts = this.#counts;
    let used = 0;
    let first = 0;
    let last = -1;
    for (let cell = 0; cell < counts.length; cell++) {
      if (counts[cell] === 0) continue;
      if (used++ === 0) first = cell;
      last = cell;
    }
    const span = last - first + 1;
    if (used > 0 && span <= 2 * used) {
      writer.write(2 * span + 1);
      writer.writeSigned(this.#start + first);
      for (let cell = first; cell <= last; cell++) writer.write(counts[cell]!);
      return;
    }
    writer.write(2 * used);
    let previous = 0;
    this.forEach((index, count) => {
      writer.writeSigned(index - previous);
      writer.write(count);
      previous = index;
    });
  }

  /** Adds what {@link write} wrote. Throws a RangeError on anything else. @returns the sum of the counts added */
  read(reader: VarintReader): number {
    const head = reader.read();
    if (head % 2 === 1) return this.#readRun(reader, (head - 1) / 2);
    let total = 0;
    let index = 0;
    for (let left = head / 2; left > 0; left--) {
      index += reader.readSigned();
      if (!(index >= lowestIndex && index <= highestIndex)) throw new RangeError('a bucket must lie on the grid');
      const count = reader.read();
      this.add(index, count);
      total += count;
    }
    return total;
  }

  /** The loop in which reading a window spends most of its time: no calls for counts below 128. */
  #readRun(reader: VarintReader, length: number): number {
    const first = reader.readSigned();
    if (!(length > 0 && first >= lowestIndex && first + length - 1 <= highestIndex))
      throw new RangeError('buckets must lie on the grid');
    this.#reach(first, first + length - 1, spare);
    const { bytes } = reader;
    let { position } = reader;
    let cell = first - this.#start;
    let counts = this.#counts;
    let ceiling = this.#ceiling;
    let total = 0;
    for (const end = cell + length; cell < end; cell++) {
      let count = bytes[position++]!;
      if (!(count < 0x80)) {
        reader.position = position - 1;
        count = reader.read();
        position = reader.position;
      }
      total += count;
      let sum = counts[cell]! + count;
      if (sum > ceiling) {
        sum = this.#widen(sum);
        counts = this.#counts;
        ceiling = this.#ceiling;
      }
      counts[cell] = sum;
    }
    reader.position = position;
    return total;
  }

  /** Widens the window to some cells. @param more cells to spare on a side that is too narrow */
  #reach(first: number, last: number, more = 0): void {
    const counts = this.#counts;
    if (counts.length > 0 && first >= this.#start && last < this.#start + counts.length) return;
    const fresh = counts.length === 0;
    const end = this.#start + counts.length - 1;
    const low = fresh ? first : first < this.#start ? first - more : this.#start;
    const high = fresh ? last : last > end ? last + more : end;
    const start = Math.floor(low / step) * step;
    const grown = cellsLike(counts, Math.ceil((high + 1 - start) / step) * step);
    if (!fresh) grown.set(counts, this.#start - start);
    this.#start = start;
    this.#counts = grown;
  }

  /** Makes the cells wide enough for a count above the ceiling. @returns the count, or where counts stop */
  #widen(count: number): number {
    if (count > 0xffffffff && this.#counts instanceof Float64Array) return saturation;
    const { length } = this.#counts;
    // Copied with `set`: a typed array made from one of another width takes several times as long.
    const wider =
      count <= 0xffff
        ? new Uint16Array(length)
        : count <= 0xffffffff
          ? new Uint32Array(length)
          : new Float64Array(length);
    wider.set(this.#counts);
    this.#counts = wider;
    this.#ceiling = count <= 0xffff ? 0xffff : count <= 0xffffffff ? 0xffffffff : saturation;
    return Math.min(count, saturation);
  }
}

function cellsLike(counts: Counts, length: number): Counts {
  if (counts instanceof Uint8Array) return new Uint8Array(length);
  if (counts instanceof Uint16Array) return new Uint16Array(length);
  return counts instanceof Uint32Array ? new Uint32Array(length) : new Float64Array(length);
}
