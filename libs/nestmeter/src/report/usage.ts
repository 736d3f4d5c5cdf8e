import { z } from 'zod';
import { other } from '../accumulate/labels.js';
import { llmFamily, type tagFamily } from '../accumulate/llm-family.js';
import type { AnyFamily } from '../accumulate/family.js';
import { FamilyState } from '../accumulate/family-state.js';
import type { WindowContents } from '../query/window-reader.js';
import { invalid } from '../query/window.js';
import { count, mapOf, tokens } from './answer-field.js';
import { dayShape, readDay } from './day-usage.js';
import { tokenAnswer, type UsageCounts, usageAnswer, usageShape } from './llm-answer.js';
import { answerMap, countsOf, groupByName, groupMap, totalCounts } from './named-states.js';
import type { Report } from './report.js';
import {
  answerWindow,
  type Counted,
  type WindowAnswer,
  windowAnswerSchema,
  type WindowedQuery,
  windowedQueryShape,
} from './window-answer.js';

const groupSeconds = { hour: 3600, day: 86_400, month: 86_400 } as const;
type Calendar = keyof typeof groupSeconds;

const usageEntry = z.object(usageShape);
const byName = (of: string) => mapOf(usageEntry, `Usage by ${of}, most calls first`);

const statisticsShape = {
  summary: usageEntry.describe('All calls together'),
  by_provider: byName('provider'),
  by_model: byName('model'),
  by_operation: byName('operation'),
  by_tag: mapOf(byName('value of the tag'), 'Usage by declared tag and its value'),
  unpriced_models: z
    .array(
      z.object({
        provider: z.string().describe('Provider of the model'),
        model: z.string().describe('The model that answered, else the one asked for'),
        total_calls: count('Calls of the model, priced or not'),
        unpriced_calls: count('Calls with tokens whose price is unknown'),
        input_tokens: tokens('Input of all calls of the model'),
        output_tokens: tokens('Output of all calls of the model'),
      }),
    )
    .describe('Models with calls whose price is unknown, most of such calls first'),
};
type Statistics = z.infer<z.ZodObject<typeof statisticsShape>>;

/** What may be asked of {@link usageReport}. */
export type UsageQuery = WindowedQuery & { group?: Calendar | undefined };

/** What {@link usageReport} answers. */
export type UsageAnswer = WindowAnswer<Statistics> & { day: z.infer<z.ZodObject<typeof dayShape>> };

/** GET /usage */
export const usageReport: Report<UsageQuery, UsageAnswer> = {
  summary: 'Tokens and cost of LLM calls by provider, model, operation and tag.',
  query: z.strictObject({
    ...windowedQueryShape,
    group: z
      .enum(['hour', 'day', 'month'], { error: 'hour, day or month' })
      .optional()
      .describe('Adds series: the same numbers by hour (windows up to 4 d), by day or month (UTC)'),
  }),
  answer: windowAnswerSchema(statisticsShape, { day: z.object(dayShape).describe('The UTC day so far') }),
  async make(context, query) {
    const { group } = query;
    if (group !== undefined && query.points !== undefined)
      throw invalid('points', 'left out when group is given', query.points);
    const families: readonly AnyFamily[] = [llmFamily, ...context.settings.tagFamilies.values()];
    const reading = { families, fallback: '24h' };
    const answer = await answerWindow(
      context,
      query,
      // As many points as there are slots; they are put together by the calendar then.
      group === undefined
        ? reading
        : { ...reading, points: Number.MAX_SAFE_INTEGER, stretches: (contents) => byCalendar(contents, group) },
      usageOf,
    );
    return { ...answer, day: await readDay(context, answer.timestamp) };
  },
};

function usageOf(counted: Counted): Statistics {
  const { settings } = counted;
  return {
    summary: usageAnswer(totalCounts(counted, llmFamily)),
    by_provider: usageBy(counted, llmFamily, 0),
    by_model: usageBy(counted, llmFamily, 1),
    by_operation: usageBy(counted, llmFamily, 2),
    by_tag: answerMap([...settings.tagFamilies].map(([tag, family]) => [tag, usageBy(counted, family, 0)] as const)),
    unpriced_models: unpricedModels(counted),
  };
}

function usageBy({ of, settings }: Counted, family: AnyFamily, label: number) {
  // Families of tags have the counters of the LLM family under the same names.
  const columns = family.counter as ReturnType<typeof tagFamily>['counter'];
  const groups = groupByName(family, of(family).entries(), {
    name: (labels) => labels[label]!,
    size: ({ counters }) => counters[columns.calls]!,
    max: settings.maxSeries,
  });
  return groupMap(groups, (group) => usageAnswer(countsOf(columns, group) as UsageCounts));
}

function unpricedModels({ of, settings }: Counted): Statistics['unpriced_models'] {
  const { unpriced_calls } = llmFamily.counter;
  const entries = [...of(llmFamily).entries()];
  const unpriced = new Set(
    entries.filter(({ state }) => state.counters[unpriced_calls]! > 0).map(({ labels }) => modelKey(labels)),
  );
  const groups = groupByName(
    llmFamily,
    entries.filter(({ labels }) => unpriced.has(modelKey(labels))),
    { name: modelKey, size: ({ counters }) => counters[unpriced_calls]!, max: settings.maxSeries },
  );
  return groups.map((group) => {
    const counts = countsOf(llmFamily.counter, group);
    const [provider, model] = group.name === other ? [other, other] : group.entries[0]!.labels;
    const { input_tokens, output_tokens } = tokenAnswer(counts);
    return {
      provider: provider!,
      model: model!,
      total_calls: counts.calls,
      unpriced_calls: counts.unpriced_calls,
      input_tokens,
      output_tokens,
    };
  });
}

/** Tells a model of one provider from that of another; both may hold any character. */
function modelKey([provider, model]: readonly string[]): string {
  return provider === other && model === other ? other : JSON.stringify([provider, model]);
}

/** Puts the slots of a window together by hour, day or month of UTC. */
function byCalendar({ window, points }: WindowContents, group: Calendar): WindowContents['points'] {
  if (window.slotSeconds > groupSeconds[group])
    throw invalid('group', `day or month for a window on slots of ${window.slotSeconds / 3600} h`, group);
  const groups = new Map<string, WindowContents['points'][number][]>();
  for (const point of points) {
    const key = new Date(point.from * 1000).toISOString().slice(0, { hour: 13, day: 10, month: 7 }[group]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [point]);
    else known.push(point);
  }
  return [...groups.values()].map((parts) => ({
    from: parts[0]!.from,
    to: parts.at(-1)!.to,
    publishedSeconds: parts.reduce((sum, part) => sum + part.publishedSeconds, 0),
    of(family) {
      const whole = new FamilyState(family);
      for (const part of parts) whole.merge(part.of(family));
      return whole;
    },
  }));
}
