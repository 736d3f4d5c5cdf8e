import { useMemo } from 'preact/hooks';
import type { AlertChange, Answers } from '../api/answers.js';
import { useAnswer } from '../api/resource.js';
import { useWindowed } from '../api/window.js';
import type { Mark } from '../chart/marks.js';
import { ratesOf, valuesOf } from '../chart/stretch.js';
import { type Line, TimeChart } from '../chart/time-chart.js';
import { milliseconds } from '../format/duration.js';
import { decimal } from '../format/number.js';
import { clockText } from '../format/time.js';
import { Card } from '../part/card.js';
import { Awaited } from '../part/notice.js';

type Part = NonNullable<Answers['endpoints']['series']>[number];

const noParts: readonly never[] = [];
const perMinuteFigure = (value: number) => decimal(value);

/** Requests over time by how they ended. @param endpoint only that one */
export function TrafficChart({ endpoint }: { readonly endpoint?: string }) {
  const reading = useEndpoints(endpoint);
  const { answer } = reading;
  const lines = useMemo<Line[]>(() => {
    if (answer === null) return [];
    const of = (label: string, color: Line['color'], many: (part: Part['aggregated']) => number): Line => ({
      label,
      color,
      values: ratesOf(answer.series, answer, (part) => many(part.aggregated)),
    });
    return [
      of('2xx–3xx', 'c2', (all) => all.total_operations - all.client_errors - all.server_errors - all.aborted),
      of('4xx', 'c3', (all) => all.client_errors),
      of('5xx and aborted', 'c5', (all) => all.server_errors + all.aborted),
    ];
  }, [answer]);
  return (
    <Card title="Traffic" hint="requests per minute" span="half" isOld={reading.isOld}>
      <Awaited of={reading} chart>
        {(head) => (
          <TimeChart
            title="Requests per minute"
            head={head}
            stretches={head.series ?? noParts}
            lines={lines}
            isStacked
            format={perMinuteFigure}
          />
        )}
      </Awaited>
    </Card>
  );
}

/** Latency over time, with how much of it is waiting for providers. @param endpoint only that one */
export function LatencyChart({ endpoint }: { readonly endpoint?: string }) {
  const reading = useEndpoints(endpoint);
  const { answer } = reading;
  const history = useAnswer('alerts/history', {}, 60_000).answer;
  const marks = useMemo(() => (history === null ? [] : alertMarks(history.changes)), [history]);
  const lines = useMemo<Line[]>(() => {
    if (answer === null) return [];
    const of = (value: (all: Part['aggregated']) => number | null) =>
      valuesOf(answer.series, answer, ({ aggregated }) => value(aggregated));
    return [
      { label: 'average', color: 'c1', values: of((all) => all.average_duration_ms) },
      { label: 'p95', color: 'c4', values: of((all) => all.p95_duration_ms) },
      { label: 'p99', color: 'c5', values: of((all) => all.p99_duration_ms) },
      { label: 'of the average waiting for providers', color: 'c6', isArea: true, values: of(waiting) },
    ];
  }, [answer]);
  return (
    <Card title="Latency" hint={endpoint === undefined ? 'all endpoints, ms' : 'ms'} span="half" isOld={reading.isOld}>
      <Awaited of={reading} chart>
        {(head) => (
          <TimeChart
            title="Latency"
            head={head}
            stretches={head.series ?? noParts}
            lines={lines}
            format={milliseconds}
            marks={marks}
          />
        )}
      </Awaited>
    </Card>
  );
}

function useEndpoints(endpoint: string | undefined) {
  return useWindowed('endpoints', { series: 'totals', ...(endpoint !== undefined && { query: { endpoint } }) });
}

function waiting({ average_duration_ms: average, provider_wait_percent: share }: Part['aggregated']): number | null {
  return average === null || share === null ? null : (average * share) / 100;
}

/** When alerts about latency and errors fired. */
function alertMarks(changes: readonly AlertChange[]): Mark[] {
  return changes
    .filter(({ change, severity }) => change === 'fired' && severity !== 'info' && severity !== 'low')
    .map(({ at }) => ({ time: at, label: `alert ${clockText(at)}` }))
    .toReversed();
}
