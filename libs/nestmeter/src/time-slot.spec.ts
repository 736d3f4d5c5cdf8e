import fc from 'fast-check';
import { defaultTiers, expiresAt, slotStart, tierProblems, writeEndMs } from './time-slot.js';

describe('slots', () => {
  it('start at multiples of their length since 1970 and contain their time', () => {
    fc.assert(
      fc.property(fc.nat(4e12), fc.constantFrom(...defaultTiers), (ms, { slotSeconds }) => {
        const start = slotStart(ms, slotSeconds);
        expect(start % slotSeconds).toBe(0);
        expect(ms / 1000 - start).toBeGreaterThanOrEqual(0);
        expect(ms / 1000 - start).toBeLessThan(slotSeconds);
      }),
    );
  });

  it('take writes until their retention or 25 hours are over, and are there for two slots longer than they are read', () => {
    const [finest, , , coarsest] = defaultTiers;
    expect(writeEndMs(1000, finest!)).toBe((1000 + 10 + 1800) * 1000);
    expect(writeEndMs(21_600, coarsest!)).toBe((21_600 + 21_600 + 25 * 3600) * 1000);
    expect(expiresAt(1000, finest!)).toBe(1000 + 10 + 1800 + 20);
  });
});

describe('tierProblems', () => {
  it('finds nothing wrong with the default tiers', () => {
    expect(tierProblems(defaultTiers)).toEqual([]);
  });

  it.each([
    [[], /1 to 6 entries/],
    [[{ slotSeconds: 7, retentionSeconds: 70 }], /divides the day/],
    [[{ slotSeconds: 10, retentionSeconds: 5 }], /at least one slot/],
    [[{ slotSeconds: 10, retentionSeconds: 401 * 86_400 }], /at most 400 days/],
    [[{ slotSeconds: 20, retentionSeconds: 600 }, { slotSeconds: 30, retentionSeconds: 900 }], /multiple of the tier before/], // prettier-ignore
    [
      [
        { slotSeconds: 10, retentionSeconds: 600 },
        { slotSeconds: 60, retentionSeconds: 600 },
      ],
      /longer than that of/,
    ],
    [
      [
        { slotSeconds: 10, retentionSeconds: 70 },
        { slotSeconds: 60, retentionSeconds: 900 },
      ],
      /cover the next tier/,
    ],
  ])('finds what is wrong with %j', (tiers, problem) => {
    expect(tierProblems(tiers).join()).toMatch(problem);
  });
});
