import fc from 'fast-check';
import { cacheFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { FamilyState } from '../accumulate/family-state.js';
import { other, seriesKey } from '../accumulate/labels.js';
import { answerMap, type Entry, type Group, groupByName, groupMap, nameFilter, tallyMap } from './named-states.js';

const { hits } = cacheFamily.counter;

function caches(counts: Readonly<Record<string, number>>): Entry[] {
  const state = new FamilyState(cacheFamily);
  for (const [name, count] of Object.entries(counts)) state.at(name).count(hits, count);
  return [...state.entries()];
}

const bySize = (max: number) => ({
  name: ([name]: readonly string[]) => name!,
  size: ({ counters }: Group) => counters[hits]!,
  max,
});

const shown = (entries: Entry[], max: number) =>
  groupByName(cacheFamily, entries, bySize(max)).map(({ name, counters }) => [name, counters[hits]]);

describe('groupByName', () => {
  it('keeps the largest, largest first, and adds the rest up in __other__', () => {
    expect(shown(caches({ a: 1, b: 5, c: 3, d: 2 }), 2)).toEqual([
      ['b', 5],
      ['c', 3],
      [other, 3],
    ]);
  });

  it('adds what is cut to the __other__ that was counted, which takes no place of a name', () => {
    expect(shown(caches({ [other]: 100, a: 1, b: 5 }), 1)).toEqual([
      ['b', 5],
      [other, 101],
    ]);
  });

  it('orders names of the same size alike on every replica', () => {
    expect(shown(caches({ b: 1, c: 1, a: 1 }), 3)).toEqual(shown(caches({ c: 1, a: 1, b: 1 }), 3));
  });

  it('keeps totals, however many names stay', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.nat(1000)), fc.nat(5), (counts, max) => {
        const sum = (of: number[]) => of.reduce((a, b) => a + b, 0);
        const groups = shown(caches(counts), max);
        expect(sum(groups.map(([, count]) => count as number))).toBe(sum(Object.values(counts)));
        expect(groups.length).toBeLessThanOrEqual(max + 1);
      }),
    );
  });

  it('merges series of one name without changing them', () => {
    const state = new FamilyState(llmFamily);
    const { calls } = llmFamily.counter;
    state.at(seriesKey(['openai', 'a', 'chat'])).count(calls, 1);
    state.at(seriesKey(['openai', 'b', 'chat'])).count(calls, 2);
    const [group] = groupByName(llmFamily, state.entries(), { ...bySize(9), size: () => 0 });
    expect(group).toMatchObject({ name: 'openai' });
    expect(group!.counters[calls]).toBe(3);
    expect(group!.state.counters[calls]).toBe(3);
    expect([...state.series.values()].map(({ counters }) => counters[calls])).toEqual([1, 2]);
  });
});

describe('answerMap', () => {
  it('takes names of object properties as plain entries', () => {
    const map = answerMap([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
    expect(JSON.stringify(map)).toBe('{"__proto__":1,"constructor":2}');
    expect(JSON.stringify(groupMap([], () => 1))).toBe('{}');
  });
});

describe('tallyMap', () => {
  it('puts the most frequent key first, and is empty without a tally', () => {
    expect(
      Object.entries(
        tallyMap(
          new Map([
            ['b', 1],
            ['a', 1],
            ['timeout', 5],
          ]),
        ),
      ),
    ).toEqual([
      ['timeout', 5],
      ['a', 1],
      ['b', 1],
    ]);
    expect(tallyMap(null)).toEqual(answerMap([]));
  });
});

describe('nameFilter', () => {
  it.each([
    [undefined, ['a'], true],
    ['a', ['a'], true],
    ['a', ['b'], false],
    ['a, b', ['b'], true],
    ['a,b', ['a,b'], true],
    [['a', 'b'], ['b'], true],
    ['/chat', ['POST /chat', '/chat'], true],
    ['', ['a'], false],
    ['toString', ['a'], false],
  ])('asked for %j, takes what goes by %j: %s', (asked, names, taken) => {
    expect(nameFilter(asked)(...names)).toBe(taken);
  });
});
