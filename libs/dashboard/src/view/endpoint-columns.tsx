import type { Endpoint, Rule, WindowHead } from '../api/answers.js';
import { perMinute } from '../chart/stretch.js';
import { milliseconds } from '../format/duration.js';
import { money, nanoUsd, perMany } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent, wholePercent } from '../format/percent.js';
import { judge } from '../judge-value.js';
import { linkTo } from '../navigation.js';
import { Bar } from '../part/bar.js';
import { Figure } from '../part/figure.js';
import { Name } from '../part/name.js';
import { Toned } from '../part/toned.js';
import type { Column } from '../table/table.js';

/** An endpoint by its name, `POST /chat`. */
export type EndpointRow = readonly [name: string, endpoint: Endpoint];

/** Columns of a table of endpoints. @param answer whose endpoints they are */
export function endpointColumns(rules: readonly Rule[], answer: Pick<WindowHead, 'window'>): Column<EndpointRow>[] {
  const perCall = ([, { total_cost_usd: cost, stats }]: EndpointRow) => perMany(cost, 1, stats.total_operations);
  return [
    {
      key: 'name',
      title: 'Endpoint',
      isText: true,
      value: ([name]) => name,
      cell: ([name]) => <Name of={name} href={linkTo({ view: 'endpoints', names: [name] })} />,
    },
    {
      key: 'rate',
      title: 'Per min',
      value: ([, { stats }]) => stats.total_operations,
      cell: ([, { stats }]) => <Figure of={decimal(perMinute(stats.total_operations, answer))} />,
    },
    {
      key: 'requests',
      title: 'Requests',
      value: ([, { stats }]) => stats.total_operations,
      cell: ([, { stats }]) => <Figure of={count(stats.total_operations)} />,
    },
    {
      key: 'average',
      title: 'Average',
      unit: 'ms',
      value: ([, { stats }]) => stats.avg_duration_ms,
      cell: ([, { stats }]) => <Figure of={milliseconds(stats.avg_duration_ms)} bare />,
    },
    {
      key: 'p50',
      title: 'p50',
      unit: 'ms',
      value: ([, { stats }]) => stats.p50_duration_ms,
      cell: ([, { stats }]) => <Figure of={milliseconds(stats.p50_duration_ms)} bare />,
    },
    {
      key: 'p95',
      title: 'p95',
      unit: 'ms',
      value: ([, { stats }]) => stats.p95_duration_ms,
      cell: ([, { stats }]) => (
        <Toned tone={judge(rules, 'response_time_ms', stats.p95_duration_ms)}>
          <Figure of={milliseconds(stats.p95_duration_ms)} bare />
        </Toned>
      ),
    },
    {
      key: 'p99',
      title: 'p99',
      unit: 'ms',
      value: ([, { stats }]) => stats.p99_duration_ms,
      cell: ([, { stats }]) => <Figure of={milliseconds(stats.p99_duration_ms)} bare />,
    },
    {
      key: 'errors',
      title: 'Errors',
      hint: 'Requests that did not succeed',
      value: ([, { stats }]) => stats.error_rate_percent,
      cell: ([, { stats }]) => (
        <Toned tone={judge(rules, 'error_rate_percent', stats.error_rate_percent)}>
          <Figure of={percent(stats.error_rate_percent)} />
        </Toned>
      ),
    },
    {
      key: 'apdex',
      title: 'Apdex',
      hint: 'Satisfied requests and half of the tolerating ones, of all; 0 to 1',
      value: ([, { stats }]) => stats.apdex,
      cell: ([, { stats }]) => <Figure of={decimal(stats.apdex)} />,
    },
    {
      key: 'waiting',
      title: 'Waiting for providers',
      hint: 'Of the time of its requests',
      value: ([, endpoint]) => endpoint.provider_wait_percent,
      cell: ([, { provider_wait_percent: share }]) => (
        <>
          <Figure of={wholePercent(share)} />
          <Bar percent={share} />
        </>
      ),
    },
    {
      key: 'tokens',
      title: 'Tokens',
      value: ([, { tokens }]) => tokens.total_tokens,
      cell: ([, { tokens }]) => <Figure of={compact(tokens.total_tokens)} />,
    },
    {
      key: 'per-request',
      title: 'Cost / request',
      value: (row) => nanoUsd(perCall(row)),
      cell: (row) => <Figure of={money(perCall(row))} />,
    },
    {
      key: 'cost',
      title: 'Cost',
      value: ([, { total_cost_usd: cost }]) => nanoUsd(cost),
      cell: ([, { total_cost_usd: cost }]) => <Figure of={money(cost)} />,
    },
  ];
}
