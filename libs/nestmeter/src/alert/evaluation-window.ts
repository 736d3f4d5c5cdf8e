import type { WindowContents, WindowRequest } from '../query/window-reader.js';
import { missingReasons } from '../query/gaps.js';
import type { ValueWindow } from '../report/metric-values.js';
import type { ReportContext } from '../report/report.js';

/** Families as a read takes them. */
export type Families = WindowRequest['families'];

/** What a look at the fleet is made of. */
export interface EvaluationOptions {
  readonly context: ReportContext;
  /** All families of this replica, custom ones too. */
  readonly families: () => Families;
  /** Length of the finest slots. */
  readonly slotSeconds: number;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** What is used of budgets, by their name and group as labels; left out where there are none. */
  readonly budgetLevels?: (() => Promise<readonly BudgetLevel[]>) | undefined;
}

/** How a group of a budget stands; null is unknown. */
export interface BudgetLevel {
  readonly labels: Readonly<Record<string, string>>;
  readonly usedPercent: number | null;
  /** For people: `15.40 of 20.00 USD`; null is unknown. */
  readonly usedOfLimit: string | null;
  readonly unpricedCalls: number | null;
}

/** Slots that ended later may still be on their way from some replica. */
const settleMs = 3000;

/**
 * Reads for one evaluation of all rules: each window once, over slots that ended at least 3 s ago, so that what a slow
 * replica has not yet published is not taken for a drop.
 */
export class EvaluationWindow {
  readonly nowMs: number;
  /** Unix seconds: the end of the last slot that counts. */
  readonly end: number;
  #budgets: Promise<readonly BudgetLevel[]> | null = null;
  readonly #reads = new Map<string, Promise<WindowContents>>();

  constructor(readonly options: EvaluationOptions) {
    const { slotSeconds, storeNowMs } = options;
    this.nowMs = storeNowMs();
    this.end = Math.floor((this.nowMs - settleMs) / 1000 / slotSeconds) * slotSeconds;
  }

  /** What was counted from `from` to `to`, in Unix seconds. */
  async read(from: number, to: number, families: Families, points?: number): Promise<WindowContents> {
    const { context, families: known } = this.options;
    // Of the process something is published all the time: that tells how long anybody published.
    const process = known().filter(({ name }) => name === 'process');
    const wanted = [...new Set([...families, ...process])];
    const key = JSON.stringify([from, to, points, wanted.map(({ name }) => name)]);
    let contents = this.#reads.get(key);
    if (contents === undefined) {
      contents = context.read({ query: { from, to }, fallback: '5m', families: wanted, points });
      this.#reads.set(key, contents);
    }
    return contents;
  }

  /** The replicas now. */
  replicas(): Promise<WindowContents> {
    let contents = this.#reads.get('replicas');
    if (contents === undefined) {
      contents = this.options.context.read({ query: {}, fallback: '60s', families: [], beats: 'live' });
      this.#reads.set('replicas', contents);
    }
    return contents;
  }

  /** How budgets stand now. */
  budgets(): Promise<readonly BudgetLevel[]> {
    return (this.#budgets ??= this.options.budgetLevels?.() ?? Promise.resolve([]));
  }

  /** Why nothing can be told of the fleet now; null when it can. */
  async staleness(): Promise<string | null> {
    const { live, gaps } = await this.replicas();
    if (gaps.some(({ reason }) => reason === missingReasons.unreachable)) return 'the store is unreachable';
    return live.length === 0 ? 'no replica publishes' : null;
  }
}

const valueWindows = new WeakMap<WindowContents, ValueWindow>();

/** A window as values are made from it; the same for the same contents, so that rules share what is merged. */
export function valueWindow(contents: WindowContents): ValueWindow {
  const { window, publishedSeconds, replicas } = contents;
  let values = valueWindows.get(contents);
  if (values === undefined) {
    values = { of: (family) => contents.of(family), publishedSeconds, replicas, seconds: window.to - window.from };
    valueWindows.set(contents, values);
  }
  return values;
}
