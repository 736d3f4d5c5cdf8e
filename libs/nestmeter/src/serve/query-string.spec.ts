import { parseQuery } from './query-string.js';

describe('parseQuery', () => {
  it('reads names and values, lists where a name is repeated', () => {
    expect({ ...parseQuery('window=24h&provider=a&provider=b%26c&by=replica&empty=&flag&text=a+b') }).toEqual({
      window: '24h',
      provider: ['a', 'b&c'],
      by: 'replica',
      empty: '',
      flag: '',
      text: 'a b',
    });
    expect(Object.keys(parseQuery(''))).toEqual([]);
  });

  it('takes names of Object.prototype as names', () => {
    const query = parseQuery('__proto__=1&constructor=2&toString=3');
    expect(Object.keys(query)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });

  it.each([
    ['window=%', 'window must be percent-encoded UTF-8, got "%"'],
    ['window=%zz', 'window must be'],
    ['window=%ff', 'window must be'],
    ['%=1', 'parameter name must be'],
    [`a=${'x'.repeat(5000)}`, 'query string must be at most 4096 characters, got 5002'],
    ['a&'.repeat(101), 'query string must be at most 100 parameters, got 101'],
  ])('refuses %.20s', (text, message) => {
    expect(() => parseQuery(text)).toThrow(
      expect.objectContaining({ code: 'NM_QUERY_INVALID', message: expect.stringContaining(message) }),
    );
  });
});
