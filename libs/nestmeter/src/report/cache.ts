import { z } from 'zod';
import { cacheFamily } from '../accumulate/families.js';
import type { SeriesState } from '../accumulate/series-state.js';
import { count, mapOf, percent, percentOf } from './answer-field.js';
import { countsOf, groupByName, groupMap, mergeStates } from './named-states.js';
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
  make({ of, settings }) {
    const groups = groupByName(cacheFamily, of(cacheFamily).entries(), {
      name: ([name]) => name!,
      size: (state) => state.counters[counter.hits]! + state.counters[counter.misses]!,
      max: settings.maxSeries,
    });
    return {
      caches: groupMap(groups, ({ state }) => cacheAnswer(state)),
      summary: cacheAnswer(mergeStates(cacheFamily, groups)),
    };
  },
});

/** Look-ups of one or more caches. */
export function cacheAnswer(state: SeriesState): z.infer<z.ZodObject<typeof cacheShape>> {
  const { hits, misses } = countsOf(counter, state);
  const lookups = hits + misses;
  return {
    total_requests: lookups,
    cache_hits: hits,
    cache_misses: misses,
    hit_rate_percent: percentOf(hits, lookups),
  };
}
