/** Writes non-negative safe integers in 7-bit groups, lowest first (the varint of Protocol Buffers). */
export class VarintWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  /** @param value 0 … 2^53 − 1 */
  write(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow();
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = rest > 0x7fffffff ? Math.floor(rest / 0x80) : rest >>> 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Writes an integer of either sign, small magnitudes first (zigzag). @param value within ±2^31 */
  writeSigned(value: number): void {
    this.write(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads what {@link VarintWriter} wrote. Throws a RangeError on anything else. */
export class VarintReader {
  /** Index of the next byte. */
  position = 0;

  constructor(readonly bytes: Uint8Array) {}

  read(): number {
    const { bytes } = this;
    let byte = bytes[this.position++];
    if (byte !== undefined && byte < 0x80) return byte;
    let value = 0;
    let weight = 1;
    for (;;) {
      if (byte === undefined) throw new RangeError('a varint must end within its bytes');
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) break;
      weight *= 0x80;
      byte = bytes[this.position++];
    }
    // Written so that NaN, from more than a hundred groups, is refused too.
    if (!(value <= Number.MAX_SAFE_INTEGER)) throw new RangeError('a varint must be a safe integer');
    return value;
  }

  readSigned(): number {
    const value = this.read();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Throws unless all bytes were read. */
  finish(): void {
    if (this.position !== this.bytes.length) throw new RangeError('varints must fill their bytes exactly');
  }
}
