import { z } from 'zod';
import { stageFamily } from '../accumulate/families.js';
import { costUsd, count, durationMs, mapOf, percent, percentOf, tokens } from './answer-field.js';
import { allDurations, headline, statisticFields } from './duration-answer.js';
import { costText } from './llm-answer.js';
import { countsOf, type Group, groupByName, groupMap, nameFilter, namesParameter } from './named-states.js';
import { windowedReport } from './window-answer.js';

const { counter, distribution } = stageFamily;

/** The stage that stands for a run of the whole pipeline. */
export const totalStage = 'total';

const latency = headline(statisticFields('duration_ms', ['total', 'avg', 'min', 'max', 'p50', 'p95', 'p99']));

const stageShape = {
  count: count('Runs that ended in any way'),
  error_count: count('Runs that failed'),
  error_rate_percent: percent('Runs that failed'),
  ...latency.shape,
  total_tokens: tokens('Used by runs that told it'),
  runs_without_tokens: count('Runs that did not tell their tokens'),
  total_cost_usd: costUsd('Cost of runs that told it'),
  runs_without_cost: count('Runs that did not tell their cost'),
  cache_hits: count('Runs answered by a cache'),
  cache_hit_rate_percent: percent('Runs answered by a cache, of those that told'),
};

/** GET /stages */
export const stagesReport = windowedReport({
  summary: 'How long the stages of pipelines take, how often they fail, what they cost.',
  families: [stageFamily],
  filters: { stage: namesParameter('stages') },
  statistics: {
    stages_count: count('Entries of stages'),
    stages: mapOf(z.object(stageShape), 'Stages by name, most runs first'),
    average_total_ms: durationMs(`Mean of the stage "${totalStage}", whatever is asked for`),
  },
  make({ of, settings }, { stage }) {
    const isWanted = nameFilter(stage);
    const family = of(stageFamily);
    const groups = groupByName(
      stageFamily,
      [...family.entries()].filter(({ labels }) => isWanted(labels[0]!)),
      {
        name: ([name]) => name!,
        size: ({ counters }) => counters[counter.successes]! + counters[counter.errors]!,
        max: settings.maxSeries,
      },
    );
    const total = family.series.get(totalStage);
    return {
      stages_count: groups.length,
      stages: groupMap(groups, stageAnswer),
      average_total_ms: total === undefined ? null : (allDurations(total, distribution)?.mean() ?? null),
    };
  },
});

function stageAnswer({ state }: Group): z.infer<z.ZodObject<typeof stageShape>> {
  const counts = countsOf(counter, state);
  const runs = counts.successes + counts.errors;
  return {
    count: runs,
    error_count: counts.errors,
    error_rate_percent: percentOf(counts.errors, runs),
    ...latency.of(state, distribution),
    total_tokens: counts.runs_with_tokens === 0 ? null : counts.tokens,
    runs_without_tokens: runs - counts.runs_with_tokens,
    total_cost_usd: costText(counts.runs_with_cost === 0 ? null : counts.cost_nano_usd),
    runs_without_cost: runs - counts.runs_with_cost,
    cache_hits: counts.cache_hits,
    cache_hit_rate_percent: percentOf(counts.cache_hits, counts.runs_with_cache),
  };
}
