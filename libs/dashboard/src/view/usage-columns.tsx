import type { Usage } from '../api/answers.js';
import { money, nanoUsd } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent } from '../format/percent.js';
import { linkTo } from '../navigation.js';
import { Figure } from '../part/figure.js';
import { Name } from '../part/name.js';
import type { Figure as FigureValue } from '../format/figure.js';
import type { Column } from '../table/table.js';

type Row = readonly [name: string, usage: Usage];

const numeric = (
  key: string,
  title: string,
  value: (usage: Usage) => number | null,
  shown: (value: number | null) => FigureValue,
  hint?: string,
): Column<Row> => ({
  key,
  title,
  ...(hint !== undefined && { hint }),
  value: ([, usage]) => value(usage),
  cell: ([, usage]) => <Figure of={shown(value(usage))} />,
});

const amount = (key: string, title: string, value: (usage: Usage) => string | null, hint?: string): Column<Row> => ({
  key,
  title,
  ...(hint !== undefined && { hint }),
  value: ([, usage]) => nanoUsd(value(usage)),
  cell: ([, usage]) => <Figure of={money(value(usage))} />,
});

/** Columns of a table of usage. @param by what its rows are */
export function usageColumns(by: string): Column<Row>[] {
  return [
    {
      key: 'name',
      title:
        by === 'provider' || by === 'model' || by === 'operation'
          ? by[0]!.toUpperCase() + by.slice(1)
          : by.replace('tag:', ''),
      isText: true,
      value: ([name]) => name,
      cell: ([name]) =>
        by === 'provider' ? (
          <Name of={name} href={linkTo({ view: 'providers', names: [name] })} />
        ) : by === 'operation' && name !== '' ? (
          <Name of={name} href={linkTo({ view: 'operations', names: [name] })} />
        ) : (
          <Name of={name === '' ? 'none' : name} />
        ),
    },
    numeric('calls', 'Calls', (usage) => usage.total_calls, count),
    numeric('input', 'Tokens in', (usage) => usage.input_tokens, compact),
    numeric('cached', 'of it cached', (usage) => usage.cached_tokens, compact),
    numeric('output', 'Tokens out', (usage) => usage.output_tokens, compact),
    numeric('reasoning', 'of it reasoning', (usage) => usage.reasoning_tokens, compact),
    numeric('per-call', 'Tokens / call', (usage) => usage.average_tokens_per_call, decimal),
    numeric('efficiency', 'Efficiency', (usage) => usage.efficiency, decimal, 'Output tokens per input token'),
    numeric(
      'limited',
      'Rate limited',
      (usage) => usage.rate_limit_impact_percent,
      percent,
      'Calls that failed because of a rate limit',
    ),
    numeric('unpriced', 'Unpriced', (usage) => usage.unpriced_calls, count, 'Calls whose price is unknown'),
    amount('cost-per-call', 'Cost / call', (usage) => usage.average_cost_usd_per_call, 'Mean of priced calls'),
    amount(
      'cost-per-success',
      'Cost / success',
      (usage) => usage.cost_usd_per_successful_call,
      'Unknown while the cost of some calls is',
    ),
    amount('cost', 'Cost', (usage) => usage.total_cost_usd),
  ];
}
