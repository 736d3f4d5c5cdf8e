import { codingFor } from './content-coding.js';
import type { ContentCoding } from './dashboard-assets.js';

const codings = (...names: ContentCoding[]) => new Map(names.map((name) => [name, name]));
const all = codings('identity', 'br', 'gzip');

describe('codingFor', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP ; q=0.5', 'gzip'],
    ['br;q=0.2, gzip;q=0.8', 'gzip'],
    ['br;q=0, *;q=0.5', 'gzip'],
    ['*', 'br'],
    ['identity', 'identity'],
    ['identity, br', 'br'],
    ['identity;q=1, br;q=0.5', 'identity'],
    ['br;q=0, gzip;q=0, identity;q=0', 'identity'],
    ['br;q=2, gzip;q=x', 'identity'],
    [`${'x,'.repeat(100_000)}br`, 'identity'],
  ] as const)('chooses what %j prefers', (accepted, coding) => {
    expect(codingFor(accepted, all)).toBe(coding);
  });

  it('chooses only what there is', () => {
    expect(codingFor('br', codings('identity'))).toBe('identity');
    expect(codingFor('br, gzip;q=0.1', codings('identity', 'gzip'))).toBe('gzip');
  });
});
