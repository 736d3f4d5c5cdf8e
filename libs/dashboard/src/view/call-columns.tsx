import type { Model, Provider, Rule } from '../api/answers.js';
import { milliseconds } from '../format/duration.js';
import type { Figure as FigureValue } from '../format/figure.js';
import { money, nanoUsd, perMany } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent, wholePercent } from '../format/percent.js';
import { judge } from '../judge-value.js';
import { Figure } from '../part/figure.js';
import { Toned } from '../part/toned.js';
import type { Column } from '../table/table.js';

/** What answers tell of the calls of a provider and of a model alike, under the names that they share here. */
export interface Calls {
  readonly calls: number;
  readonly successPercent: number | null;
  readonly averageMs: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly shared: Pick<Model, SharedField>;
}

type SharedField = Exclude<keyof Model & keyof Provider, 'successful'>;

/** Calls of a provider. */
export function providerCalls(provider: Provider): Calls {
  return {
    calls: provider.total_requests,
    successPercent: provider.success_rate_percent,
    averageMs: provider.average_response_time_ms,
    p50Ms: provider.p50_response_time_ms,
    p95Ms: provider.p95_response_time_ms,
    p99Ms: provider.p99_response_time_ms,
    shared: provider,
  };
}

/** Calls of a model. */
export function modelCalls(model: Model): Calls {
  return {
    calls: model.total_operations,
    successPercent: model.success_rate_percent,
    averageMs: model.avg_duration_ms,
    p50Ms: model.p50_duration_ms,
    p95Ms: model.p95_duration_ms,
    p99Ms: model.p99_duration_ms,
    shared: model,
  };
}

/** Cost of a thousand calls; null while the price of some is unknown, since it would look cheap. */
export function perThousand({ calls, shared }: Calls): string | null {
  return shared.unpriced_calls > 0 ? null : perMany(shared.total_cost_usd, 1000, calls);
}

/** Output tokens per input token. */
export function efficiency({ shared: { tokens } }: Calls): number | null {
  const { input_tokens: input, output_tokens: output } = tokens;
  return input === null || output === null || input === 0 ? null : output / input;
}

/** The limit of a provider of which least is left. */
export function tightestLimit({ shared: { rate_limits: limits } }: Calls): { kind: string; percent: number } | null {
  const known = Object.entries(limits.headroom ?? {}).flatMap(([kind, { limit, remaining }]) =>
    limit === null || remaining === null || limit === 0 ? [] : [{ kind, percent: (remaining / limit) * 100 }],
  );
  return known.reduce<(typeof known)[number] | null>(
    (least, each) => (least === null || each.percent < least.percent ? each : least),
    null,
  );
}

/** Below so much of what a provider allows, calls will soon be refused. */
const littlePercent = 10;

/** Columns about calls, for tables of providers and of models. @param of what a row tells of calls */
export function callColumns<Row>(rules: readonly Rule[], of: (row: Row) => Calls): Column<Row>[] {
  const figure = (
    key: string,
    title: string,
    value: (calls: Calls) => number | null,
    shown: (value: number | null) => FigureValue,
    more: Partial<Column<Row>> = {},
  ): Column<Row> => ({
    key,
    title,
    value: (row) => value(of(row)),
    cell: (row) => <Figure of={shown(value(of(row)))} bare={more.unit !== undefined} />,
    ...more,
  });
  const judged = (column: Column<Row>, metric: string, value: (calls: Calls) => number | null): Column<Row> => ({
    ...column,
    cell: (row) => <Toned tone={judge(rules, metric, value(of(row)))}>{column.cell(row)}</Toned>,
  });
  return [
    figure('calls', 'Calls', ({ calls }) => calls, count),
    judged(
      figure('success', 'Success', ({ successPercent: success }) => success, percent, {
        hint: 'Of calls that completed or failed',
      }),
      'provider_success_rate_percent',
      ({ successPercent: success }) => success,
    ),
    judged(
      figure('average', 'Average', ({ averageMs }) => averageMs, milliseconds, { unit: 'ms' }),
      'provider_response_time_ms',
      ({ averageMs }) => averageMs,
    ),
    figure('p50', 'p50', ({ p50Ms }) => p50Ms, milliseconds, { unit: 'ms' }),
    figure('p95', 'p95', ({ p95Ms }) => p95Ms, milliseconds, { unit: 'ms' }),
    figure('p99', 'p99', ({ p99Ms }) => p99Ms, milliseconds, { unit: 'ms' }),
    figure('first-token', 'First token', ({ shared }) => shared.time_to_first_token.p50_ms, milliseconds, {
      unit: 'ms',
      hint: 'Median of streams',
    }),
    figure('token-rate', 'Tokens / s', ({ shared }) => shared.output_rate.p50_tokens_per_second, decimal, {
      hint: 'Output after the first token, median of streams',
    }),
    {
      key: 'tokens',
      title: 'Tokens in · out',
      value: (row) => of(row).shared.tokens.total_tokens,
      cell: (row) => {
        const { input_tokens: input, output_tokens: output } = of(row).shared.tokens;
        return (
          <>
            <Figure of={compact(input)} /> · <Figure of={compact(output)} />
          </>
        );
      },
    },
    figure('efficiency', 'Efficiency', efficiency, decimal, { hint: 'Output tokens per input token' }),
    figure('retries', 'Retries', ({ shared }) => shared.retries, count, { hint: 'Attempts after the first' }),
    {
      key: 'headroom',
      title: 'Headroom',
      hint: 'What the provider still allows of its tightest limit',
      value: (row) => tightestLimit(of(row))?.percent,
      cell: (row) => <Headroom of={tightestLimit(of(row))} />,
    },
    figure('unpriced', 'Unpriced', ({ shared }) => shared.unpriced_calls, count, {
      hint: 'Calls whose price is unknown',
    }),
    {
      key: 'per-thousand',
      title: 'Cost / 1 000',
      hint: 'Cost of a thousand calls',
      value: (row) => nanoUsd(perThousand(of(row))),
      cell: (row) => <Cost amount={perThousand(of(row))} calls={of(row)} />,
    },
    {
      key: 'cost',
      title: 'Cost',
      value: (row) => nanoUsd(of(row).shared.total_cost_usd),
      cell: (row) => <Figure of={money(of(row).shared.total_cost_usd)} />,
    },
  ];
}

function Headroom({ of }: { readonly of: ReturnType<typeof tightestLimit> }) {
  if (of === null) return <span class="soft">unknown</span>;
  return (
    <>
      <Toned tone={of.percent < littlePercent ? 'bad' : 'plain'}>
        <Figure of={wholePercent(of.percent)} />
      </Toned>{' '}
      <small>{of.kind.replaceAll('_', ' ')}</small>
    </>
  );
}

function Cost({ amount, calls: { shared } }: { readonly amount: string | null; readonly calls: Calls }) {
  return shared.unpriced_calls > 0 ? (
    <span class="soft" title={`The price of ${shared.unpriced_calls} calls is unknown`}>
      unpriced
    </span>
  ) : (
    <Figure of={money(amount)} />
  );
}
