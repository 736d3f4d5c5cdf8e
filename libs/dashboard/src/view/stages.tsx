import type { Stage } from '../api/answers.js';
import { useWindowed } from '../api/window.js';
import { duration, milliseconds } from '../format/duration.js';
import { plain } from '../format/figure.js';
import { money, nanoUsd } from '../format/money.js';
import { compact, count } from '../format/number.js';
import { percent } from '../format/percent.js';
import { linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { Figure } from '../part/figure.js';
import { Name } from '../part/name.js';
import { Awaited, Empty } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { type Column, Table } from '../table/table.js';
import { CachesCard, QueuesCard } from './caches-and-queues.js';
import { stageCode } from './first-line.js';

type Row = readonly [name: string, stage: Stage];

/** All stages of pipelines. */
export function StagesView() {
  const reading = useWindowed('stages');
  return (
    <>
      <ViewTitle title="Stages">
        <FilterBox of="stages" />
      </ViewTitle>
      <Awaited of={reading} lines={8}>
        {(answer) => (
          <Card
            title="Stages"
            isOld={reading.isOld}
            {...(answer.average_total_ms !== null && {
              hint: `${plain(duration(answer.average_total_ms))} from start to end on average`,
            })}
          >
            {answer.stages_count === 0 ? (
              <Empty code={stageCode}>No stage in this window. Tell how long the steps of a pipeline take:</Empty>
            ) : (
              <Table
                caption="Stages"
                isMain
                columns={columns}
                rows={Object.entries(answer.stages).filter(([name]) => passesFilter(name))}
                id={([name]) => name}
                order={{ key: 'count', descending: true }}
              />
            )}
          </Card>
        )}
      </Awaited>
      <CachesCard />
      <QueuesCard />
    </>
  );
}

const durationColumn = (key: string, title: string, value: (stage: Stage) => number | null): Column<Row> => ({
  key,
  title,
  unit: 'ms',
  value: ([, stage]) => value(stage),
  cell: ([, stage]) => <Figure of={milliseconds(value(stage))} bare />,
});

const columns: readonly Column<Row>[] = [
  {
    key: 'name',
    title: 'Stage',
    isText: true,
    value: ([name]) => name,
    cell: ([name]) => <Name of={name} href={linkTo({ view: 'stages', names: [name] })} />,
  },
  {
    key: 'count',
    title: 'Runs',
    value: ([, stage]) => stage.count,
    cell: ([, stage]) => <Figure of={count(stage.count)} />,
  },
  {
    key: 'errors',
    title: 'Errors',
    value: ([, stage]) => stage.error_rate_percent,
    cell: ([, stage]) => <Figure of={percent(stage.error_rate_percent)} />,
  },
  durationColumn('average', 'Average', (stage) => stage.avg_duration_ms),
  durationColumn('p50', 'p50', (stage) => stage.p50_duration_ms),
  durationColumn('p95', 'p95', (stage) => stage.p95_duration_ms),
  durationColumn('p99', 'p99', (stage) => stage.p99_duration_ms),
  {
    key: 'time',
    title: 'Time altogether',
    value: ([, stage]) => stage.total_duration_ms,
    cell: ([, stage]) => <Figure of={duration(stage.total_duration_ms)} />,
  },
  {
    key: 'cache',
    title: 'Cache hits',
    hint: 'Of the runs that told whether a cache answered',
    value: ([, stage]) => stage.cache_hit_rate_percent,
    cell: ([, stage]) => <Figure of={percent(stage.cache_hit_rate_percent)} />,
  },
  {
    key: 'tokens',
    title: 'Tokens',
    value: ([, stage]) => stage.total_tokens,
    cell: ([, stage]) => <Figure of={compact(stage.total_tokens)} />,
  },
  {
    key: 'cost',
    title: 'Cost',
    value: ([, stage]) => nanoUsd(stage.total_cost_usd),
    cell: ([, stage]) => <Figure of={money(stage.total_cost_usd)} />,
  },
];
