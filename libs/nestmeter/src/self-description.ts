import type { Accumulator } from './accumulate/accumulator.js';
import { schema } from './accumulate/encoded-state.js';
import { endpointFamily, operationFamily, queueFamily, sharedQueueFamily } from './accumulate/families.js';
import { llmFamily } from './accumulate/llm-family.js';
import { Distribution, milliseconds } from './accumulate/distribution.js';
import type { AnyFamily } from './accumulate/family.js';
import type { FamilyState } from './accumulate/family-state.js';
import type { WindowReader } from './query/window-reader.js';
import type { HttpRequests } from './record/http-request.js';
import type { ProcessSampler } from './record/process.js';
import type { Recorder } from './record/recorder.js';
import { levelName, mostLevels } from './store/levels.js';
import { type Beat, mostLimits } from './store/store.js';
import { version } from './version.js';

/** What a {@link SelfDescription} looks at. */
export interface SelfDescriptionOptions {
  readonly accumulator: Accumulator;
  readonly recorder: Recorder;
  readonly http: HttpRequests;
  readonly sampler: ProcessSampler;
  /** Reads this replica's own memory. */
  readonly ownReader: WindowReader;
  readonly families: () => readonly AnyFamily[];
  /** Unix seconds. */
  readonly started: number;
}

/** What this replica tells others about itself with each beat: levels of the moment, and a summary of its own numbers. */
export class SelfDescription {
  #summary: Record<string, number | null> = {};

  constructor(private readonly options: SelfDescriptionOptions) {}

  /** The part of a beat that is not about publishing. Cheap: the summary is that of the last {@link refresh}. */
  describe(): Pick<
    Beat,
    'version' | 'schema' | 'started' | 'families' | 'current' | 'summary' | 'headroom' | 'lastErrors'
  > {
    const { families, started, recorder } = this.options;
    return {
      version,
      schema,
      started,
      families: Object.fromEntries(families().map((family) => [family.name, family.signature])),
      current: this.#levels(),
      summary: this.#summary,
      headroom: recorder.headroom.latest(mostLimits),
      lastErrors: recorder.lastErrors?.list(),
    };
  }

  /** Sums up the last 60 s and the time since start; takes about a millisecond at 200 series. */
  async refresh(): Promise<void> {
    const { ownReader, accumulator } = this.options;
    const lately = await ownReader.read({ query: {}, fallback: '60s', families: [endpointFamily, llmFamily] });
    const requests = totalsOf(lately.of(endpointFamily));
    const ever = accumulator.lifetime(endpointFamily);
    const calls = accumulator.lifetime(llmFamily);
    this.#summary = {
      last_60s_requests: requests.count,
      last_60s_average_ms: requests.durations.mean(),
      last_60s_p95_ms: requests.durations.quantiles([0.95])[0]!,
      last_60s_error_rate_percent: requests.count === 0 ? null : 100 - (100 * requests.successes) / requests.count,
      last_60s_llm_calls: sum(lately.of(llmFamily), llmFamily.counter.calls),
      since_start_requests: sum(ever, endpointFamily.counter.requests),
      since_start_operations: sum(accumulator.lifetime(operationFamily), operationFamily.counter.calls),
      since_start_llm_calls: sum(calls, llmFamily.counter.calls),
      since_start_tokens: tokensOf(calls),
      since_start_cost_nano_usd: costOf(calls),
    };
  }

  #levels(): Record<string, number> {
    const { http, recorder, sampler, accumulator } = this.options;
    const levels: [string, number][] = [[levelName('active_requests'), http.active]];
    for (const [name, value] of Object.entries(sampler.levels)) levels.push([levelName('process', name), value]);
    for (const { provider, model, calls, oldestMs } of recorder.llm.active()) {
      levels.push([levelName('active_calls', provider, model), calls]);
      levels.push([levelName('oldest_call_ms', provider, model), Math.round(oldestMs)]);
    }
    for (const [kind, family] of [
      ['queue', queueFamily],
      ['shared_queue', sharedQueueFamily],
    ] as const)
      for (const series of accumulator.handles.of(family)) {
        const depth = series.level(family.gauge.depth);
        if (depth !== null) levels.push([levelName(kind, ...series.labels), depth]);
      }
    return Object.fromEntries(levels.slice(0, mostLevels));
  }
}

function totalsOf(state: FamilyState): { count: number; successes: number; durations: Distribution } {
  const durations = new Distribution(milliseconds);
  for (const { distributions } of state.series.values())
    for (const distribution of distributions) if (distribution !== null) durations.merge(distribution);
  const { requests, successes } = endpointFamily.counter;
  return { count: sum(state, requests), successes: sum(state, successes), durations };
}

/** Tokens of LLM calls; null when there were calls and none told any. */
export function tokensOf(calls: FamilyState): number | null {
  const { counter } = llmFamily;
  if (!isKnown(calls, counter.calls_with_usage)) return null;
  return sum(calls, counter.input_tokens) + sum(calls, counter.output_tokens);
}

/** Cost of LLM calls in nano-USD; null when there were calls and none has a price. */
export function costOf(calls: FamilyState): number | null {
  const { counter } = llmFamily;
  return isKnown(calls, counter.priced_calls) ? sum(calls, counter.cost_nano_usd) : null;
}

function isKnown(calls: FamilyState, told: number): boolean {
  return sum(calls, told) > 0 || sum(calls, llmFamily.counter.calls) === 0;
}

/** Σ of a counter over all series. */
export function sum(state: FamilyState, counter: number): number {
  let total = 0;
  for (const { counters } of state.series.values()) total += counters[counter]!;
  return total;
}
