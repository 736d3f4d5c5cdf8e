import { useWindowed } from '../api/window.js';
import { useRules } from '../judge.js';
import { Card } from '../part/card.js';
import { Awaited, Empty } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { Table } from '../table/table.js';
import { operationCode } from './first-line.js';
import { operationColumns } from './operation-columns.js';

/** All operations. */
export function OperationsView() {
  const reading = useWindowed('operations');
  const rules = useRules();
  return (
    <>
      <ViewTitle title="Operations">
        <FilterBox of="operations" />
      </ViewTitle>
      <Card title="Operations" hint="components as share of their time" isOld={reading.isOld}>
        <Awaited of={reading} lines={8}>
          {(answer) =>
            answer.operations_count === 0 ? (
              <Empty code={operationCode}>No operation in this window. Decorate the methods you want to see:</Empty>
            ) : (
              <Table
                caption="Operations"
                isMain
                columns={operationColumns(rules)}
                rows={Object.entries(answer.operations).filter(([name]) => passesFilter(name))}
                id={([name]) => name}
                order={{ key: 'count', descending: true }}
              />
            )
          }
        </Awaited>
      </Card>
    </>
  );
}
