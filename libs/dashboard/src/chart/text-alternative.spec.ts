import { milliseconds } from '../format/duration.js';
import { textAlternative } from './text-alternative.js';
import { timeLabels } from './time-axis.js';

/** 12:00 in the zone of whoever runs the tests. */
const noon = new Date(2026, 10, 22, 12).getTime() / 1000;
const stretches = [0, 1, 2].map((part) => ({ from: noon + part * 60, to: noon + part * 60 + 60 }));
const described = { title: 'Latency', stretches, format: milliseconds, now: noon + 3600 };

describe('the text alternative of a chart', () => {
  it('tells the last value and the highest one of each line', () => {
    const lines = [
      { label: 'average', values: [100, 300, 200] },
      { label: 'p95', values: [null, null, null] },
    ];
    expect(textAlternative({ ...described, lines }).replaceAll('\u202f', ' ')).toBe(
      'Latency, 12:00 to 12:03: average 200 ms last, highest 300 ms at 12:01; p95 unknown',
    );
  });

  it('takes the last value that is known', () => {
    const lines = [{ label: 'average', values: [100, 50, null] }];
    expect(textAlternative({ ...described, lines }).replaceAll('\u202f', ' ')).toContain(
      'average 50 ms last, highest 100 ms',
    );
  });

  it('says so when there is nothing', () => {
    expect(textAlternative({ ...described, stretches: [], lines: [] })).toBe('Latency: nothing yet');
  });
});

describe('the labels of a time axis', () => {
  it('are times within a day, days where there are many, and both in between', () => {
    const midnight = new Date(2026, 10, 23).getTime() / 1000;
    expect(timeLabels([noon, midnight], 86_400)).toEqual(['12:00', '00:00']);
    expect(timeLabels([noon, midnight], 2 * 86_400)).toEqual(['12:00', '23 Nov']);
    expect(timeLabels([noon, midnight], 30 * 86_400)).toEqual(['22 Nov', '23 Nov']);
  });
});
