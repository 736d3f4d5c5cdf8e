import {
  builtInFamilies,
  cacheFamily,
  componentFamily,
  endpointFamily,
  operationFamily,
  queueFamily,
  sharedQueueFamily,
  stageFamily,
} from '../accumulate/families.js';
import type { Distribution } from '../accumulate/distribution.js';
import type { AnyFamily } from '../accumulate/family.js';
import { llmFamily } from '../accumulate/llm-family.js';
import type { SeriesState } from '../accumulate/series-state.js';
import { nanoUsdToNumber } from '../money.js';
import type { Merged } from '../query/window-sum.js';
import { percentOf, perOne } from './answer-field.js';
import { allDurations, type Statistic, statisticFields } from './duration-answer.js';
import { meanLevel, meanSum, type Span } from './gauge-answer.js';
import { callSuccessPercent, costOf, tokenAnswer } from './llm-answer.js';
import { countsOf, type Entry, mergeStates } from './named-states.js';

/*
 * Any metric of any family as plain numbers, for whoever compares them with something: alert rules. A metric is one that
 * answers have too, under the same name and with the same value, or a meter of the family by its own name.
 */

/** A question for the values of one metric. */
export interface MetricQuestion {
  /** Name of a family: `endpoint`, `llm`, `custom.jobs` … Queues of both kinds go by `queue`. */
  readonly family: string;
  readonly metric: string;
  /** Of distributions; other metrics have one value only. */
  readonly statistic: Statistic;
  /** Labels of which each combination is answered for itself; none: all series together. */
  readonly by: readonly string[];
  /** Only series with these label values. */
  readonly filter: Readonly<Record<string, string>>;
}

/** The value of a metric for one group of series. */
export interface MetricValue {
  readonly labels: Readonly<Record<string, string>>;
  /** Null when nothing tells. */
  readonly value: number | null;
  /** How many measurements it is made of; null where they cannot be counted, as with levels. */
  readonly count: number | null;
}

/** A window from which values are made. */
export interface ValueWindow extends Merged, Span {
  /** Its length, by which rates divide. */
  readonly seconds: number;
}

type Value = Pick<MetricValue, 'value' | 'count'>;
type Metric = (state: SeriesState, window: ValueWindow, statistic: Statistic) => Value;

const rateOf = (part: number, count: number): Value => ({ value: percentOf(part, count), count });

function durationsOf(family: {
  readonly distribution: { success_duration: number; failure_duration: number };
}): Metric {
  return (state, _window, statistic) => statisticOf(allDurations(state, family.distribution), statistic);
}

const metrics: Readonly<Record<string, Readonly<Record<string, Metric>>>> = {
  endpoint: {
    response_time_ms: durationsOf(endpointFamily),
    success_rate_percent: (state) => {
      const { requests, successes } = countsOf(endpointFamily.counter, state);
      return rateOf(successes, requests);
    },
    error_rate_percent: (state) => {
      const { requests, successes } = countsOf(endpointFamily.counter, state);
      return rateOf(requests - successes, requests);
    },
    requests_per_second: (state, { seconds }) => {
      const { requests } = countsOf(endpointFamily.counter, state);
      return { value: perOne(requests, seconds), count: requests };
    },
  },
  operation: {
    duration_ms: durationsOf(operationFamily),
    error_rate_percent: (state) => {
      const { calls, successes } = countsOf(operationFamily.counter, state);
      return rateOf(calls - successes, calls);
    },
  },
  component: {
    duration_ms: (state, _window, statistic) =>
      statisticOf(state.distributions[componentFamily.distribution.duration] ?? null, statistic),
    error_rate_percent: (state) => {
      const { calls, errors } = countsOf(componentFamily.counter, state);
      return rateOf(errors, calls);
    },
  },
  stage: {
    duration_ms: durationsOf(stageFamily),
    error_rate_percent: (state) => {
      const { successes, errors } = countsOf(stageFamily.counter, state);
      return rateOf(errors, successes + errors);
    },
  },
  llm: {
    response_time_ms: durationsOf(llmFamily),
    success_rate_percent: (state) => {
      const counts = countsOf(llmFamily.counter, state);
      return { value: callSuccessPercent(counts), count: counts.calls };
    },
    error_rate_percent: (state) => {
      const counts = countsOf(llmFamily.counter, state);
      const success = callSuccessPercent(counts);
      return { value: success === null ? null : 100 - success, count: counts.calls };
    },
    token_efficiency: (state) => {
      const counts = countsOf(llmFamily.counter, state);
      const { input_tokens, output_tokens } = tokenAnswer(counts);
      // Embeddings answer with vectors, not with tokens.
      const value = output_tokens === 0 ? null : perOne(output_tokens, input_tokens ?? 0);
      return { value, count: counts.calls_with_usage };
    },
    total_tokens: (state) => {
      const counts = countsOf(llmFamily.counter, state);
      return { value: tokenAnswer(counts).total_tokens, count: counts.calls };
    },
    cost_usd: (state) => {
      const counts = countsOf(llmFamily.counter, state);
      const cost = costOf(counts);
      return { value: cost === null ? null : nanoUsdToNumber(cost), count: counts.calls };
    },
    calls_per_second: (state, { seconds }) => {
      const { calls } = countsOf(llmFamily.counter, state);
      return { value: perOne(calls, seconds), count: calls };
    },
  },
  cache: {
    cache_hit_rate_percent: (state) => {
      const { hits, misses } = countsOf(cacheFamily.counter, state);
      return rateOf(hits, hits + misses);
    },
  },
};

/**
 * Which families to read for a metric, or why there are none.
 *
 * @param known all families of this replica, custom ones too
 */
export function metricFamilies(
  { family: name, metric, by, filter }: Pick<MetricQuestion, 'family' | 'metric' | 'by' | 'filter'>,
  known: readonly AnyFamily[] = builtInFamilies,
): { readonly families: readonly AnyFamily[]; readonly missing: string | null } {
  const none = (missing: string) => ({ families: [], missing });
  const family = known.find((one) => one.name === name);
  if (family === undefined) return none(`nothing measures ${name}`);
  const meter = meterName(name, metric);
  const isKnown =
    metrics[name]?.[meter] !== undefined ||
    meter in family.counter ||
    meter in family.distribution ||
    meter in family.gauge;
  if (!isKnown) return none(`${name} has no metric ${metric}`);
  const labels = new Set(family.labels.map((label) => label.name));
  const wrong = [...by, ...Object.keys(filter)].find((label) => !labels.has(label));
  if (wrong !== undefined) return none(`${name} has no label ${wrong}`);
  return { families: name === queueFamily.name ? [queueFamily, sharedQueueFamily] : [family], missing: null };
}

/** The values of a metric in a window. @param families as {@link metricFamilies} answers them */
export function metricValues(
  window: ValueWindow,
  question: MetricQuestion,
  families: readonly AnyFamily[],
): MetricValue[] {
  const values = families.flatMap((family) => valuesOf(window, question, family));
  if (question.by.length > 0 || values.length < 2) return values;
  const told = values.flatMap(({ value }) => (value === null ? [] : [value]));
  return [{ labels: {}, value: told.length === 0 ? null : told.reduce((sum, one) => sum + one), count: null }];
}

function valuesOf(window: ValueWindow, question: MetricQuestion, family: AnyFamily): MetricValue[] {
  const metric = metricOf(family, meterName(family.name, question.metric));
  return groupsOf(window, question, family).map(({ labels, state }) => ({
    labels,
    ...metric(state(), window, question.statistic),
  }));
}

interface LabelledGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: () => SeriesState;
}

/** Many metrics are of the same groups: merging them is what takes the time. They live as long as their window. */
const groupsOfWindows = new WeakMap<ValueWindow, Map<string, LabelledGroup[]>>();

function groupsOf(window: ValueWindow, { by, filter }: MetricQuestion, family: AnyFamily): LabelledGroup[] {
  let known = groupsOfWindows.get(window);
  if (known === undefined) groupsOfWindows.set(window, (known = new Map()));
  const key = JSON.stringify([family.name, by, filter]);
  let groups = known.get(key);
  if (groups === undefined) known.set(key, (groups = groupSeries(window, by, filter, family)));
  return groups;
}

function groupSeries(
  window: ValueWindow,
  by: readonly string[],
  filter: MetricQuestion['filter'],
  family: AnyFamily,
): LabelledGroup[] {
  const at = (label: string): number => family.labels.findIndex(({ name }) => name === label);
  const columns = by.map(at);
  const wanted = Object.entries(filter).map(([label, value]) => [at(label), value] as const);
  const groups = new Map<string, { labels: Record<string, string>; entries: Entry[] }>();
  for (const entry of window.of(family).entries()) {
    if (!wanted.every(([column, value]) => entry.labels[column] === value)) continue;
    const key = columns.map((column) => entry.labels[column]).join('\0');
    const group = groups.get(key);
    if (group !== undefined) group.entries.push(entry);
    else
      groups.set(key, {
        labels: Object.fromEntries(by.map((label, index) => [label, entry.labels[columns[index]!]!])),
        entries: [entry],
      });
  }
  return [...groups.values()].map(({ labels, entries }) => {
    let merged: SeriesState | null = null;
    return { labels, state: () => (merged ??= mergeStates(family, entries)) };
  });
}

/** The meter behind a metric's name in answers. */
function meterName(family: string, metric: string): string {
  return metric === 'queue_depth' && (family === queueFamily.name || family === sharedQueueFamily.name)
    ? 'depth'
    : metric;
}

function metricOf(family: AnyFamily, name: string): Metric {
  const own = metrics[family.name]?.[name];
  if (own !== undefined) return own;
  if (name in family.distribution)
    return (state, _window, statistic) =>
      statisticOf(state.distributions[family.distribution[name]!] ?? null, statistic);
  if (name in family.counter)
    return (state) => ({
      value: state.counters[family.counter[name]!]!,
      count: state.counters[family.counter[name]!]!,
    });
  const sums = family.specs.gauges[family.gauge[name]!]!.sums;
  return (state, window) => {
    const gauge = state.gauges[family.gauge[name]!];
    return { value: sums ? meanSum(gauge, window) : meanLevel(gauge), count: null };
  };
}

function statisticOf(distribution: Distribution | null, statistic: Statistic): Value {
  const fields: Readonly<Record<string, number | null>> = statisticFields('of', [statistic]).of(distribution);
  const value = fields[`${statistic}_of`];
  return { value: value ?? null, count: distribution?.count ?? 0 };
}
