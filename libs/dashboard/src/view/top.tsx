import type { ComponentChildren } from 'preact';
import type { View } from '../address.js';
import { useWindowed } from '../api/window.js';
import { nanoUsd } from '../format/money.js';
import { useRules } from '../judge.js';
import { address, adjust, linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { Awaited, Empty } from '../part/notice.js';
import { Segments } from '../part/segments.js';
import { sorted, type SortValue } from '../table/sort.js';
import { picked, Table } from '../table/table.js';
import { endpointCode, operationCode, providerCode } from './first-line.js';
import { endpointColumns } from './endpoint-columns.js';
import { modelColumns, modelRows, providerColumns } from './model-rows.js';
import { operationColumns } from './operation-columns.js';

/*
 * The few endpoints, operations, providers and models that take most of the time, fail most or cost most.
 */

const measures = [
  ['time', 'Time'],
  ['errors', 'Errors'],
  ['cost', 'Cost'],
] as const;
type Measure = (typeof measures)[number][0];

const hints: Readonly<Record<Measure, string>> = { time: 'by time spent', errors: 'by failures', cost: 'by cost' };
const most = 6;

function measure(): Measure {
  return measures.map(([name]) => name).find((name) => name === address.value.options.by) ?? 'time';
}

/** By what the tables of the overview are ordered. */
export function TopSwitch() {
  return (
    <div class="title-row switch-row">
      <h2>Where it goes</h2>
      <Segments label="Order by" options={measures} value={measure()} onChoose={(by) => adjust({ by })} />
    </div>
  );
}

/** What a row weighs, by each measure. */
interface Weight {
  /** Sum of its durations, or anything proportional to it. */
  readonly time: number | null;
  readonly errors: number | null;
  readonly cost: string | null;
}

function topOf<Row>(rows: readonly Row[], weight: (row: Row) => Weight): Row[] {
  const by = measure();
  const value = (row: Row): SortValue => (by === 'cost' ? nanoUsd(weight(row).cost) : weight(row)[by]);
  return sorted(rows, value, true).slice(0, most);
}

interface TopCardProps {
  readonly title: string;
  readonly view: View;
  readonly span?: 'two-thirds';
  readonly isOld: boolean;
  readonly total: number;
  readonly children: ComponentChildren;
}

function TopCard({ title, view, span, isOld, total, children }: TopCardProps) {
  return (
    <Card
      title={title}
      hint={hints[measure()]}
      isOld={isOld}
      {...(span !== undefined && { span })}
      actions={
        <a class="link soft" href={linkTo({ view, names: [], options: {} })}>
          {total > 0 ? `All ${total}` : 'All'}
        </a>
      }
    >
      {children}
    </Card>
  );
}

/** Endpoints of which most comes. */
export function TopEndpoints() {
  const reading = useWindowed('endpoints', { series: 'totals' });
  const rules = useRules();
  return (
    <TopCard
      title="Endpoints"
      view="endpoints"
      span="two-thirds"
      isOld={reading.isOld}
      total={reading.answer?.endpoints_count ?? 0}
    >
      <Awaited of={reading} lines={6}>
        {(answer) =>
          answer.endpoints_count === 0 ? (
            <Empty code={endpointCode}>
              No request in this window. Endpoints are timed by themselves once the module is there:
            </Empty>
          ) : (
            <Table
              caption="Endpoints of which most comes"
              columns={picked(endpointColumns(rules, answer), [
                'name',
                'rate',
                'average',
                'p95',
                'errors',
                'waiting',
                'per-request',
              ])}
              rows={topOf(Object.entries(answer.endpoints), ([, { stats, total_cost_usd: cost }]) => ({
                time: (stats.avg_duration_ms ?? 0) * stats.total_operations,
                errors: stats.total_operations - stats.successful_operations,
                cost,
              }))}
              id={([name]) => name}
              order={null}
            />
          )
        }
      </Awaited>
    </TopCard>
  );
}

/** Operations of which most comes. */
export function TopOperations() {
  const reading = useWindowed('operations');
  const rules = useRules();
  return (
    <TopCard
      title="Operations"
      view="operations"
      span="two-thirds"
      isOld={reading.isOld}
      total={reading.answer?.operations_count ?? 0}
    >
      <Awaited of={reading} lines={6}>
        {(answer) =>
          answer.operations_count === 0 ? (
            <Empty code={operationCode}>No operation in this window. Decorate the methods you want to see:</Empty>
          ) : (
            <Table
              caption="Operations of which most comes"
              columns={picked(operationColumns(rules), ['name', 'count', 'average', 'p95', 'components'])}
              rows={topOf(Object.entries(answer.operations), ([, operation]) => ({
                time: operation.total_duration_ms,
                errors: operation.error_count,
                cost: operation.total_cost_usd,
              }))}
              id={([name]) => name}
              order={null}
            />
          )
        }
      </Awaited>
    </TopCard>
  );
}

/** Providers of which most comes. */
export function TopProviders() {
  const reading = useWindowed('providers');
  const rules = useRules();
  return (
    <TopCard title="Providers" view="providers" isOld={reading.isOld} total={reading.answer?.providers_count ?? 0}>
      <Awaited of={reading} lines={3}>
        {(answer) =>
          answer.providers_count === 0 ? (
            <Empty code={providerCode}>No LLM call in this window. Decorate the methods that call a provider:</Empty>
          ) : (
            <Table
              caption="Providers of which most comes"
              columns={picked(providerColumns(rules), [
                'name',
                'calls',
                'success',
                'average',
                'p95',
                'first-token',
                'token-rate',
                'retries',
                'unpriced',
                'cost',
              ])}
              rows={topOf(Object.entries(answer.providers), ([, provider]) => ({
                time: (provider.average_response_time_ms ?? 0) * provider.total_requests,
                errors: sum(provider.errors),
                cost: provider.total_cost_usd,
              }))}
              id={([name]) => name}
              order={null}
            />
          )
        }
      </Awaited>
    </TopCard>
  );
}

/** Models of which most comes, side by side. */
export function TopModels() {
  const reading = useWindowed('providers');
  const rules = useRules();
  const rows = reading.answer === null ? [] : modelRows(reading.answer);
  return (
    <TopCard title="Models" view="models" isOld={reading.isOld} total={rows.length}>
      <Awaited of={reading} lines={5}>
        {() =>
          rows.length === 0 ? (
            <Empty code={providerCode}>No LLM call in this window. Decorate the methods that call a provider:</Empty>
          ) : (
            <Table
              caption="Models of which most comes"
              columns={picked(modelColumns(rules), [
                'name',
                'calls',
                'success',
                'p50',
                'p95',
                'first-token',
                'token-rate',
                'tokens',
                'retries',
                'headroom',
                'per-thousand',
                'cost',
              ])}
              rows={topOf(rows, ({ model }) => ({
                time: (model.avg_duration_ms ?? 0) * model.total_operations,
                errors: sum(model.errors),
                cost: model.total_cost_usd,
              }))}
              id={({ provider, name }) => `${provider} ${name}`}
              order={null}
            />
          )
        }
      </Awaited>
    </TopCard>
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, many) => total + many, 0);
}
