import type { Operation } from '../api/answers.js';
import { milliseconds } from '../format/duration.js';
import { count } from '../format/number.js';
import { percent } from '../format/percent.js';
import { linkTo } from '../navigation.js';
import { ShareBar } from '../part/bar.js';
import { Card } from '../part/card.js';
import { Figure } from '../part/figure.js';
import { Name } from '../part/name.js';
import { Empty } from '../part/notice.js';
import { Toned } from '../part/toned.js';
import { type Column, Table } from '../table/table.js';
import { operationCode } from './first-line.js';
import { operationShares } from './operation-columns.js';

type Component = Operation['components'][string];
interface Row {
  readonly name: string;
  readonly component: Component;
  readonly color: number;
}

/** What the time of an operation is made of. */
export function ComponentsCard({ of }: { readonly of: Operation }) {
  const shares = operationShares(of);
  const rows = Object.entries(of.components).map(([name, component], at) => ({
    name,
    component,
    color: shares[at]!.color,
  }));
  return (
    <Card
      title="Components"
      hint="share of the time in which each was running; parallel ones add up to more than 100 %"
    >
      {rows.length === 0 ? (
        <Empty code={operationCode}>All of its time is its own. Decorate what it calls to see where that goes:</Empty>
      ) : (
        <>
          <ShareBar shares={shares} tall />
          <Table
            caption="Components"
            columns={columns}
            rows={rows}
            id={({ name }) => name}
            order={{ key: 'share', descending: true }}
          />
          <p class="soft own-time">
            <i class="swatch fill-0" />
            Own time <Figure of={percent(of.own_time_percent)} />
          </p>
        </>
      )}
    </Card>
  );
}

const columns: readonly Column<Row>[] = [
  {
    key: 'name',
    title: 'Component',
    isText: true,
    value: ({ name }) => name,
    cell: ({ name, color }) => (
      <span class="with-dot">
        <i class={`swatch fill-${color}`} />
        <Name of={name} href={linkTo({ view: 'operations', names: [name] })} />
      </span>
    ),
  },
  {
    key: 'share',
    title: 'Share',
    value: ({ component }) => component.share_percent,
    cell: ({ component }) => <Figure of={percent(component.share_percent)} />,
  },
  {
    key: 'calls',
    title: 'Calls',
    value: ({ component }) => component.calls,
    cell: ({ component }) => <Figure of={count(component.calls)} />,
  },
  {
    key: 'average',
    title: 'Average',
    unit: 'ms',
    value: ({ component }) => component.avg_duration_ms,
    cell: ({ component: { avg_duration_ms: average, threshold_ms: threshold } }) => (
      <Toned tone={average !== null && threshold !== null && average > threshold ? 'bad' : 'plain'}>
        <Figure of={milliseconds(average)} bare />
      </Toned>
    ),
  },
  {
    key: 'p95',
    title: 'p95',
    unit: 'ms',
    value: ({ component }) => component.p95_duration_ms,
    cell: ({ component }) => <Figure of={milliseconds(component.p95_duration_ms)} bare />,
  },
  {
    key: 'threshold',
    title: 'Threshold',
    unit: 'ms',
    value: ({ component }) => component.threshold_ms,
    cell: ({ component }) => <Figure of={milliseconds(component.threshold_ms)} bare />,
  },
  {
    key: 'errors',
    title: 'Errors',
    value: ({ component }) => component.error_rate_percent,
    cell: ({ component }) => <Figure of={percent(component.error_rate_percent)} />,
  },
  {
    key: 'bottleneck',
    title: 'Bottleneck',
    isText: true,
    value: ({ component }) => component.bottleneck?.reason,
    cell: ({ component }) =>
      component.bottleneck === null ? <span class="soft">none</span> : <Name of={component.bottleneck.reason} />,
  },
];
