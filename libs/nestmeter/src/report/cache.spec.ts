import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { cacheFamily } from '../accumulate/families.js';
import { cacheReport } from './cache.js';

describe('cacheReport', () => {
  it('answers hits, misses and the rate of each cache and of all', async () => {
    const fleet = new ReportFleet();
    fleet.one.count(cacheFamily, ['pages'], { hits: 1, misses: 3 });
    fleet.one.count(cacheFamily, ['answers'], { hits: 6 });
    const { caches, summary } = await fleet.ask(cacheReport);
    expect(Object.keys(caches)).toEqual(['answers', 'pages']);
    expect(caches['pages']).toEqual({ total_requests: 4, cache_hits: 1, cache_misses: 3, hit_rate_percent: 25 });
    expect(summary).toEqual({ total_requests: 10, cache_hits: 7, cache_misses: 3, hit_rate_percent: 70 });
  });
});
