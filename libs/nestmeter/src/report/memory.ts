import { z } from 'zod';
import { processFamily } from '../accumulate/families.js';
import type { Gauge } from '../accumulate/gauge.js';
import type { Merged } from '../query/window-sum.js';
import type { Beat } from '../store/store.js';
import { alertTexts } from './alert-fields.js';
import { inMebibytes, mapOf, mebibytes, percent, value } from './answer-field.js';
import { highestLevel, lowestLevel, meanLevel, meanSum, type Span } from './gauge-answer.js';
import { Levels, liveBeats, replicaAnswer, replicaMap, replicaShape } from './live-replicas.js';
import type { Report } from './report.js';
import { answerHead, headShape, type WindowedQuery, windowedQueryShape, windowRequest } from './window-answer.js';

const { counter, gauge } = processFamily;

const sizes = {
  heap_used: 'JavaScript heap in use',
  heap_total: 'JavaScript heap reserved',
  rss: 'Resident set',
  external: 'C++ objects bound to JavaScript',
  array_buffers: 'Array buffers and Buffers',
  stack_used: 'Stack of the main thread; Linux only',
  anonymous: 'Resident anonymous memory; Linux only',
  file_cache: 'Resident file mappings; Linux only',
  shared: 'Resident shared memory; Linux only',
} as const;
const sizeNames = Object.keys(sizes) as (keyof typeof sizes)[];
type SizeField = `${keyof typeof sizes}_mb`;

const sizeShape = Object.fromEntries(
  sizeNames.map((name) => [`${name}_mb`, mebibytes(sizes[name])]),
) as unknown as Readonly<Record<SizeField, ReturnType<typeof mebibytes>>>;
const pressure = percent('Memory in use, of what the process may use; of several replicas the highest');
const faults = value('Page faults in the window, minor and major');

const levelShape = { ...sizeShape, memory_pressure_percent: pressure };
const partShape = {
  heap_used_mb: mebibytes('Mean heap in use, sum of replicas'),
  rss_mb: mebibytes('Mean resident set, sum of replicas'),
  external_mb: mebibytes('Mean of C++ objects bound to JavaScript, sum of replicas'),
  memory_pressure_percent: percent('Mean memory in use, of what a process may use'),
  page_faults: faults,
};

const answer = z.object({
  ...headShape,
  current: z.object({ ...levelShape, page_faults: faults }).describe('Living replicas now, sizes added up'),
  by_replica: mapOf(z.object({ ...replicaShape, ...levelShape }), 'Living replicas by id'),
  trends: z.object({
    hours_analyzed: z.number().describe('Length of the window, in hours'),
    average_heap_mb: mebibytes('Mean heap in use, sum of replicas'),
    min_heap_mb: mebibytes(
      'Lowest heap in use: of one replica exact, of several the lowest mean of a part of the window',
    ),
    max_heap_mb: mebibytes('Highest heap in use: of one replica exact, of several the highest mean of a part'),
    pressure_trend: z
      .enum(['rising', 'falling', 'stable'])
      .nullable()
      .describe('rising or falling by more than 5 % of the mean per hour, else stable'),
  }),
  alerts: alertTexts,
  series: z
    .array(z.object({ from: z.number(), to: z.number(), ...partShape }))
    .optional()
    .describe('Means for parts of the window, oldest first'),
});

/** What {@link memoryReport} answers. */
export type MemoryAnswer = z.infer<typeof answer>;

/** Parts of the window from which the trend is seen when no points are asked for. */
const trendPoints = 48;

/** GET /memory */
export const memoryReport: Report<WindowedQuery, MemoryAnswer> = {
  summary: 'How much memory the replicas use now, and where that is going.',
  query: z.strictObject(windowedQueryShape),
  answer,
  async make(context, query) {
    const request = windowRequest(query, { families: [processFamily], fallback: '24h' });
    const contents = await context.read({ ...request, points: request.points ?? trendPoints });
    const { window, replicas } = contents;
    const parts = contents.points.map((part) => ({
      from: part.from,
      to: part.to,
      ...partAnswer(part, { publishedSeconds: part.publishedSeconds, replicas }),
    }));
    const beats = liveBeats(contents);
    const { average_heap_mb, min_heap_mb, max_heap_mb } = heapTrend(contents, parts, contents);
    return {
      ...answerHead(contents),
      current: { ...levelAnswer(beats ?? []), page_faults: pageFaults(contents) },
      by_replica: replicaMap(beats, (beat) => ({ ...replicaAnswer(beat), ...levelAnswer([beat]) })),
      trends: {
        hours_analyzed: (window.to - window.from) / 3600,
        average_heap_mb,
        min_heap_mb,
        max_heap_mb,
        pressure_trend: pressureTrend(parts),
      },
      alerts: [],
      ...(query.points !== undefined && { series: parts }),
    };
  },
};

type Part = { from: number; to: number } & z.infer<z.ZodObject<typeof partShape>>;

/** Sizes of some replicas added up, and the highest pressure. */
function levelAnswer(beats: readonly Beat[]) {
  const levels = new Levels(beats);
  const answers = sizeNames.map((name) => [`${name}_mb`, inMebibytes(levels.sum('process', name))]);
  return {
    ...(Object.fromEntries(answers) as Record<SizeField, number | null>),
    memory_pressure_percent: levels.highest('process', 'memory_pressure'),
  };
}

function processGauge(merged: Merged, name: keyof typeof gauge): Gauge | null {
  return merged.of(processFamily).series.get('')?.gauges[gauge[name]] ?? null;
}

function pageFaults(merged: Merged): number | null {
  return merged.of(processFamily).series.get('')?.counters[counter.page_faults] ?? null;
}

function partAnswer(part: Merged, span: Span): Omit<Part, 'from' | 'to'> {
  const mean = (name: 'heap_used' | 'rss' | 'external') => inMebibytes(meanSum(processGauge(part, name), span));
  return {
    heap_used_mb: mean('heap_used'),
    rss_mb: mean('rss'),
    external_mb: mean('external'),
    memory_pressure_percent: meanLevel(processGauge(part, 'memory_pressure')),
    page_faults: pageFaults(part),
  };
}

function heapTrend(merged: Merged, parts: readonly Part[], span: Span) {
  const heap = processGauge(merged, 'heap_used');
  const means = parts.map((part) => part.heap_used_mb).filter((mean) => mean !== null);
  // Extremes are of single replicas; only for one of them are they those of the sum.
  const several = span.replicas > 1 && means.length > 0;
  return {
    average_heap_mb: inMebibytes(meanSum(heap, span)),
    min_heap_mb: several ? Math.min(...means) : inMebibytes(lowestLevel(heap)),
    max_heap_mb: several ? Math.max(...means) : inMebibytes(highestLevel(heap)),
  };
}

function pressureTrend(parts: readonly Part[]): 'rising' | 'falling' | 'stable' | null {
  const growth = pressureGrowth(parts);
  if (growth === null || Math.abs(growth) <= 5) return growth === null ? null : 'stable';
  return growth > 0 ? 'rising' : 'falling';
}

/**
 * How memory pressure grows, in percent of its mean per hour: slope of the least-squares line through the means of parts of
 * a window. Null when none is known, 0 when there is only one.
 */
export function pressureGrowth(
  parts: readonly { from: number; to: number; memory_pressure_percent: number | null }[],
): number | null {
  const points = parts.flatMap(({ from, to, memory_pressure_percent: level }) =>
    level === null ? [] : [{ hours: (from + to) / 7200, level }],
  );
  if (points.length === 0) return null;
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const hours = mean((point) => point.hours);
  const level = mean((point) => point.level);
  const spread = mean((point) => (point.hours - hours) ** 2);
  if (spread === 0 || level === 0) return 0;
  return (mean((point) => (point.hours - hours) * (point.level - level)) / spread / level) * 100;
}
