import { z } from 'zod';
import type { AnyFamily } from '../accumulate/family.js';
import { systemClock } from '../clock.js';
import { Pace } from '../accumulate/pace.js';
import type { Gap } from '../query/gaps.js';
import type { WindowContents, WindowRequest } from '../query/window-reader.js';
import type { Merged } from '../query/window-sum.js';
import type { WindowQuery } from '../query/window.js';
import type { Beat } from '../store/store.js';
import { count, time } from './answer-field.js';
import { byReplica, Levels, liveBeats, replicaAnswer, replicaMap } from './live-replicas.js';
import type { Report, ReportContext, ReportSettings } from './report.js';

const once = (rule: string) => ({ error: `${rule}, given once` });
const mostPoints = 200;
/** Entries of a map in all parts of an answer together: about a kilobyte each. */
const mostEntries = 4000;
const fewestNames = 10;
const pointsRule = { error: `a whole number from 2 to ${mostPoints}` };
const partNamesRule = { error: 'a whole number from 1 to 1000' };

/** Query parameters of every windowed report. */
export const windowedQueryShape = {
  window: z
    .union([z.string(), z.number()], once('a duration such as 15m or 24h, or whole minutes'))
    .optional()
    .describe('How far to look back: 30s … 90d, or whole minutes'),
  hours: z.union([z.string(), z.number()], once('a whole number of hours')).optional().describe('The same in hours'),
  from: z
    .union([z.string(), z.number()], once('Unix seconds or an ISO 8601 time'))
    .optional()
    .describe('Start: Unix seconds or ISO 8601; rounded down to a slot'),
  to: z
    .union([z.string(), z.number()], once('Unix seconds or an ISO 8601 time'))
    .optional()
    .describe('End, only with from: Unix seconds or ISO 8601; now when left out'),
  points: z
    .union(
      [
        z.int(pointsRule).min(2, pointsRule).max(mostPoints, pointsRule),
        z.string().regex(/^0*([2-9]|[1-9]\d|1\d\d|200)$/, pointsRule),
      ],
      pointsRule,
    )
    .optional()
    .describe(
      `Adds series: the same statistics for at most so many equal parts of the window, 2 to ${mostPoints}. A map in a part has the largest ${mostEntries} ÷ parts names, at least ${fewestNames}; the rest is in __other__`,
    ),
  part_names: z
    .union(
      [
        z.int(partNamesRule).min(1, partNamesRule).max(1000, partNamesRule),
        z.string().regex(/^0*([1-9]\d{0,2}|1000)$/, partNamesRule),
      ],
      partNamesRule,
    )
    .optional()
    .describe('Most names in a map of a part, 1 to 1000, for charts of totals; the rest is in __other__'),
  by: z.literal('replica', { error: 'replica' }).optional().describe('replica adds by_replica'),
};

/** What may be asked of every windowed report. */
export type WindowedQuery = z.infer<z.ZodObject<typeof windowedQueryShape>>;

/** Schema of what every windowed answer carries. */
export const headShape = {
  timestamp: time('When it was read, by the clock of the store'),
  window: z.object({
    requested: z.string().describe('The window as it was asked for'),
    from: time('Start, a slot’s'),
    to: time('End'),
    slot_seconds: z.number().describe('Length of the slots that it is made of, in seconds'),
    data_since: z.number().nullable().describe('Before it the store has nothing, in Unix seconds'),
  }),
  replicas: count('Most replicas that counted in any one slot'),
  replicas_live: count('Replicas that are alive now'),
  complete: z.boolean().describe('Whether nothing is known to be missing'),
  gaps: z
    .array(z.object({ from: time('Start'), to: time('End'), reason: z.string() }))
    .describe('Times for which numbers are known to be missing'),
};

/** What every windowed answer carries. */
export type AnswerHead = z.infer<z.ZodObject<typeof headShape>>;

/** What every windowed answer carries, of what was read. */
export function answerHead({ nowMs, window, born, replicas, live, gaps }: WindowContents): AnswerHead {
  const { requested, from, to, slotSeconds } = window;
  return {
    timestamp: nowMs / 1000,
    window: { requested, from, to, slot_seconds: slotSeconds, data_since: born?.since ?? null },
    replicas,
    replicas_live: live.length,
    complete: gaps.length === 0,
    gaps: gaps.map((gap: Gap) => ({ from: gap.from, to: gap.to, reason: gap.reason })),
  };
}

/** What statistics are made from: a window, or a stretch of one. */
export interface Counted extends Merged {
  /** Unix seconds; rates divide by `to − from`. */
  readonly from: number;
  readonly to: number;
  /** Unix milliseconds, by the clock of the store. */
  readonly nowMs: number;
  /** Seconds in whose slots anybody published. */
  readonly publishedSeconds: number;
  /** Most replicas that contributed to any one slot of the window. */
  readonly replicas: number;
  /** What is so at this moment; null for a stretch of the past, and while replicas are unknown. */
  readonly levels: Levels | null;
  /** Last beats of the living replicas; null likewise. */
  readonly beats: readonly Beat[] | null;
  readonly settings: ReportSettings;
}

/** An answer: head, statistics, and what `points` and `by` add. */
export type WindowAnswer<Statistics> = AnswerHead &
  Statistics & {
    series?: ({ from: number; to: number } & Statistics)[] | undefined;
    by_replica?: z.infer<typeof byReplica> | undefined;
  };

/** Schema of {@link WindowAnswer}. @param beside fields of the whole answer that its parts do not have */
export function windowAnswerSchema<Shape extends z.ZodRawShape, Beside extends z.ZodRawShape = Record<never, never>>(
  statistics: Shape,
  beside?: Beside,
) {
  type Statistics = z.infer<z.ZodObject<Shape>>;
  const series = z.array(z.object({ from: time('Start of the part'), to: time('Its end'), ...statistics }));
  const schema = z.object({
    ...headShape,
    ...beside,
    ...statistics,
    series: series.optional().describe('The same statistics for parts of the window, oldest first'),
    by_replica: byReplica.optional(),
  });
  return schema as unknown as z.ZodType<WindowAnswer<Statistics> & z.infer<z.ZodObject<Beside>>>;
}

/** What a windowed report reads. */
export interface Reading {
  readonly families: readonly AnyFamily[];
  /** The window when the query names none; one hour unless said otherwise. */
  readonly fallback?: string;
  /** How `points` cut the window, if not into equal parts: see {@link WindowRequest}. */
  readonly points?: number;
  readonly stretches?: (contents: WindowContents) => WindowContents['points'];
}

/** The request for a windowed query; nothing else of the query is in it, so that equal reads are shared. */
export function windowRequest({ window, hours, from, to, points }: WindowedQuery, reading: Reading): WindowRequest {
  const query: WindowQuery = { window, hours, from, to };
  const { families, fallback = '1h' } = reading;
  const cut = reading.points ?? (points === undefined ? undefined : Number(points));
  return { query, fallback, families, points: cut, beats: 'live' };
}

/**
 * Reads a window and answers with its statistics, and with those of its parts and replicas when asked for. Gives way to
 * the event loop between parts.
 */
export async function answerWindow<Statistics extends object>(
  context: ReportContext,
  query: WindowedQuery,
  reading: Reading,
  statistics: (counted: Counted) => Statistics,
): Promise<WindowAnswer<Statistics>> {
  const request = windowRequest(query, reading);
  const contents = await context.read(request);
  const { settings } = context;
  const { window, publishedSeconds, replicas, nowMs } = contents;
  const beats = liveBeats(contents);
  const levels = beats === null ? null : new Levels(beats);
  const of = (family: AnyFamily) => contents.of(family);
  const whole = statistics({
    of,
    from: window.from,
    to: window.to,
    nowMs,
    publishedSeconds,
    replicas,
    levels,
    beats,
    settings,
  });
  const stretches = reading.stretches?.(contents) ?? contents.points;
  const partSettings = { ...settings, maxSeries: namesOfPart(settings.maxSeries, stretches.length, query) };
  const series: ({ from: number; to: number } & Statistics)[] = [];
  const pace = new Pace(systemClock);
  for (const stretch of request.points === undefined ? [] : stretches) {
    if (pace.isDue) await pace.giveWay();
    const { from, to } = stretch;
    const part = { from, to, nowMs, publishedSeconds: stretch.publishedSeconds, replicas, settings: partSettings };
    series.push({
      from,
      to,
      ...statistics({ ...part, levels: null, beats: null, of: (family) => stretch.of(family) }),
    });
  }
  return {
    ...answerHead(contents),
    ...whole,
    ...(request.points !== undefined && { series }),
    ...(query.by === 'replica' && { by_replica: replicaMap(beats, replicaAnswer) }),
  };
}

/** Names of a map in one of so many parts. */
function namesOfPart(maxSeries: number, parts: number, { part_names: most = maxSeries }: WindowedQuery): number {
  return Math.min(maxSeries, Number(most), Math.max(fewestNames, Math.floor(mostEntries / parts)));
}

/** What a {@link windowedReport} is made of. */
export interface WindowedReportSpec<Filters extends z.ZodRawShape, Statistics extends z.ZodRawShape> {
  readonly summary: string;
  readonly families: readonly AnyFamily[];
  /** Query parameters beside those of the window. */
  readonly filters: Filters;
  /** Schema of the statistics. */
  readonly statistics: Statistics;
  make(
    counted: Counted,
    query: WindowedQuery & z.infer<z.ZodObject<Filters>>,
  ): z.infer<z.ZodObject<Statistics>> & object;
}

/** A report whose whole answer are statistics of a window. */
export function windowedReport<Filters extends z.ZodRawShape, Statistics extends z.ZodRawShape>(
  spec: WindowedReportSpec<Filters, Statistics>,
) {
  type Query = WindowedQuery & z.infer<z.ZodObject<Filters>>;
  type Answer = WindowAnswer<z.infer<z.ZodObject<Statistics>>>;
  const report: Report<Query, Answer> = {
    summary: spec.summary,
    query: z.strictObject({ ...windowedQueryShape, ...spec.filters }) as unknown as z.ZodType<Query>,
    answer: windowAnswerSchema(spec.statistics),
    make: (context, query) => answerWindow(context, query, spec, (counted) => spec.make(counted, query)),
  };
  return report;
}
