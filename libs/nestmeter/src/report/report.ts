import type { z } from 'zod';
import type { AnyFamily } from '../accumulate/family.js';
import type { WindowContents, WindowRequest } from '../query/window-reader.js';

/** What reports need to know beside what was counted. */
export interface ReportSettings {
  /** Families of the declared tags, by tag. */
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
  readonly query: z.ZodType<Query>;
  readonly answer: z.ZodType<Answer>;
  make(context: ReportContext, query: Query): Promise<Answer>;
}
