import { useWindowed } from '../api/window.js';
import { useRules } from '../judge.js';
import { Card } from '../part/card.js';
import { Awaited, Empty } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { Table } from '../table/table.js';
import { LatencyChart, TrafficChart } from './endpoint-charts.js';
import { endpointColumns } from './endpoint-columns.js';
import { endpointCode } from './first-line.js';

/** All endpoints. */
export function EndpointsView() {
  const reading = useWindowed('endpoints', { series: 'totals' });
  const rules = useRules();
  return (
    <>
      <ViewTitle title="Endpoints">
        <FilterBox of="endpoints" />
      </ViewTitle>
      <TrafficChart />
      <LatencyChart />
      <Card title="Endpoints" hint="by method and route" isOld={reading.isOld}>
        <Awaited of={reading} lines={8}>
          {(answer) =>
            answer.endpoints_count === 0 ? (
              <Empty code={endpointCode}>
                No request in this window. Endpoints are timed by themselves once the module is there:
              </Empty>
            ) : (
              <Table
                caption="Endpoints"
                isMain
                columns={endpointColumns(rules, answer).filter(({ key }) => key !== 'requests')}
                rows={Object.entries(answer.endpoints).filter(([name]) => passesFilter(name))}
                id={([name]) => name}
                order={{ key: 'rate', descending: true }}
              />
            )
          }
        </Awaited>
      </Card>
    </>
  );
}
