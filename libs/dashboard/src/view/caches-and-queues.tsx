import type { Answers } from '../api/answers.js';
import { useWindowed } from '../api/window.js';
import { compact, count, decimal } from '../format/number.js';
import { percent } from '../format/percent.js';
import { judge } from '../judge-value.js';
import { useRules } from '../judge.js';
import type { Rule } from '../api/answers.js';
import { Bar } from '../part/bar.js';
import { Card } from '../part/card.js';
import { Figure } from '../part/figure.js';
import { Name } from '../part/name.js';
import { Awaited, Empty } from '../part/notice.js';
import { Toned } from '../part/toned.js';
import { type Column, Table } from '../table/table.js';
import { cacheCode, queueCode } from './first-line.js';

type CacheRow = readonly [name: string, cache: Answers['cache']['caches'][string]];
type QueueRow = readonly [name: string, queue: Answers['queues']['queues'][string]];

/** How often caches of the application found what was looked for. */
export function CachesCard() {
  const reading = useWindowed('cache');
  return (
    <Card title="Caches" hint="of the application" span="half" isOld={reading.isOld}>
      <Awaited of={reading} lines={3}>
        {({ caches }) => {
          const rows = Object.entries(caches);
          return rows.length === 0 ? (
            <Empty code={cacheCode}>No look-up in this window. Tell whether a cache found something:</Empty>
          ) : (
            <Table
              caption="Caches"
              columns={cacheColumns}
              rows={rows}
              id={([name]) => name}
              order={{ key: 'requests', descending: true }}
              most={10}
            />
          );
        }}
      </Awaited>
    </Card>
  );
}

const cacheColumns: readonly Column<CacheRow>[] = [
  { key: 'name', title: 'Cache', isText: true, value: ([name]) => name, cell: ([name]) => <Name of={name} /> },
  {
    key: 'requests',
    title: 'Look-ups',
    value: ([, cache]) => cache.total_requests,
    cell: ([, cache]) => <Figure of={compact(cache.total_requests)} />,
  },
  {
    key: 'misses',
    title: 'Misses',
    value: ([, cache]) => cache.cache_misses,
    cell: ([, cache]) => <Figure of={compact(cache.cache_misses)} />,
  },
  {
    key: 'rate',
    title: 'Hits',
    value: ([, cache]) => cache.hit_rate_percent,
    cell: ([, cache]) => (
      <>
        <Figure of={percent(cache.hit_rate_percent)} />
        <Bar percent={cache.hit_rate_percent} />
      </>
    ),
  },
];

/** How much waits in queues. */
export function QueuesCard() {
  const reading = useWindowed('queues');
  const rules = useRules();
  return (
    <Card title="Queues" hint="entries that wait" span="half" isOld={reading.isOld}>
      <Awaited of={reading} lines={3}>
        {({ queues }) => {
          const rows = Object.entries(queues);
          return rows.length === 0 ? (
            <Empty code={queueCode}>No queue in this window. Tell how deep one is when that changes:</Empty>
          ) : (
            <Table
              caption="Queues"
              columns={queueColumns(rules)}
              rows={rows}
              id={([name]) => name}
              order={{ key: 'now', descending: true }}
              most={10}
            />
          );
        }}
      </Awaited>
    </Card>
  );
}

function queueColumns(rules: readonly Rule[]): Column<QueueRow>[] {
  return [
    { key: 'name', title: 'Queue', isText: true, value: ([name]) => name, cell: ([name]) => <Name of={name} /> },
    {
      key: 'now',
      title: 'Now',
      value: ([, queue]) => queue.current_depth,
      cell: ([, queue]) => (
        <Toned tone={judge(rules, 'queue_depth', queue.current_depth)}>
          <Figure of={count(queue.current_depth)} />
        </Toned>
      ),
    },
    {
      key: 'average',
      title: 'Average',
      value: ([, queue]) => queue.average_depth,
      cell: ([, queue]) => <Figure of={decimal(queue.average_depth)} />,
    },
    {
      key: 'most',
      title: 'Most',
      value: ([, queue]) => queue.max_depth,
      cell: ([, queue]) => <Figure of={count(queue.max_depth)} />,
    },
  ];
}
