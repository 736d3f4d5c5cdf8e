import { agoText, duration, milliseconds, spanText } from './duration.js';
import { plain } from './figure.js';

const visible = (text: string): string => text.replaceAll('\u202f', ' ');

describe('durations', () => {
  it.each([
    [0.0591, '0.059 ms'],
    [8.31, '8.3 ms'],
    [842.4, '842 ms'],
    [1841.6, '1 842 ms'],
    [9999, '9 999 ms'],
    [12_400, '12.4 s'],
    [97_000, '1 min 37 s'],
    [null, '–'],
  ])('of %s ms are in the unit that suits them', (value, text) => {
    expect(visible(plain(duration(value)))).toBe(text);
  });

  it('are all in milliseconds in a column', () => {
    expect(visible(plain(milliseconds(97_000)))).toBe('97 000 ms');
  });

  it('keep their exact value beside', () => {
    expect(visible(duration(12_400.5).exact!)).toBe('12 400.5 ms');
  });

  it.each([
    [0, '0 s'],
    [8.4, '8 s'],
    [90, '1 min 30 s'],
    [660, '11 min'],
    [725, '12 min'],
    [7500, '2 h 5 min'],
    [90_000, '1 d 1 h'],
    [30 * 86_400, '30 d'],
  ])('of %d s are told in at most two units', (seconds, text) => {
    expect(visible(spanText(seconds))).toBe(text);
  });

  it('tell how long ago something was', () => {
    expect([agoText(-3), agoText(0.4), agoText(8)].map(visible)).toEqual(['just now', 'just now', '8 s ago']);
  });
});
