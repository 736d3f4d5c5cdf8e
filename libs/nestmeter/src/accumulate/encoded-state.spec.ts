import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { arbitraryState, contents, measure, sampleFamily, squares } from '../../../../test/fixtures/random-state.js';
import { saturation } from './counter.js';
import { defineFamily } from './family.js';
import { decodeInto, encodeState, headerBytes, readHeader } from './encoded-state.js';
import { FamilyState } from './family-state.js';

const header = { version: 7, final: true, asOfMs: 1_700_000_000_123 };

const encode = (state: FamilyState, deflate: boolean): Buffer => encodeState(state, header, { deflate });

const decode = (encoded: Buffer): FamilyState => {
  const state = new FamilyState(sampleFamily);
  decodeInto(state, encoded);
  return state;
};

/** What `make` returns, null when it throws. */
const orNull = <T>(make: () => T): T | null => {
  try {
    return make();
  } catch {
    return null;
  }
};

/** `size` series with every meter filled up to its bounds. */
const full = (size: number): FamilyState => {
  const state = new FamilyState(sampleFamily);
  for (let index = 0; index < size; index++) {
    const series = state.at(`a${index}\0b`);
    measure(series, { kind: 'count', by: saturation });
    for (let ms = 0.001; ms < 3_600_000; ms *= 1.5) measure(series, { kind: 'duration', ms });
    for (let code = 0; code < 400; code++) measure(series, { kind: 'code', code: `code ${code}` });
    measure(series, { kind: 'level', value: -3, seconds: 10 });
  }
  return state;
};

describe('an encoded state', () => {
  it('decodes to what was encoded, deflated or not', () => {
    fc.assert(
      fc.property(arbitraryState, fc.boolean(), (state, deflate) => {
        const decoded = decode(encode(state, deflate));
        expect(contents(decoded)).toEqual(contents(state));
        expect(squares(decoded)).toEqual(squares(state));
      }),
    );
  });

  it('decodes to what was encoded with caps, tallies and counters past their bounds', () => {
    const state = full(4 * sampleFamily.cap + 1);
    state.bound();
    expect(contents(decode(encode(state, true)))).toEqual(contents(state));
    expect(contents(decode(encode(state, false)))).toEqual(contents(state));
  });

  it('is readable whatever levels were set: sums beyond all numbers, of both signs, made what was folded of them unreadable', () => {
    const levels = [[1.7e308], [-1.7e308], [1.7e308, -1.7e308], [-1.7e308, 1.7e308]].map((values) => {
      const state = new FamilyState(sampleFamily);
      for (const value of values) measure(state.at('a\0b'), { kind: 'level', value, seconds: 10 });
      return state;
    });
    const sum = new FamilyState(sampleFamily);
    for (const state of levels) decodeInto(sum, encode(state, true));
    expect(contents(decode(encode(sum, true)))).toEqual(contents(sum));
  });

  it('adds to what the target holds, as merging does', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, (a, b) => {
        const into = decode(encode(a, false));
        decodeInto(into, encode(b, true));
        const whole = new FamilyState(sampleFamily);
        whole.merge(a);
        whole.merge(b);
        expect(contents(into)).toEqual(contents(whole));
      }),
    );
  });

  it('says in its header what Lua reads by position', () => {
    const encoded = encode(full(1), false);
    expect(readHeader(encoded)).toEqual({ signature: sampleFamily.signature, ...header });
    expect(encoded.toString('latin1', 0, 2)).toBe('01');
    expect(encoded.toString('latin1', 10, 25)).toBe('000000000000007');
    expect(encoded.toString('latin1', 25, 26)).toBe('1');
    expect(
      readHeader(encodeState(full(1), { ...header, version: 999_999_999_999_999 }, { deflate: true }))?.version,
    ).toBe(999_999_999_999_999);
  });

  it('has no readable header when it is cut, empty or of another schema', () => {
    const encoded = encode(full(1), false);
    for (const broken of [
      Buffer.alloc(0),
      encoded.subarray(0, headerBytes - 1),
      Buffer.from(`02${encoded.toString('latin1', 2)}`),
    ])
      expect(readHeader(broken)).toBeNull();
  });

  it('is refused by a family with other labels or meters', () => {
    const grown = defineFamily({ ...sampleFamily, counters: { calls: { unit: 'calls', help: 'Calls' } } });
    expect(grown.signature).not.toBe(sampleFamily.signature);
    expect(() => decodeInto(new FamilyState(grown as never), encode(full(1), false))).toThrow(/signature/);
  });

  it('either throws or decodes when its bytes went bad, and never yields anything but numbers', () => {
    const change = fc.record({
      deflate: fc.boolean(),
      at: fc.nat(),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
      cut: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(arbitraryState, change, (state, { deflate, at, bytes, cut }) => {
        const encoded = encode(state, deflate);
        bytes.forEach((byte, offset) => {
          const place = headerBytes + ((at + offset) % (encoded.length - headerBytes));
          encoded[place] = byte;
        });
        const given = cut === null ? encoded : encoded.subarray(0, cut % encoded.length);
        const found = orNull(() => decode(given));
        for (const { counters, distributions, gauges, tallies } of found?.series.values() ?? []) {
          for (const value of counters) expect(value).toBeGreaterThanOrEqual(0);
          for (const distribution of distributions) expect(distribution?.sum ?? 0).not.toBeNaN();
          for (const gauge of gauges) expect(gauge?.weighted ?? 0).not.toBeNaN();
          for (const tally of tallies) for (const value of tally?.values() ?? []) expect(value).not.toBeNaN();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused when it inflates to more than 64 MB', () => {
    const encoded = encode(full(1), false);
    const head = Buffer.from(`${encoded.toString('latin1', 0, headerBytes - 1)}d`, 'latin1');
    expect(() => decode(Buffer.concat([head, deflateRawSync(Buffer.alloc(70 << 20))]))).toThrow(
      /larger than 67108864 bytes/,
    );
  });
});
