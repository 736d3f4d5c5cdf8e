import { defaultTiers } from '../time-slot.js';
import { type Period, periodAt, periodProblem, slotSecondsOf } from './period.js';

const iso = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1000).toISOString();
const span = (kind: 'hour' | 'day' | 'week' | 'month', at: string) => {
  const { from, to } = periodAt({ kind }, Date.parse(at));
  return [iso(from), iso(to)];
};

describe('the period of a time', () => {
  it.each([
    ['hour', '2026-11-22T12:59:59.999Z', '2026-11-22T12:00:00.000Z', '2026-11-22T13:00:00.000Z'],
    ['day', '2026-11-22T00:00:00.000Z', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['week', '2026-11-22T23:59:59.000Z', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['week', '2026-11-23T00:00:00.000Z', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
    ['month', '2026-02-28T23:00:00.000Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['month', '2026-12-31T23:59:59.000Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ] as const)('is the %s of UTC around it: %s', (kind, at, from, to) => {
    expect(span(kind, at)).toEqual([from, to]);
  });

  it('rolls with time where it has no end', () => {
    expect(periodAt({ kind: 'rolling', seconds: 600 }, 1_000_000)).toEqual({ from: 400, to: null });
  });
});

describe('tiers', () => {
  const coarse = [
    { slotSeconds: 10, retentionSeconds: 1800 },
    { slotSeconds: 7200, retentionSeconds: 90 * 86_400 },
  ];

  it.each<[string, Period, typeof defaultTiers, RegExp | null]>([
    ['every period by default', { kind: 'month' }, defaultTiers, null],
    ['an hour by default', { kind: 'hour' }, defaultTiers, null],
    ['a rolling hour by default', { kind: 'rolling', seconds: 3600 }, defaultTiers, null],
    ['no hour on slots of two hours', { kind: 'hour' }, coarse, /at most 1800 s/],
    ['a day on slots of two hours', { kind: 'day' }, coarse, null],
    ['no rolling three hours on slots of two', { kind: 'rolling', seconds: 10_800 }, coarse, /at least 14400 s/],
    [
      'no month in a day',
      { kind: 'month' },
      [{ slotSeconds: 10, retentionSeconds: 86_400 }],
      /no longer than the 86400 s/,
    ],
  ])('tell %s', (_, period, tiers, problem) => {
    expect(periodProblem(period, tiers) ?? 'no problem').toMatch(problem ?? /^no problem$/);
  });

  it('have the slots by which a window moves', () => {
    expect([3600, 86_400, 30 * 86_400].map((seconds) => slotSecondsOf({ kind: 'rolling', seconds }, defaultTiers))).toEqual([120, 1800, 21_600]); // prettier-ignore
  });
});
