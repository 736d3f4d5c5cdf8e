import { z } from 'zod';
import { cacheFamily } from '../accumulate/families.js';
import { count, mapOf, percent, percentOf } from './answer-field.js';
import { countsOf, groupByName, groupMap, totalCounts } from './named-states.js';
import { windowedReport } from './window-answer.js';

const { counter } = cacheFamily;

const cacheShape = {
  total_requests: count('Look-ups'),
  cache_hits: count('Look-ups that found something'),
  cache_misses: count('Look-ups that found nothing'),
  hit_rate_percent: percent('Look-ups that found something'),
};

/** GET /cache */
export const cacheReport = windowedReport({
  summary: "How often the application's caches found what was looked for; prompt caching of providers never counts.",
  families: [cacheFamily],
  filters: {},
  statistics: {
    caches: mapOf(z.object(cacheShape), 'Caches by name, most look-ups first'),
    summary: z.object(cacheShape).describe('All of them together'),
  },
  make(counted) {
    const groups = groupByName(cacheFamily, counted.of(cacheFamily).entries(), {
      name: ([name]) => name!,
      size: ({ counters }) => counters[counter.hits]! + counters[counter.misses]!,
      max: counted.settings.maxSeries,
    });
    return {
      caches: groupMap(groups, (group) => cacheAnswer(countsOf(counter, group))),
      summary: cacheAnswer(totalCounts(counted, cacheFamily)),
    };
  },
});

/** Look-ups of one or more caches. */
export function cacheAnswer({
  hits,
  misses,
}: Readonly<Record<keyof typeof counter, number>>): z.infer<z.ZodObject<typeof cacheShape>> {
  const lookups = hits + misses;
  return {
    total_requests: lookups,
    cache_hits: hits,
    cache_misses: misses,
    hit_rate_percent: percentOf(hits, lookups),
  };
}
