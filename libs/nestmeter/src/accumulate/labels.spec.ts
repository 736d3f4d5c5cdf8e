import fc from 'fast-check';
import { ManualClock, StoreClock } from '../clock.js';
import { defaultTiers } from '../time-slot.js';
import { Accumulator } from './accumulator.js';
import { defineFamily } from './family.js';
import { cleanLabel, labelsOfKey, longestLabel, seriesKey } from './labels.js';

const hostile = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '\n\r\t',
  '"\'`\\',
  '{nm:app}:x',
  '<img onerror=alert(1)>',
  'שלום ‮ txt.exe',
  '👩‍👩‍👧',
  'é vs é',
  '%00%',
];

const family = defineFamily({
  name: 'labels',
  help: 'Labels',
  labels: [
    { name: 'a', attribute: 'a' },
    { name: 'b', attribute: 'b' },
  ],
  counters: { calls: { unit: 'calls', help: 'Calls' } },
});

const accumulator = (): Accumulator => new Accumulator(new StoreClock(new ManualClock(1.7e12)), defaultTiers);

describe('cleanLabel', () => {
  it.each(hostile)('keeps %j as it is', (text) => {
    expect(cleanLabel(text)).toBe(text);
  });

  it('replaces what cannot be stored or separates labels: lone surrogates and NUL', () => {
    expect(cleanLabel('a\ud800b')).toBe('a\ufffdb');
    expect(cleanLabel('a\0b')).toBe('a\ufffdb');
  });

  it('refuses names that begin with `__`, but for those of every object', () => {
    for (const name of ['__', '__other__', '__unmatched__', '__x', `__${'y'.repeat(500)}`])
      expect(cleanLabel(name)).toBeNull();
    expect(cleanLabel('_x')).toBe('_x');
  });

  it('cuts long values and tells them apart by both ends and the length', () => {
    const cut = cleanLabel('x'.repeat(longestLabel + 1))!;
    expect(cut).toMatch(/^x{191}~[0-9a-f]{8}$/);
    const others = ['x'.repeat(longestLabel + 2), `${'x'.repeat(longestLabel)}y`].map(cleanLabel);
    expect(new Set([cut, ...others]).size).toBe(3);
    expect(cleanLabel(`${'x'.repeat(190)}😀y`)!.isWellFormed()).toBe(true);
  });

  it('cuts 10 MB values without reading them whole or keeping them', () => {
    const huge = Array.from({ length: 8 }, (_, index) => String(index).repeat(10_000_000));
    for (const text of huge) expect(cleanLabel(text)).toHaveLength(longestLabel + 9);
  });

  it('makes text of numbers and booleans, and `unknown` of everything else', () => {
    expect([5, -0.5, NaN, true].map(cleanLabel)).toEqual(['5', '-0.5', 'NaN', 'true']);
    const odd = [undefined, null, {}, [], () => 1, Symbol('x'), 10n, Object.create(null)];
    expect(new Set(odd.map(cleanLabel))).toEqual(new Set(['unknown']));
  });

  it('makes labels whose keys tell every two lists apart and give the lists back', () => {
    const label = fc.string({ unit: 'binary', maxLength: 5 }).map((text) => cleanLabel(text) ?? 'refused');
    const labels = fc.tuple(label, label);
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        expect(labelsOfKey(seriesKey(a), 2)).toEqual(a);
        expect(seriesKey(a) === seriesKey(b)).toBe(a[0] === b[0] && a[1] === b[1]);
      }),
    );
    expect(labelsOfKey(seriesKey([]), 0)).toEqual([]);
    expect(labelsOfKey(seriesKey(['']), 1)).toEqual(['']);
  });
});

describe('series of hostile labels', () => {
  it('resolve to the same handle each time, whatever the values are', () => {
    const measured = accumulator();
    const thrower = {
      toString: () => {
        throw new Error('a label must not be converted');
      },
    };
    for (const value of [...hostile, 5, undefined, null, Symbol('x'), thrower, Object.create(null), 'z'.repeat(1e7)]) {
      const series = measured.series(family, [value, 'b']);
      expect(measured.series(family, [value, 'b'])).toBe(series);
      series.open(0).count(0);
    }
    expect(Object.prototype).not.toHaveProperty('calls');
  });

  it('that only look alike once joined stay apart', () => {
    const measured = accumulator();
    expect(measured.series(family, ['a\0b', 'c'])).not.toBe(measured.series(family, ['a', 'b\0c']));
    expect(measured.series(family, ['a', undefined])).not.toBe(measured.series(family, ['a', '']));
  });

  it('that are reserved count as `__other__`, and are counted as refused', () => {
    const measured = accumulator();
    const refused = measured.series(family, ['__other__', 'b']);
    expect([refused.isOther, refused.labels]).toEqual([true, ['__other__', '__other__']]);
    expect(measured.series(family, ['__other__', '__other__'])).toBe(refused);
    expect(measured.handles.counts.refusedLabels).toBe(2);
  });

  it('by the million stay within the cap, and their totals add up', () => {
    const measured = accumulator();
    const million = 1_000_000;
    for (let index = 0; index < million; index++)
      measured
        .series(family, [`path ${index}`, 'GET'])
        .open(0)
        .count(0);
    expect(measured.handles.count(family)).toBe(family.cap + 1);
    const { series, bytes } = measured.openState(family, 0).state;
    expect([...series.values()].reduce((sum, state) => sum + state.counters[0]!, 0)).toBe(million);
    expect(bytes).toBeLessThan(500_000);
    expect(measured.handles.counts.cappedSeries).toBe(million - family.cap);
  });
});
