import { useWindowed } from '../api/window.js';
import { useRules } from '../judge.js';
import { Card } from '../part/card.js';
import { Awaited, Empty } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { Table } from '../table/table.js';
import { CallsChart, CallLatencyChart } from './call-charts.js';
import { providerCode } from './first-line.js';
import { modelColumns, modelRows, providerColumns } from './model-rows.js';

/** All providers, and under them their models. */
export function ProvidersView() {
  const reading = useWindowed('providers', { series: 'names' });
  const rules = useRules();
  return (
    <>
      <ViewTitle title="Providers">
        <FilterBox of="providers" />
      </ViewTitle>
      <Awaited of={reading} lines={8}>
        {(answer) =>
          answer.providers_count === 0 ? (
            <Card title="No LLM call in this window">
              <Empty code={providerCode}>Decorate the methods that call a provider:</Empty>
            </Card>
          ) : (
            <>
              <CallsChart answer={answer} />
              <CallLatencyChart answer={answer} />
              <Card title="Providers" isOld={reading.isOld}>
                <Table
                  caption="Providers"
                  isMain
                  columns={providerColumns(rules).filter(({ key }) => key !== 'efficiency' && key !== 'p50')}
                  rows={Object.entries(answer.providers).filter(([name]) => passesFilter(name))}
                  id={([name]) => name}
                  order={{ key: 'calls', descending: true }}
                />
              </Card>
              <Card title="Models" hint="of these providers" isOld={reading.isOld}>
                <Table
                  caption="Models"
                  columns={modelColumns(rules).filter(
                    ({ key }) => key !== 'efficiency' && key !== 'p99' && key !== 'average',
                  )}
                  rows={modelRows(answer).filter(({ provider }) => passesFilter(provider))}
                  id={({ provider, name }) => `${provider} ${name}`}
                  order={{ key: 'calls', descending: true }}
                  most={10}
                />
              </Card>
            </>
          )
        }
      </Awaited>
    </>
  );
}
