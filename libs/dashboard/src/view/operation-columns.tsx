import type { Operation, Rule } from '../api/answers.js';
import { milliseconds } from '../format/duration.js';
import { money, nanoUsd } from '../format/money.js';
import { compact, count } from '../format/number.js';
import { percent } from '../format/percent.js';
import { shownText } from '../format/text.js';
import { judge } from '../judge-value.js';
import { linkTo } from '../navigation.js';
import { type Share, ShareBar } from '../part/bar.js';
import { Figure } from '../part/figure.js';
import { Name } from '../part/name.js';
import { Toned } from '../part/toned.js';
import type { Column } from '../table/table.js';

/** An operation by its name. */
export type OperationRow = readonly [name: string, operation: Operation];

/** Components that have a colour of their own; the others share that of the rest. */
const colored = 6;
const named = 3;

/** What the time of an operation is made of: its components, most time first, and its own time. */
export function operationShares({ components, own_time_percent: own }: Operation): Share[] {
  const parts = Object.entries(components).map(([name, { share_percent: share }], at) => ({
    name,
    percent: share ?? 0,
    color: at < colored ? at + 1 : 0,
  }));
  return [...parts, { name: 'own time', percent: own ?? 0, color: 0 }];
}

/** Columns of a table of operations. */
export function operationColumns(rules: readonly Rule[]): Column<OperationRow>[] {
  return [
    {
      key: 'name',
      title: 'Operation',
      isText: true,
      value: ([name]) => name,
      cell: ([name]) => <Name of={name} href={linkTo({ view: 'operations', names: [name] })} />,
    },
    {
      key: 'count',
      title: 'Count',
      value: ([, operation]) => operation.total_operations,
      cell: ([, operation]) => <Figure of={count(operation.total_operations)} />,
    },
    {
      key: 'average',
      title: 'Average',
      unit: 'ms',
      value: ([, operation]) => operation.avg_duration_ms,
      cell: ([, { avg_duration_ms: average, threshold_ms: threshold }]) => (
        <Toned tone={average !== null && threshold !== null && average > threshold ? 'bad' : 'plain'}>
          <Figure of={milliseconds(average)} bare />
        </Toned>
      ),
    },
    {
      key: 'p95',
      title: 'p95',
      unit: 'ms',
      value: ([, operation]) => operation.p95_duration_ms,
      cell: ([, operation]) => <Figure of={milliseconds(operation.p95_duration_ms)} bare />,
    },
    {
      key: 'deviation',
      title: 'Std dev',
      unit: 'ms',
      value: ([, operation]) => operation.std_dev_duration_ms,
      cell: ([, operation]) => <Figure of={milliseconds(operation.std_dev_duration_ms)} bare />,
    },
    {
      key: 'errors',
      title: 'Errors',
      value: ([, operation]) => operation.error_rate_percent,
      cell: ([, operation]) => (
        <Toned tone={judge(rules, 'error_rate_percent', operation.error_rate_percent)}>
          <Figure of={percent(operation.error_rate_percent)} />
        </Toned>
      ),
    },
    {
      key: 'tokens',
      title: 'Tokens',
      value: ([, operation]) => operation.total_tokens,
      cell: ([, operation]) => <Figure of={compact(operation.total_tokens)} />,
    },
    {
      key: 'cost',
      title: 'Cost',
      value: ([, operation]) => nanoUsd(operation.total_cost_usd),
      cell: ([, operation]) => <Figure of={money(operation.total_cost_usd)} />,
    },
    {
      key: 'bottleneck',
      title: 'Bottleneck',
      isText: true,
      value: ([, { bottleneck }]) => (bottleneck === null ? null : bottleneck.reason),
      cell: ([, { bottleneck }]) =>
        bottleneck === null ? <span class="soft">–</span> : <Name of={bottleneck.reason} />,
    },
    {
      key: 'components',
      title: 'Components',
      hint: 'Share of the time of the operation in which each was running',
      value: ([, operation]) => operation.own_time_percent,
      cell: ([, operation]) => <Components of={operation} />,
    },
  ];
}

/** The largest components in words and all of them as a bar. */
function Components({ of }: { readonly of: Operation }) {
  const shares = operationShares(of);
  const largest = shares.slice(0, -1).slice(0, named);
  if (largest.length === 0) return <span class="soft">own time only</span>;
  return (
    <span class="components">
      <span class="component-names">
        {largest.map(({ name, percent: share }, at) => (
          <span key={name}>
            {at > 0 && ' · '}
            <bdi>{shownText(name)}</bdi> {Math.round(share)}
          </span>
        ))}
      </span>
      <ShareBar shares={shares} />
    </span>
  );
}
