import { useAnswer } from '../api/resource.js';
import { useRules } from '../judge.js';
import { linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { Awaited } from '../part/notice.js';
import { picked, Table } from '../table/table.js';
import { noReplicas, replicaColumns, replicaRows } from './replica-rows.js';

const most = 6;

/** The replicas with their memory and how fresh what they say is. */
export function ReplicasCard() {
  const health = useAnswer('health', {}, 10_000);
  const memory = useAnswer('memory', { window: '5m' }, 10_000);
  const rules = useRules();
  return (
    <Card
      title="Replicas"
      span="third"
      actions={
        <a class="link soft" href={linkTo({ view: 'replicas', names: [], options: {} })}>
          All
        </a>
      }
    >
      <Awaited of={health} lines={3}>
        {(answer) =>
          answer.replicas.length === 0 ? (
            <p class="soft none">{noReplicas}</p>
          ) : (
            <Table
              caption="Replicas"
              columns={picked(replicaColumns(rules), ['name', 'memory', 'cpu', 'p95', 'seen'])}
              rows={replicaRows(answer, health.receivedMs ?? 0, memory.answer)}
              id={({ replica }) => replica.id}
              order={{ key: 'name', descending: false }}
              most={most}
              hasMore={false}
            />
          )
        }
      </Awaited>
    </Card>
  );
}
