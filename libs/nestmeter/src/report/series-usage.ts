import type { AnyFamily } from '../accumulate/family.js';
import { llmFamily, type tagFamily } from '../accumulate/llm-family.js';
import type { Merged } from '../query/window-sum.js';
import type { ReportContext } from './report.js';

/** What LLM calls of one series used, for whoever adds them up by other rules than answers do: budgets. */
export interface SeriesUsage {
  /** `provider`, `model` and `operation`, or the tag alone. */
  readonly labels: Readonly<Record<string, string>>;
  /** Calls with any outcome but refused. */
  readonly calls: number;
  readonly refused: number;
  readonly pricedCalls: number;
  readonly unpricedCalls: number;
  readonly costNanoUsd: number;
  readonly callsWithUsage: number;
  readonly callsWithoutUsage: number;
  /** Input and output. */
  readonly tokens: number;
}

/** The family that counts usage by a declared tag, or with null by provider, model and operation. Throws for an unknown tag. */
export function usageFamily({ settings }: Pick<ReportContext, 'settings'>, tag: string | null): AnyFamily {
  const family = tag === null ? llmFamily : settings.tagFamilies.get(tag);
  if (family === undefined) throw new TypeError(`tag must be a declared one, got ${JSON.stringify(tag)}`);
  return family;
}

/** The usage of each series. @param tag the declared tag that the family counts by; null for {@link llmFamily} */
export function seriesUsage(contents: Merged, family: AnyFamily, tag: string | null): SeriesUsage[] {
  // Families of tags have the counters of the LLM family under the same names.
  const columns = family.counter as ReturnType<typeof tagFamily>['counter'];
  return [...contents.of(family).entries()].map(({ labels, state: { counters } }) => ({
    labels: tag === null ? { provider: labels[0]!, model: labels[1]!, operation: labels[2]! } : { [tag]: labels[0]! },
    calls: counters[columns.calls]!,
    refused: counters[columns.refused]!,
    pricedCalls: counters[columns.priced_calls]!,
    unpricedCalls: counters[columns.unpriced_calls]!,
    costNanoUsd: counters[columns.cost_nano_usd]!,
    callsWithUsage: counters[columns.calls_with_usage]!,
    callsWithoutUsage: counters[columns.calls_without_usage]!,
    tokens: counters[columns.input_tokens]! + counters[columns.output_tokens]!,
  }));
}
