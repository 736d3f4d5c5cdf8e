import { z } from 'zod';
import { endpointsReport } from './endpoints.js';
import { readQuery } from './report.js';

describe('readQuery', () => {
  it('takes text, as from a query string, and numbers, as from code', () => {
    expect(readQuery(endpointsReport, { window: '24h', points: '12', endpoint: 'GET /a' })).toEqual({
      window: '24h',
      points: '12',
      endpoint: 'GET /a',
    });
    expect(readQuery(endpointsReport, { window: 30, points: 12, endpoint: ['/a', '/b'] })).toEqual({
      window: 30,
      points: 12,
      endpoint: ['/a', '/b'],
    });
  });

  it.each([
    [{ points: 1 }, 'points must be a whole number from 2 to 200, got 1.'],
    [{ points: '201' }, 'points must be a whole number from 2 to 200, got "201".'],
    [{ points: 2.5 }, 'points must be a whole number from 2 to 200, got 2.5.'],
    [{ points: '' }, 'points must be a whole number from 2 to 200, got "".'],
    [{ by: 'host' }, 'by must be replica, got "host".'],
    [{ window: ['1h', '2h'] }, 'window must be a duration such as 15m or 24h, or whole minutes, given once, got'],
    [
      { endpoint: [] },
      'endpoint must be one name or several (at most 100), separated by commas or given as often, got',
    ],
    [
      { windw: '1h' },
      'parameters must be one of window, hours, from, to, points, part_names, by, endpoint, got "windw".',
    ],
    ['1h', 'parameters must be an object, got "1h".'],
  ])('refuses %j by name and says what is allowed', (asked, message) => {
    expect(() => readQuery(endpointsReport, asked)).toThrow(
      expect.objectContaining({ code: 'NM_QUERY_INVALID', message: expect.stringContaining(message) as string }),
    );
  });

  it('refuses any parameter of a report that takes none', () => {
    expect(() => readQuery({ query: z.strictObject({}) }, { window: '1h' })).toThrow(
      'parameters must be left out, since there are none, got "window".',
    );
  });

  it('leaves schemas that are no objects to themselves', () => {
    expect(readQuery({ query: z.any() }, 7)).toBe(7);
  });
});
