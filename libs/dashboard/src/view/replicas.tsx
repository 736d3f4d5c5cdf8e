import { useMemo } from 'preact/hooks';
import { useAnswer } from '../api/resource.js';
import { useWindowed } from '../api/window.js';
import { valuesOf } from '../chart/stretch.js';
import { type Line, TimeChart } from '../chart/time-chart.js';
import { count } from '../format/number.js';
import { percent } from '../format/percent.js';
import { mebibytes } from '../format/size.js';
import { useRules } from '../judge.js';
import { Card } from '../part/card.js';
import { type Fact, Facts } from '../part/facts.js';
import { Figure } from '../part/figure.js';
import { Awaited } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { Table } from '../table/table.js';
import { noReplicas, replicaColumns, replicaRows } from './replica-rows.js';

/** All replicas, and the memory of all together. */
export function ReplicasView() {
  const health = useAnswer('health', {}, 10_000);
  const memory = useWindowed('memory', { series: 'names' });
  const rules = useRules();
  const { answer } = memory;
  const [sizes, pressure] = useMemo<[Line[], Line[]]>(() => {
    if (answer === null) return [[], []];
    return [
      [
        { label: 'heap', color: 'c1', values: valuesOf(answer.series, answer, (part) => part.heap_used_mb) },
        { label: 'resident', color: 'c4', values: valuesOf(answer.series, answer, (part) => part.rss_mb) },
        { label: 'external', color: 'c2', values: valuesOf(answer.series, answer, (part) => part.external_mb) },
      ],
      [
        {
          label: 'of what a process may use',
          color: 'c1',
          values: valuesOf(answer.series, answer, (part) => part.memory_pressure_percent),
        },
      ],
    ];
  }, [answer]);
  return (
    <>
      <ViewTitle title="Replicas">
        <FilterBox of="replicas" />
      </ViewTitle>
      <Card title="Replicas" hint="the last 60 s of each">
        <Awaited of={health} lines={4}>
          {(all) =>
            all.replicas.length === 0 ? (
              <p class="soft none">{noReplicas}</p>
            ) : (
              <Table
                caption="Replicas"
                isMain
                columns={replicaColumns(rules)}
                rows={replicaRows(all, health.receivedMs ?? 0, answer).filter(({ replica }) =>
                  passesFilter(replica.name, replica.host),
                )}
                id={({ replica }) => replica.id}
                order={{ key: 'name', descending: false }}
              />
            )
          }
        </Awaited>
      </Card>
      <Card title="Memory" hint="of all replicas, MiB" span="half" isOld={memory.isOld}>
        <Awaited of={memory} chart>
          {(head) => (
            <TimeChart
              title="Memory of all replicas"
              head={head}
              stretches={head.series ?? []}
              lines={sizes}
              format={mebibytes}
            />
          )}
        </Awaited>
      </Card>
      <Card title="Memory pressure" hint="mean of replicas, %" span="half" isOld={memory.isOld}>
        <Awaited of={memory} chart>
          {(head) => (
            <TimeChart
              title="Memory pressure"
              head={head}
              stretches={head.series ?? []}
              lines={pressure}
              format={percent}
            />
          )}
        </Awaited>
      </Card>
      <Card title="Memory now" hint="of all replicas together">
        <Awaited of={memory}>
          {({ current, trends }) => {
            const facts: Fact[] = [
              ['Heap in use', <Figure of={mebibytes(current.heap_used_mb)} />],
              ['Heap reserved', <Figure of={mebibytes(current.heap_total_mb)} />],
              ['Resident', <Figure of={mebibytes(current.rss_mb)} />],
              ['External', <Figure of={mebibytes(current.external_mb)} />, 'C++ objects bound to JavaScript'],
              ['Array buffers', <Figure of={mebibytes(current.array_buffers_mb)} />],
              ['Anonymous', <Figure of={mebibytes(current.anonymous_mb)} />],
              ['File cache', <Figure of={mebibytes(current.file_cache_mb)} />],
              ['Highest pressure', <Figure of={percent(current.memory_pressure_percent)} />],
              ['Page faults', <Figure of={count(current.page_faults)} />, 'In the window'],
              ['Mean heap', <Figure of={mebibytes(trends.average_heap_mb)} />, 'In the window'],
              ['Trend of pressure', trends.pressure_trend ?? 'unknown', 'By more than 5 % of the mean per hour'],
            ];
            return <Facts of={facts} />;
          }}
        </Awaited>
      </Card>
    </>
  );
}
