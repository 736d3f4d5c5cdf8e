import fc from 'fast-check';
import { VarintReader, VarintWriter } from './varint.js';

const errorOf = (act: () => void): unknown => {
  try {
    act();
    return null;
  } catch (error) {
    return error;
  }
};

describe('varints', () => {
  it('come back as they were written, up to 2^53 − 1', () => {
    const values = fc.array(fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 53 - 1)));
    fc.assert(
      fc.property(values, (given) => {
        const writer = new VarintWriter();
        for (const value of given) writer.write(value);
        const reader = new VarintReader(writer.take());
        expect(given.map(() => reader.read())).toEqual(given);
        reader.finish();
      }),
    );
  });

  it('come back with their sign', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (given) => {
        const writer = new VarintWriter();
        for (const value of given) writer.writeSigned(value);
        const reader = new VarintReader(writer.take());
        expect(given.map(() => reader.readSigned())).toEqual(given);
      }),
    );
  });

  it('refuse to end in the middle of a value', () => {
    const writer = new VarintWriter();
    writer.write(2 ** 40);
    const whole = writer.take();
    for (let length = 0; length < whole.length; length++)
      expect(() => new VarintReader(whole.subarray(0, length)).read()).toThrow(RangeError);
  });

  it('refuse values beyond 2^53 − 1, however long they are', () => {
    for (const length of [8, 9, 20, 200, 100_000])
      expect(() => new VarintReader(new Uint8Array(length).fill(0xff)).read()).toThrow(RangeError);
    expect(() => new VarintReader(Uint8Array.from([...Array<number>(200).fill(0x80), 0])).read()).toThrow(RangeError);
  });

  it('refuse bytes that are left over', () => {
    const reader = new VarintReader(Uint8Array.of(1, 2));
    reader.read();
    expect(() => reader.finish()).toThrow(RangeError);
  });

  it('never hang and throw nothing but RangeErrors on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const thrown = errorOf(() => {
          const reader = new VarintReader(bytes);
          while (reader.position < bytes.length) reader.readSigned();
        });
        expect(thrown === null || thrown instanceof RangeError).toBe(true);
      }),
    );
  });
});
