import { useMemo } from 'preact/hooks';
import type { Answers, Operation } from '../api/answers.js';
import { useWindowed } from '../api/window.js';
import { valuesOf } from '../chart/stretch.js';
import { type Line, TimeChart } from '../chart/time-chart.js';
import { duration, milliseconds } from '../format/duration.js';
import { money } from '../format/money.js';
import { compact, count } from '../format/number.js';
import { percent } from '../format/percent.js';
import { judge } from '../judge-value.js';
import { useRules } from '../judge.js';
import { address, linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { type Fact, Facts } from '../part/facts.js';
import { Figure } from '../part/figure.js';
import { Awaited, Empty } from '../part/notice.js';
import { Tally } from '../part/tally.js';
import { Toned } from '../part/toned.js';
import { ViewTitle } from '../part/view-title.js';
import { ComponentsCard } from './components-card.js';

/** One operation: what takes its time, and why that is a bottleneck if it is one. */
export function OperationView() {
  const [name = ''] = address.value.names;
  const reading = useWindowed('operations', { query: { operation: name }, series: 'names' });
  return (
    <>
      <ViewTitle title={name} crumbs={[['Operations', linkTo({ view: 'operations', names: [] })]]} />
      <Awaited of={reading} lines={6}>
        {(answer) => {
          const operation = Object.hasOwn(answer.operations, name) ? answer.operations[name]! : null;
          if (operation === null)
            return (
              <Card title="Nothing in this window">
                <Empty>This operation did not run in this window. Look further back.</Empty>
              </Card>
            );
          return (
            <>
              <Card title="In this window" isOld={reading.isOld}>
                <Numbers of={operation} />
                {operation.bottleneck !== null && (
                  <p class="callout">
                    <b>Bottleneck:</b> {operation.bottleneck.reason}
                  </p>
                )}
              </Card>
              <ComponentsCard of={operation} />
              <DurationCard name={name} answer={answer} />
              <Card title="Errors" hint="by category" span="half">
                <Tally
                  caption="Failed calls by category"
                  counts={operation.errors}
                  tone={() => 'bad'}
                  none="Every call succeeded."
                />
              </Card>
            </>
          );
        }}
      </Awaited>
    </>
  );
}

function Numbers({ of }: { readonly of: Operation }) {
  const rules = useRules();
  const isSlow = of.threshold_ms !== null && of.avg_duration_ms !== null && of.avg_duration_ms > of.threshold_ms;
  const facts: Fact[] = [
    ['Calls', <Figure of={count(of.total_operations)} />],
    [
      'Errors',
      <Toned tone={judge(rules, 'error_rate_percent', of.error_rate_percent)}>
        <Figure of={percent(of.error_rate_percent)} />
      </Toned>,
    ],
    ['Warnings', <Figure of={count(of.warnings)} />, 'Declared during calls'],
    [
      'Average',
      <Toned tone={isSlow ? 'bad' : 'plain'}>
        <Figure of={duration(of.avg_duration_ms)} />
      </Toned>,
    ],
    ['Threshold', <Figure of={duration(of.threshold_ms)} />, 'Above it on average it counts as slow'],
    ['p50', <Figure of={duration(of.p50_duration_ms)} />],
    ['p95', <Figure of={duration(of.p95_duration_ms)} />],
    ['p99', <Figure of={duration(of.p99_duration_ms)} />],
    ['Slowest', <Figure of={duration(of.max_duration_ms)} />],
    ['Standard deviation', <Figure of={duration(of.std_dev_duration_ms)} />],
    ['Time altogether', <Figure of={duration(of.total_duration_ms)} />],
    ['Own time', <Figure of={percent(of.own_time_percent)} />, 'Not covered by any component'],
    ['LLM calls', <Figure of={compact(of.llm_calls)} />, 'Made inside'],
    ['Tokens', <Figure of={compact(of.total_tokens)} />],
    ['Cost', <Figure of={money(of.total_cost_usd)} />],
    ['Share of all cost', <Figure of={percent(of.cost_share_percent)} />],
  ];
  return <Facts of={facts} />;
}

function DurationCard({ name, answer }: { readonly name: string; readonly answer: Answers['operations'] }) {
  const lines = useMemo<Line[]>(() => {
    const of = (value: (operation: Operation) => number | null) =>
      valuesOf(answer.series, answer, ({ operations }) =>
        Object.hasOwn(operations, name) ? value(operations[name]!) : null,
      );
    return [
      { label: 'average', color: 'c1', values: of((operation) => operation.avg_duration_ms) },
      { label: 'p95', color: 'c4', values: of((operation) => operation.p95_duration_ms) },
      { label: 'p99', color: 'c5', values: of((operation) => operation.p99_duration_ms) },
    ];
  }, [answer, name]);
  return (
    <Card title="Duration" hint="ms" span="half">
      <TimeChart
        title={`Duration of ${name}`}
        head={answer}
        stretches={answer.series ?? []}
        lines={lines}
        format={milliseconds}
      />
    </Card>
  );
}
