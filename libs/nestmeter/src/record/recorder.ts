import type { Accumulator } from '../accumulate/accumulator.js';
import type { AnyFamily } from '../accumulate/family.js';
import { cleanLabel } from '../accumulate/labels.js';
import type { Series } from '../accumulate/series.js';
import type { Clock } from '../clock.js';
import type { CallGate } from './call-gate.js';
import { Headroom } from './attempt/headroom.js';
import { ProviderHosts } from './attempt/provider-hosts.js';
import { UntrackedRequests } from './attempt/untracked-requests.js';
import { LastErrors } from './last-errors.js';
import { LLMCalls } from './llm-calls.js';
import type { PriceTable } from './price/price-table.js';
import { Refusals } from './refusals.js';
import { SeriesIndex } from './series-index.js';
import type { Spans } from './span/spans.js';

/** What recorders of a monitor share. */
export interface RecorderOptions {
  readonly accumulator: Accumulator;
  readonly clock: Clock;
  readonly prices: PriceTable;
  /** Families of the declared tags, by tag. */
  readonly tagFamilies: ReadonlyMap<string, AnyFamily>;
  /** Milliseconds of a satisfying answer, by `"POST /chat"`, else for all. */
  readonly apdexMs: (endpoint: string) => number;
  /** Which endpoint requests succeeded; default: status below 400 and not aborted. */
  readonly isSuccess?: ((status: number) => boolean) | undefined;
  /** Decides whether LLM calls are made; none lets all of them pass. */
  readonly gate?: CallGate | undefined;
  /** Hosts of providers beside the known ones. */
  readonly providerHosts?: readonly string[] | undefined;
  /** Whether the last error message of each provider and category is kept, scrubbed. Default false. */
  readonly keepsErrorMessages?: boolean | undefined;
  /** Makes spans of tracked calls; null without the option `tracing`. */
  readonly spans?: Spans | null | undefined;
  readonly warn: (message: string) => void;
  readonly debug: (message: string) => void;
}

/** The place where measurements of one monitor arrive: recorders turn what happened into counts on series. */
export class Recorder {
  readonly accumulator: Accumulator;
  readonly clock: Clock;
  readonly prices: PriceTable;
  readonly refusals: Refusals;
  /** The LLM calls of this monitor. */
  readonly llm: LLMCalls;
  /** What providers still allow, as last seen. */
  readonly headroom: Headroom;
  readonly providerHosts: ProviderHosts;
  /** The last error messages; null unless the option asks for them. */
  readonly lastErrors: LastErrors | null;
  /** Requests to providers that no tracked call made. */
  readonly untracked = new UntrackedRequests();
  readonly options: RecorderOptions;
  readonly #known = new SeriesIndex();

  constructor(options: RecorderOptions) {
    this.options = options;
    this.accumulator = options.accumulator;
    this.clock = options.clock;
    this.prices = options.prices;
    this.refusals = new Refusals(options.warn);
    this.llm = new LLMCalls(this);
    this.lastErrors = options.keepsErrorMessages === true ? new LastErrors() : null;
    this.headroom = new Headroom(() => options.accumulator.clock.nowMs());
    this.providerHosts = new ProviderHosts(options.providerHosts);
  }

  /** A monotonic reading in milliseconds. */
  now(): number {
    return this.clock.monotonicMs();
  }

  /** The handle for label values, which may be hostile. */
  series(family: AnyFamily, ...labels: unknown[]): Series {
    const known = this.#known.find(family, labels);
    if (known !== null) return known;
    for (let index = 0; index < labels.length; index++)
      if (typeof labels[index] !== 'string') labels[index] = cleanLabel(labels[index]);
    const series = this.accumulator.series(family, labels);
    this.#known.add(family, labels, series);
    return series;
  }

  /** Forgets what is not in states: refusals, limits of providers, untracked requests. For tests. */
  clear(): void {
    this.refusals.clear();
    this.headroom.clear();
    this.lastErrors?.clear();
    this.untracked.clear();
  }

  /** Says something to the operator; callers do so once per kind. */
  warn(message: string): void {
    this.guard('logger', () => this.options.warn(message));
  }

  /** Runs recording code so that nothing of it reaches the application. */
  guard<R>(where: string, code: () => R): R | undefined {
    try {
      return code();
    } catch (error) {
      this.refusals.failed(where, error);
      return undefined;
    }
  }

  /** Of `metadata`, the declared tags as text; the rest goes to the debug log only. */
  tagsOf(metadata: Readonly<Record<string, unknown>> | undefined): Record<string, string> | null {
    if (metadata === undefined || metadata === null) return null;
    return this.guard('metadata', () => this.#declaredTags(metadata)) ?? null;
  }

  #declaredTags(metadata: Readonly<Record<string, unknown>>): Record<string, string> | null {
    let tags: Record<string, string> | null = null;
    for (const [key, value] of Object.entries(metadata)) {
      if (!this.options.tagFamilies.has(key)) this.options.debug(`metadata ${key} is not a declared tag`);
      else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        (tags ??= {})[key] = String(value);
    }
    return tags;
  }
}
