import { missingReasons } from '../query/gaps.js';
import type { WindowContents } from '../query/window-reader.js';
import type { ReportContext } from '../report/report.js';
import { type SeriesUsage, seriesUsage, usageFamily } from '../report/series-usage.js';
import type { BudgetState } from './budget-gate.js';
import type { Period } from './period.js';

/** What a {@link BudgetView} is made of. */
export interface BudgetViewOptions {
  readonly states: readonly BudgetState[];
  readonly context: ReportContext;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** Length of the finest slots in seconds. */
  readonly slotSeconds: number;
}

/** Budgets that count over the same time are read together. */
interface Together {
  readonly period: Period;
  readonly states: BudgetState[];
  readonly tags: Set<string | null>;
}

type Query = { readonly from: number } | { readonly window: string };

/** Reads what the fleet has used of each budget. */
export class BudgetView {
  readonly #together: readonly Together[];
  #reading: Promise<void> | null = null;
  #isComplete = false;
  #isReached = false;

  constructor(private readonly options: BudgetViewOptions) {
    this.#together = togetherOf(options.states);
  }

  /** Whether nothing was known to be missing when it was read last, and the store answered. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether the store answered the last read. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** Reads all budgets; who asks meanwhile shares the read. A store that is unreachable leaves everything as it was. */
  refresh(): Promise<void> {
    this.#reading ??= this.#refresh().finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** The same, with all that was recorded before the call. */
  async refreshAnew(): Promise<void> {
    // The one under way may lack it.
    await this.#reading?.catch(() => {});
    await this.refresh();
  }

  async #refresh(): Promise<void> {
    const reads = await Promise.all(this.#together.map((together) => this.#read(together)));
    this.#isReached = reads.every((read) => read !== 'unreachable');
    this.#isComplete = reads.every((read) => read === 'complete');
  }

  /** @returns `gaps` when something is known to be missing */
  async #read({ period, states, tags }: Together): Promise<'complete' | 'gaps' | 'unreachable'> {
    const { context, storeNowMs, slotSeconds } = this.options;
    const nowMs = storeNowMs();
    for (const { groups } of states) {
      groups.roll(nowMs);
      groups.asking();
    }
    const { from } = states[0]!.groups.span;
    const query: Query = period.kind === 'rolling' ? { window: `${period.seconds}s` } : { from };
    // In its first moment there is no window yet.
    if (period.kind !== 'rolling' && nowMs <= from * 1000) return 'complete';
    const families = [...tags].map((tag) => usageFamily(context, tag));
    const ask = (asked: Query) => context.read({ query: asked, fallback: '1h', families });
    const contents = await ask(query);
    if (isUnreachable(contents)) return 'unreachable';
    const fellMs = Math.min(...states.map(({ groups }) => groups.fellMs ?? Infinity));
    // The slot of the fall has something of both times.
    const after = Math.ceil(fellMs / 1000 / slotSeconds) * slotSeconds;
    const later = after < storeNowMs() / 1000 ? await ask({ from: after }) : null;
    for (const { budget, groups } of states) {
      const usage = (of: WindowContents | null): SeriesUsage[] =>
        of === null ? [] : seriesUsage(of, usageFamily(context, budget.tag), budget.tag);
      groups.answered(usage(contents), usage(later), {
        from,
        nowMs: contents.nowMs,
        bornId: contents.born?.id ?? null,
      });
    }
    return contents.gaps.length === 0 ? 'complete' : 'gaps';
  }
}

/** Whether what was read is only what this replica counted. */
export function isUnreachable({ gaps }: Pick<WindowContents, 'gaps'>): boolean {
  return gaps.some(({ reason }) => reason === missingReasons.unreachable);
}

function togetherOf(states: readonly BudgetState[]): Together[] {
  const all = new Map<string, Together>();
  for (const state of states) {
    const { period, tag } = state.budget;
    const key = JSON.stringify(period);
    const known = all.get(key);
    if (known === undefined) all.set(key, { period, states: [state], tags: new Set([tag]) });
    else {
      known.states.push(state);
      known.tags.add(tag);
    }
  }
  return [...all.values()];
}
