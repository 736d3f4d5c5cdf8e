import { useMemo } from 'preact/hooks';
import type { Answers, Stage } from '../api/answers.js';
import { useWindowed } from '../api/window.js';
import { entryOf, ratesOf, valuesOf } from '../chart/stretch.js';
import { type Line, TimeChart } from '../chart/time-chart.js';
import { duration, milliseconds } from '../format/duration.js';
import { money } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent } from '../format/percent.js';
import { address, linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { type Fact, Facts } from '../part/facts.js';
import { Figure } from '../part/figure.js';
import { Awaited, Empty } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';

type Part = NonNullable<Answers['stages']['series']>[number];

const perMinuteFigure = (value: number) => decimal(value);

/** One stage of a pipeline. */
export function StageView() {
  const [name = ''] = address.value.names;
  const reading = useWindowed('stages', { query: { stage: name }, series: 'names' });
  return (
    <>
      <ViewTitle title={name} crumbs={[['Stages', linkTo({ view: 'stages', names: [] })]]} />
      <Awaited of={reading} lines={6}>
        {(answer) => {
          const stage = Object.hasOwn(answer.stages, name) ? answer.stages[name]! : null;
          return stage === null ? (
            <Card title="Nothing in this window">
              <Empty>This stage did not run in this window. Look further back.</Empty>
            </Card>
          ) : (
            <>
              <Card title="In this window" isOld={reading.isOld}>
                <Facts of={factsOf(stage)} />
              </Card>
              <Charts name={name} answer={answer} />
            </>
          );
        }}
      </Awaited>
    </>
  );
}

function factsOf(stage: Stage): Fact[] {
  return [
    ['Runs', <Figure of={count(stage.count)} />],
    ['Errors', <Figure of={percent(stage.error_rate_percent)} />],
    ['Average', <Figure of={duration(stage.avg_duration_ms)} />],
    ['p50', <Figure of={duration(stage.p50_duration_ms)} />],
    ['p95', <Figure of={duration(stage.p95_duration_ms)} />],
    ['p99', <Figure of={duration(stage.p99_duration_ms)} />],
    ['Fastest', <Figure of={duration(stage.min_duration_ms)} />],
    ['Slowest', <Figure of={duration(stage.max_duration_ms)} />],
    ['p95 of successes', <Figure of={duration(stage.successful.p95_duration_ms)} />],
    ['Time altogether', <Figure of={duration(stage.total_duration_ms)} />],
    ['Cache hits', <Figure of={percent(stage.cache_hit_rate_percent)} />],
    ['Tokens', <Figure of={compact(stage.total_tokens)} />],
    ['Cost', <Figure of={money(stage.total_cost_usd)} />],
  ];
}

function Charts({ name, answer }: { readonly name: string; readonly answer: Answers['stages'] }) {
  const [runs, durations] = useMemo<[Line[], Line[]]>(() => {
    const stageIn = (part: Part) => entryOf(part.stages, name, 'none');
    const counts = (many: (stage: Stage) => number) =>
      ratesOf(answer.series, answer, (part) => {
        const stage = stageIn(part);
        return stage === null ? null : stage === 'none' ? 0 : many(stage);
      });
    const of = (value: (stage: Stage) => number | null) =>
      valuesOf(answer.series, answer, (part) => {
        const stage = stageIn(part);
        return stage === null || stage === 'none' ? null : value(stage);
      });
    return [
      [
        {
          label: 'succeeded',
          color: 'c2',
          values: counts((stage) => stage.count - stage.error_count),
        },
        { label: 'failed', color: 'c5', values: counts((stage) => stage.error_count) },
      ],
      [
        { label: 'average', color: 'c1', values: of((stage) => stage.avg_duration_ms) },
        { label: 'p95', color: 'c4', values: of((stage) => stage.p95_duration_ms) },
        { label: 'p99', color: 'c5', values: of((stage) => stage.p99_duration_ms) },
      ],
    ];
  }, [answer, name]);
  const shared = { head: answer, stretches: answer.series ?? [] };
  return (
    <>
      <Card title="Runs" hint="per minute" span="half">
        <TimeChart title="Runs per minute" {...shared} lines={runs} isStacked format={perMinuteFigure} />
      </Card>
      <Card title="Duration" hint="ms" span="half">
        <TimeChart title="Duration of runs" {...shared} lines={durations} format={milliseconds} />
      </Card>
    </>
  );
}
