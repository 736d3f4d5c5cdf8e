import fc from 'fast-check';
import { defaultTiers } from '../time-slot.js';
import { durationSeconds, resolveWindow, type WindowQuery } from './window.js';

const now = 1_700_000_003_456;
const resolve = (query: WindowQuery, nowMs = now) => resolveWindow(query, '1h', nowMs, defaultTiers);
const problem = (query: WindowQuery): string => {
  try {
    resolve(query);
  } catch (error) {
    expect(error).toMatchObject({ code: 'NM_QUERY_INVALID' });
    return (error as Error).message;
  }
  return 'none';
};

describe('durationSeconds', () => {
  it.each([
    ['30s', 30],
    ['15m', 900],
    ['24h', 86_400],
    ['7d', 604_800],
    ['5', 300],
    [5, 300],
    [' 1h ', 3600],
    ['0', 0],
  ])('reads %j', (text, seconds) => {
    expect(durationSeconds(text)).toBe(seconds);
  });

  it.each(['', 'h', '1w', '1.5h', '-1h', '1h30m', '1e3', 'Infinity', '1 h', '9999999999', 1.5, -1, NaN])(
    'refuses %j',
    (text) => {
      expect(durationSeconds(text)).toBeNull();
    },
  );
});

describe('resolveWindow', () => {
  it('takes the finest tier that still has all of the window', () => {
    const slots = ['30s', '30m', '31m', '6h', '361', '4d', '97h', '90d'].map(
      (window) => resolve({ window }).slotSeconds,
    );
    expect(slots).toEqual([10, 10, 120, 120, 1800, 1800, 21_600, 21_600]);
  });

  it('resolves the longest window of each tier at any time of day, fractions of milliseconds included', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1.6e12, max: 2e12, noNaN: true }),
        fc.constantFrom(...defaultTiers),
        (nowMs, tier) => {
          const window = resolve({ window: `${tier.retentionSeconds}s` }, nowMs);
          expect(window.slotSeconds).toBe(tier.slotSeconds);
        },
      ),
    );
  });

  it('begins and ends on slots and never beyond now', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 90 * 86_400 }), fc.nat(1e9), (seconds, later) => {
        const nowMs = now + later;
        const { from, to, slotSeconds } = resolve({ window: `${seconds}s` }, nowMs);
        expect(from % slotSeconds).toBe(0);
        expect(from).toBeLessThanOrEqual(nowMs / 1000 - seconds);
        expect(from).toBeGreaterThan(nowMs / 1000 - seconds - slotSeconds);
        expect(to).toBe(nowMs / 1000);
      }),
    );
  });

  it('falls back where nothing is asked for, and says what was asked for', () => {
    expect(resolve({}).requested).toBe('1h');
    expect(resolve({ hours: 24 }).requested).toBe('24h');
    expect(resolve({ window: 15 }).requested).toBe('15');
  });

  it('takes times as Unix seconds and ISO 8601, in UTC where no zone is given', () => {
    const seconds = 1_700_000_000 - 7200;
    const forms = [seconds, `${seconds}`, `${seconds}.5`, '2023-11-14T20:13:20Z', '2023-11-14T20:13:20', '2023-11-14T21:13:20+01:00', '2023-11-14T20:13']; // prettier-ignore
    for (const from of forms) expect(resolve({ from }).from).toBe(Math.floor(seconds / 120) * 120);
    expect(resolve({ from: '2023-11-14', to: '2023-11-14T12:00Z' })).toMatchObject({
      from: Date.UTC(2023, 10, 14) / 1000,
      to: Date.UTC(2023, 10, 14, 12) / 1000,
      requested: '2023-11-14/2023-11-14T12:00Z',
    });
  });

  it('ends where asked, on a slot', () => {
    expect(resolve({ from: 1_700_000_000 - 600, to: 1_700_000_000 - 595 })).toMatchObject({
      from: 1_699_999_400,
      to: 1_699_999_410,
      slotSeconds: 10,
    });
    expect(resolve({ from: 1_700_000_000 - 600, to: 9_999_999_999 }).to).toBe(now / 1000);
  });

  it.each<[WindowQuery, RegExp]>([
    [{ window: '29s' }, /^window must be a duration from 30s to 90d/],
    [{ window: '91d' }, /^window must be/],
    [{ window: 'yesterday' }, /^window must be .*got "yesterday"/],
    [{ window: '' }, /^window must be/],
    [{ hours: 0 }, /^hours must be a whole number from 1 to 2160/],
    [{ hours: 2161 }, /^hours must be .*got 2161/],
    [{ hours: '1.5' }, /^hours must be .*got "1.5"/],
    [{ window: '1h', hours: 1 }, /^hours must be left out when window is given/],
    [{ hours: 1, from: 5 }, /^from must be left out when hours is given/],
    [{ to: 5 }, /^to must be given together with from/],
    [{ from: 'never' }, /^from must be Unix seconds or an ISO 8601 time/],
    [{ from: '1700000000000' }, /^from must be Unix seconds/],
    [{ from: '-5' }, /^from must be Unix seconds/],
    [{ from: 'Nov 14 2023' }, /^from must be Unix seconds/],
    [{ from: 1_699_999_000, to: 'x' }, /^to must be Unix seconds/],
    [{ from: 1_699_999_000, to: 1_699_998_000 }, /^from must be earlier than to/],
    [{ from: 1_700_000_100 }, /^from must be earlier than to and than now/],
    [{ from: 1_600_000_000 }, /^from must be at most 90d ago/],
  ])('refuses %j and names the parameter', (query, message) => {
    expect(problem(query)).toMatch(message);
  });
});
