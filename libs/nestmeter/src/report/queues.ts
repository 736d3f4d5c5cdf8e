import { z } from 'zod';
import { processFamily, queueFamily, sharedQueueFamily } from '../accumulate/families.js';
import { other } from '../accumulate/labels.js';
import { mapOf, value } from './answer-field.js';
import { highestLevel, meanLevel, meanSum } from './gauge-answer.js';
import type { Levels } from './live-replicas.js';
import { answerMap, type Group, groupByName } from './named-states.js';
import { type Counted, windowedReport } from './window-answer.js';

const queueShape = {
  current_depth: value('Entries waiting now, over the living replicas'),
  average_depth: value(
    'Mean number of entries waiting: of a shared queue over the time in which it was known, of others over the time in which any replica published',
  ),
  max_depth: value('Most entries waiting: of one replica exact, of several at least so many'),
  shared: z.boolean().describe('Whether all replicas see the same queue, so that depths do not add up'),
};

/** GET /queues */
export const queuesReport = windowedReport({
  summary: 'How many entries wait in queues.',
  // Of the process something is published all the time; that of a queue begins with its first depth.
  families: [queueFamily, sharedQueueFamily, processFamily],
  filters: {},
  statistics: {
    queues: mapOf(
      z.object(queueShape),
      'Queues by name, deepest first. One that some replicas record as shared and others as their own is there twice, the latter as "<name> (per replica)"',
    ),
  },
  make(counted) {
    const of = (family: typeof queueFamily | typeof sharedQueueFamily) =>
      groupByName(family, counted.of(family).entries(), {
        name: ([name]) => name!,
        size: ({ state }) => highestLevel(state.gauges[family.gauge.depth]) ?? 0,
        max: counted.settings.maxSeries,
      });
    const answers = new Map(of(sharedQueueFamily).map((group) => [group.name, queueAnswer(group, counted, true)]));
    for (const group of of(queueFamily)) {
      let { name } = group;
      while (answers.has(name)) name += ' (per replica)';
      answers.set(name, queueAnswer(group, counted, false));
    }
    return { queues: answerMap(answers) };
  },
});

function queueAnswer(
  { name, state }: Group,
  counted: Counted,
  shared: boolean,
): z.infer<z.ZodObject<typeof queueShape>> {
  const { levels, replicas } = counted;
  const gauge = state.gauges[(shared ? sharedQueueFamily : queueFamily).gauge.depth];
  const current = name === other ? null : currentDepth(levels, name, shared);
  const average = shared ? meanLevel(gauge) : meanSum(gauge, counted);
  const highest = highestLevel(gauge);
  // Nobody knows how deep the sum over replicas ever was; it was at least what it is and what it was on average.
  const sums = !shared && replicas > 1 ? [current ?? 0, average ?? 0] : [];
  return {
    current_depth: current,
    average_depth: average,
    max_depth: highest === null ? null : Math.max(highest, ...sums),
    shared,
  };
}

function currentDepth(levels: Levels | null, name: string, shared: boolean): number | null {
  return (shared ? levels?.highest('shared_queue', name) : levels?.sum('queue', name)) ?? null;
}

/** Entries waiting now in all queues; null when no living replica tells of any. */
export function totalDepth(levels: Levels | null): number | null {
  if (levels === null) return null;
  const shared = levels.names('shared_queue').map((name) => currentDepth(levels, name, true)!);
  const depths = [levels.sum('queue'), ...shared].filter((depth) => depth !== null);
  return depths.length === 0 ? null : depths.reduce((sum, depth) => sum + depth, 0);
}
