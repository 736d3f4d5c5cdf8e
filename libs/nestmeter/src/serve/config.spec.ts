import { versionsOf } from './config.js';

describe('the header If-Match', () => {
  it.each([
    [null, null],
    ['*', null],
    ['"7"', [7]],
    ['7', [7]],
    ['W/"7", "8"', [7, 8]],
    ['"0"', [0]],
  ])('%s names versions %j', (header, versions) => {
    expect(versionsOf(header)).toEqual(versions);
  });

  it.each(['', '"', '"abc"', '"7', '-1', '"1e3"', '99999999999999999999'])(
    'matches no version when it is %s',
    (header) => {
      expect(versionsOf(header)).toEqual([]);
    },
  );
});
