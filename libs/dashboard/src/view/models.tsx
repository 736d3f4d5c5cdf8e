import { useWindowed } from '../api/window.js';
import { useRules } from '../judge.js';
import { Card } from '../part/card.js';
import { Awaited, Empty } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { Table } from '../table/table.js';
import { providerCode } from './first-line.js';
import { modelColumns, modelRows } from './model-rows.js';

/** All models of all providers, side by side. */
export function ModelsView() {
  const reading = useWindowed('providers');
  const rules = useRules();
  return (
    <>
      <ViewTitle title="Models">
        <FilterBox of="models" />
      </ViewTitle>
      <Card title="Models" hint="side by side" isOld={reading.isOld}>
        <Awaited of={reading} lines={8}>
          {(answer) => {
            const rows = modelRows(answer);
            return rows.length === 0 ? (
              <Empty code={providerCode}>No LLM call in this window. Decorate the methods that call a provider:</Empty>
            ) : (
              <Table
                caption="Models"
                isMain
                columns={modelColumns(rules).filter(({ key }) => key !== 'average' && key !== 'p99')}
                rows={rows.filter(({ name, provider }) => passesFilter(name, provider))}
                id={({ provider, name }) => `${provider} ${name}`}
                order={{ key: 'calls', descending: true }}
              />
            );
          }}
        </Awaited>
      </Card>
    </>
  );
}
