import fc from 'fast-check';
import { retryAfterMs, retryDelayMs } from './retry.js';

describe('the wait before the next attempt', () => {
  it('doubles its ceiling up to five minutes, and is anything below it', () => {
    expect([1, 2, 3, 9, 10, 50].map((attempts) => retryDelayMs(attempts, null, 0.999_999))).toEqual([
      1000, 2000, 4000, 256_000, 300_000, 300_000,
    ]);
    expect(retryDelayMs(50, null, 0)).toBe(0);
  });

  it('is never shorter than what the receiver asks for, up to a quarter of an hour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.nat(10_000_000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempts, askedMs, random) => {
          // prettier-ignore
          const delayMs = retryDelayMs(attempts, askedMs, random);
          expect(delayMs).toBeGreaterThanOrEqual(Math.min(askedMs, 900_000));
          expect(delayMs).toBeLessThanOrEqual(900_000);
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 27, 12);

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Fri, 27 Nov 2026 12:00:30 GMT', 30_000],
    ['Fri, 27 Nov 2026 11:00:00 GMT', 0],
    ['Friday, 27-Nov-26 12:00:30 GMT', 30_000],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['2026', 2_026_000],
    ['9'.repeat(30), null],
    ['', null],
    [undefined, null],
  ])('%j is read as %j milliseconds', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});
