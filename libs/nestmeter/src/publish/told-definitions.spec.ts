import { customFamily } from '../accumulate/custom-family.js';
import { ToldDefinitions } from './told-definitions.js';

const minute = 60_000;
const family = (name: string, help = '') => customFamily('counter', name, { labels: [], unit: '1', help });

describe('definitions of families', () => {
  it('are told once, again after ten minutes, and all of them when the store may have lost something', () => {
    const told = new ToldDefinitions();
    const [one, two] = [family('one'), family('two')];
    const names = (nowMs: number) => told.due([one, two], nowMs).map((definition) => definition.family);
    expect(names(0)).toEqual(['custom.one', 'custom.two']);
    told.told(told.due([one], 0), 0);
    expect(names(9 * minute)).toEqual(['custom.two']);
    expect(names(10 * minute)).toEqual(['custom.one', 'custom.two']);
    told.told(told.due([one, two], 10 * minute), 10 * minute);
    expect(names(11 * minute)).toEqual([]);
    told.distrust();
    expect(names(11 * minute)).toEqual(['custom.one', 'custom.two']);
  });

  it('are told in several calls when they are large', () => {
    const told = new ToldDefinitions();
    const families = Array.from({ length: 100 }, (_, index) => family(`m${index}`, 'x'.repeat(900)));
    let calls = 0;
    for (let left = families.length; left > 0; calls++) {
      const due = told.due(families, 0);
      expect(due.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(64 << 10);
      told.told(due, 0);
      left -= due.length;
    }
    expect(calls).toBe(4);
  });
});
