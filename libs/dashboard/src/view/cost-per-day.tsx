import { useMemo } from 'preact/hooks';
import { useAnswer } from '../api/resource.js';
import { entryOf, valuesOf } from '../chart/stretch.js';
import { type Line, TimeChart } from '../chart/time-chart.js';
import type { Figure } from '../format/figure.js';
import { dollarsOf, money } from '../format/money.js';
import { Card } from '../part/card.js';
import { Awaited } from '../part/notice.js';

/** An amount of a chart, where a float is exact enough. */
export function dollars(value: number): Figure {
  return money(value.toFixed(9));
}

/** What a provider cost each day of the last 30, whatever the window. */
export function CostPerDay({ provider }: { readonly provider: string }) {
  const reading = useAnswer('usage', { window: '30d', group: 'day' }, 300_000);
  const { answer } = reading;
  const lines = useMemo<Line[]>(
    () =>
      answer === null
        ? []
        : [
            {
              label: 'cost of priced calls',
              color: 'c1',
              values: valuesOf(answer.series, answer, ({ by_provider: by }) => {
                const usage = entryOf(by, provider, 0);
                return usage === null || usage === 0 ? usage : dollarsOf(usage.total_cost_usd);
              }),
            },
          ],
    [answer, provider],
  );
  return (
    <Card title="Cost per day" hint="days of UTC, the last 30">
      <Awaited of={reading} chart>
        {(head) => (
          <TimeChart
            title="Cost per day"
            head={head}
            stretches={head.series ?? []}
            lines={lines}
            isStacked
            format={dollars}
          />
        )}
      </Awaited>
    </Card>
  );
}
