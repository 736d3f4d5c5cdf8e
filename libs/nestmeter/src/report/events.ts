import { z } from 'zod';
import { eventFamily } from '../accumulate/families.js';
import { other } from '../accumulate/labels.js';
import { count, mapOf } from './answer-field.js';
import { statisticFields } from './duration-answer.js';
import { type Group, groupByName, groupMap, sumCounters } from './named-states.js';
import { windowedReport } from './window-answer.js';

const { counter, distribution } = eventFamily;

const latency = statisticFields('duration_ms', ['total', 'avg', 'min', 'max', 'p50', 'p95', 'p99']);

const eventShape = {
  count: count('Events'),
  timed_count: count('Events that told a duration; the durations are theirs'),
  ...latency.shape,
};

const labels = { type: z.string(), component: z.string(), operation: z.string() };

const byLabel = (label: string) => mapOf(z.object(eventShape), `Events by ${label}, most frequent first`);

/** GET /events */
export const eventsReport = windowedReport({
  summary: 'What happened how often: counts and durations of events by type, component and operation.',
  families: [eventFamily],
  filters: {},
  statistics: {
    total_events: count('Events of all types'),
    by_type: byLabel('type'),
    by_component: byLabel('component'),
    by_operation: byLabel('operation'),
    events: z
      .array(z.object({ ...labels, ...eventShape }))
      .describe('Events by type, component and operation together, most frequent first'),
  },
  make({ of, settings }) {
    const entries = [...of(eventFamily).entries()];
    const by = (name: (of: readonly string[]) => string) =>
      groupByName(eventFamily, entries, {
        name,
        size: ({ counters }) => counters[counter.events]!,
        max: settings.maxSeries,
      });
    const [byType, byComponent, byOperation] = [0, 1, 2].map((label) =>
      groupMap(
        by((labelValues) => labelValues[label]!),
        eventAnswer,
      ),
    );
    const together = by((values) => (values[0] === other ? other : values.join('\0')));
    return {
      total_events: sumCounters(eventFamily, entries)[counter.events]!,
      by_type: byType!,
      by_component: byComponent!,
      by_operation: byOperation!,
      events: together.map((group) => {
        const [type, component, operation] = group.name === other ? [other, other, other] : group.entries[0]!.labels;
        return { type: type!, component: component!, operation: operation!, ...eventAnswer(group) };
      }),
    };
  },
});

function eventAnswer({ state, counters }: Group): z.infer<z.ZodObject<typeof eventShape>> {
  const durations = state.distributions[distribution.duration] ?? null;
  return {
    count: counters[counter.events]!,
    timed_count: durations?.count ?? 0,
    ...latency.of(durations),
  };
}
