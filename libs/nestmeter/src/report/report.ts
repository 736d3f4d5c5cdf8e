import { z } from 'zod';
import type { AnyFamily } from '../accumulate/family.js';
import type { WindowContents, WindowRequest } from '../query/window-reader.js';
import { invalid } from '../query/window.js';

/** What reports need to know beside what was counted. */
export interface ReportSettings {
  /** Families of the declared tags, by tag; each made by `tagFamily`. */
  readonly tagFamilies: ReadonlyMap<string, AnyFamily>;
  /** Tokens per UTC day; null when there is no limit. */
  readonly dailyTokenLimit: number | null;
  /** Milliseconds above which an operation or component counts as slow, by name. */
  readonly operationThresholdsMs: Readonly<Record<string, number>>;
  /** Entries in an answer's map; the largest stay, the rest is added up in `__other__`. */
  readonly maxSeries: number;
  /** Seconds since this replica began to measure. */
  readonly uptimeSeconds: () => number;
}

/** Where a report gets its numbers from. */
export interface ReportContext {
  readonly settings: ReportSettings;
  read(request: WindowRequest): Promise<WindowContents>;
}

/** One answer of the product: what may be asked, what is answered, how it is made. */
export interface Report<Query, Answer> {
  /** What it answers, as one sentence for the reference. */
  readonly summary: string;
  /** Takes text or numbers, as they come from a query string or from code; refuses what it does not know. */
  readonly query: z.ZodType<Query>;
  /** For documentation and tests. Send what was made, not a parsed copy: zod's records drop a key called `__proto__`. */
  readonly answer: z.ZodType<Answer>;
  make(context: ReportContext, query: Query): Promise<Answer>;
}

/**
 * Checks what was asked against a report's query schema.
 *
 * @throws NestmeterError `NM_QUERY_INVALID` naming the first wrong parameter and what is allowed
 */
export function readQuery<Query>({ query }: Pick<Report<Query, unknown>, 'query'>, asked: unknown): Query {
  const read = query.safeParse(asked);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const known = query instanceof z.ZodObject ? Object.keys(query.shape) : [];
    const rule = known.length === 0 ? 'left out, since there are none' : `one of ${known.join(', ')}`;
    throw invalid('parameters', rule, issue.keys[0]);
  }
  const [name] = issue.path;
  if (name === undefined) throw invalid('parameters', 'an object', asked);
  throw invalid(String(name), issue.message, (asked as Record<PropertyKey, unknown>)[name]);
}
