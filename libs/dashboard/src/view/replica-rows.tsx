import type { Answers, Rule } from '../api/answers.js';
import { duration, milliseconds } from '../format/duration.js';
import { count, decimal } from '../format/number.js';
import { percent, wholePercent } from '../format/percent.js';
import { mebibytes } from '../format/size.js';
import { judge } from '../judge-value.js';
import { Ago, Moment } from '../part/ago.js';
import { Bar } from '../part/bar.js';
import { Figure } from '../part/figure.js';
import { Dot, Name } from '../part/name.js';
import { Toned } from '../part/toned.js';
import type { Column } from '../table/table.js';

type Health = Answers['health'];
type Memory = Answers['memory'];

/** A replica as the toolkit knows it, with what it said of itself last; that is unknown of one that is gone. */
export interface ReplicaRow {
  readonly replica: Health['replicas'][number];
  readonly said: Memory['by_replica'][string] | null;
  readonly asOf: { readonly timestamp: number; readonly receivedMs: number };
}

/** What stands where there are none: a replica that is asked counts itself, unless the store is away. */
export const noReplicas = 'Who else is there is unknown while the store does not answer.';

/** Replicas of both answers, by id. */
export function replicaRows(health: Health, receivedMs: number, memory: Memory | null): ReplicaRow[] {
  return health.replicas.map((replica) => ({
    replica,
    said: memory !== null && Object.hasOwn(memory.by_replica, replica.id) ? memory.by_replica[replica.id]! : null,
    asOf: { timestamp: health.timestamp, receivedMs },
  }));
}

/** Columns of a table of replicas. */
export function replicaColumns(rules: readonly Rule[]): Column<ReplicaRow>[] {
  return [
    {
      key: 'name',
      title: 'Replica',
      isText: true,
      value: ({ replica }) => replica.name,
      cell: ({ replica }) => (
        <span class="with-dot">
          <Dot tone={replica.live ? 'ok' : 'bad'} meaning={replica.live ? 'alive' : 'gone'} />
          <Name of={replica.name} {...(replica.self && { detail: 'this one' })} />
        </span>
      ),
    },
    {
      key: 'memory',
      title: 'Memory',
      hint: 'In use, of what the process may use',
      value: ({ said }) => said?.memory_pressure_percent,
      cell: ({ said }) => {
        const tone = judge(rules, 'memory_pressure_percent', said?.memory_pressure_percent);
        return (
          <>
            <Toned tone={tone}>
              <Figure of={wholePercent(said?.memory_pressure_percent)} />
            </Toned>
            <Bar percent={said?.memory_pressure_percent ?? null} tone={tone} />
          </>
        );
      },
    },
    {
      key: 'cpu',
      title: 'CPU',
      hint: 'Processor time of its process, of one core',
      value: ({ said }) => said?.cpu_percent,
      cell: ({ said }) => (
        <Toned tone={judge(rules, 'cpu_percent', said?.cpu_percent)}>
          <Figure of={wholePercent(said?.cpu_percent)} />
        </Toned>
      ),
    },
    {
      key: 'p95',
      title: 'p95',
      unit: 'ms',
      hint: '95th percentile of its endpoint requests in the last 60 s',
      value: ({ said }) => said?.last_60s.p95_response_time_ms,
      cell: ({ said }) => (
        <Toned tone={judge(rules, 'response_time_ms', said?.last_60s.p95_response_time_ms)}>
          <Figure of={milliseconds(said?.last_60s.p95_response_time_ms)} bare />
        </Toned>
      ),
    },
    {
      key: 'seen',
      title: 'Seen',
      value: ({ replica }) => replica.last_seen,
      cell: ({ replica, asOf }) => <Ago time={replica.last_seen} asOf={asOf} />,
    },
    {
      key: 'host',
      title: 'Host',
      isText: true,
      value: ({ replica }) => replica.host,
      cell: ({ replica }) => <Name of={`${replica.host}:${replica.pid}`} />,
    },
    {
      key: 'heap',
      title: 'Heap',
      value: ({ said }) => said?.heap_used_mb,
      cell: ({ said }) => <Figure of={mebibytes(said?.heap_used_mb)} />,
    },
    {
      key: 'resident',
      title: 'Resident',
      hint: 'Resident set size',
      value: ({ said }) => said?.rss_mb,
      cell: ({ said }) => <Figure of={mebibytes(said?.rss_mb)} />,
    },
    {
      key: 'requests',
      title: 'Requests',
      unit: '/ min',
      value: ({ said }) => said?.last_60s.requests,
      cell: ({ said }) => <Figure of={decimal(said?.last_60s.requests)} />,
    },
    {
      key: 'average',
      title: 'Average',
      value: ({ said }) => said?.last_60s.average_response_time_ms,
      cell: ({ said }) => <Figure of={duration(said?.last_60s.average_response_time_ms)} />,
    },
    {
      key: 'errors',
      title: 'Errors',
      value: ({ said }) => said?.last_60s.error_rate_percent,
      cell: ({ said }) => (
        <Toned tone={judge(rules, 'error_rate_percent', said?.last_60s.error_rate_percent)}>
          <Figure of={percent(said?.last_60s.error_rate_percent)} />
        </Toned>
      ),
    },
    {
      key: 'calls',
      title: 'LLM calls',
      unit: '/ min',
      value: ({ said }) => said?.last_60s.llm_calls,
      cell: ({ said }) => <Figure of={count(said?.last_60s.llm_calls)} />,
    },
    {
      key: 'started',
      title: 'Started',
      value: ({ replica }) => replica.started,
      cell: ({ replica }) => <Moment time={replica.started} />,
    },
    {
      key: 'version',
      title: 'Version',
      isText: true,
      value: ({ replica }) => replica.version,
      cell: ({ replica }) => <Name of={replica.version} />,
    },
  ];
}
