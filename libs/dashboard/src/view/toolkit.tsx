import type { Answers } from '../api/answers.js';
import { useAnswer } from '../api/resource.js';
import { duration, spanText } from '../format/duration.js';
import { money } from '../format/money.js';
import { compact, count } from '../format/number.js';
import { bytes } from '../format/size.js';
import { Ago, Moment } from '../part/ago.js';
import { Bar } from '../part/bar.js';
import { Card } from '../part/card.js';
import { type Fact, Facts } from '../part/facts.js';
import { Figure } from '../part/figure.js';
import { Dot, Name } from '../part/name.js';
import { Awaited } from '../part/notice.js';
import { Tally } from '../part/tally.js';
import { ViewTitle } from '../part/view-title.js';
import { type Column, Table } from '../table/table.js';

type Health = Answers['health'];

const storeTones = { ready: 'ok', connecting: 'warn', unreachable: 'bad', stopped: 'bad' } as const;

/** How the toolkit itself is, as the replica that answers sees it. */
export function ToolkitView() {
  const health = useAnswer('health', {}, 10_000);
  return (
    <>
      <ViewTitle title="Toolkit" beside={<span class="soft">as the replica that answers sees it</span>} />
      <Awaited of={health} lines={10}>
        {(answer) => (
          <>
            <Card title="Store" span="half" hint={answer.store.kind}>
              <Store of={answer} />
            </Card>
            <Card title="Publishing" span="half" hint="what this replica counted, to the store">
              <Publishing of={answer} receivedMs={health.receivedMs ?? 0} />
            </Card>
            <Card title="Keeper" span="half" hint="folds finished states and watches alerts">
              <Keeper of={answer} />
            </Card>
            <Card title="This replica" span="half" hint={`nestmeter ${answer.version}`}>
              <Since of={answer} />
            </Card>
            <Card title="Series" hint="of each family, against the limit of a replica" span="half">
              <Series of={answer} />
            </Card>
            <Card title="Refused, failed, late" span="half" hint="since this replica started">
              <h3>Recording</h3>
              <Tally
                caption="Failures of recording by reason"
                counts={answer.recording_failures}
                tone={() => 'warn'}
                none="Nothing was refused and nothing failed."
              />
              <h3>Late states by slot length</h3>
              <Tally caption="Late states" counts={answer.late_states} tone={() => 'warn'} none="Nothing came late." />
              <h3>Requests to providers that nothing tracks</h3>
              {answer.untracked_provider_requests === null ? (
                <p class="soft none">Nobody looks.</p>
              ) : (
                <Tally
                  caption="Untracked requests by host"
                  counts={answer.untracked_provider_requests}
                  tone={() => 'warn'}
                  none="None."
                />
              )}
            </Card>
          </>
        )}
      </Awaited>
    </>
  );
}

function Store({ of: { store } }: { readonly of: Health }) {
  return (
    <>
      <p class="state-line">
        <Dot tone={storeTones[store.state]} meaning={store.state} />
        <b>{store.state}</b> since <Moment time={store.since} />
      </p>
      {store.last_error !== null && <p class="callout">{store.last_error}</p>}
      <Facts
        of={Object.entries(store.details).map(([name, value]): Fact => [
          name.replaceAll('_', ' '),
          <Detail name={name} value={value} />,
        ])}
      />
    </>
  );
}

function Detail({ name, value }: { readonly name: string; readonly value: Health['store']['details'][string] }) {
  if (typeof value !== 'number') return <Name of={value === null ? '–' : String(value)} />;
  return <Figure of={name.endsWith('bytes') ? bytes(value) : count(value)} />;
}

function Publishing({ of, receivedMs }: { readonly of: Health; readonly receivedMs: number }) {
  const { publish, timestamp } = of;
  const last = publish.last_success;
  const facts: Fact[] = [
    ['Last success', last === null ? 'never' : <Ago time={last} asOf={{ timestamp, receivedMs }} />],
    ['p95 of a publish', <Figure of={duration(publish.last_p95_ms)} />],
    ['Size of the last', <Figure of={bytes(publish.last_bytes)} />],
    ['States waiting', <Figure of={count(publish.pending_states)} />],
    ['Bytes waiting', <Figure of={bytes(publish.pending_bytes)} />],
    ['Failures', <Figure of={count(publish.failures)} />],
    ['Dropped states', <Figure of={count(of.dropped_states)} />],
    [
      'Clock offset',
      <Figure of={duration(of.clock_offset_ms)} />,
      'Of the clock of the store from that of this replica',
    ],
  ];
  return <Facts of={facts} />;
}

function Keeper({ of: { keeper, replicas, store } }: { readonly of: Health }) {
  if (keeper === null)
    return (
      <p class="soft none">
        {store.kind === 'memory' ? 'The memory store needs none.' : 'No replica holds the lease at this moment.'}
      </p>
    );
  const name = replicas.find(({ id }) => id === keeper.id)?.name ?? keeper.id;
  const facts: Fact[] = [
    ['Who', <Name of={keeper.self ? `${name}, this one` : name} />],
    ['States folded', <Figure of={compact(keeper.folded)} />],
    ['Lag', <Figure of={duration(keeper.lag_ms)} />, 'For how long the oldest state that is due has waited'],
    ['Failures', <Figure of={count(keeper.failures)} />],
  ];
  return <Facts of={facts} />;
}

function Since({ of }: { readonly of: Health }) {
  const { since_start: since } = of;
  const facts: Fact[] = [
    ['Measures for', spanText(of.uptime_seconds)],
    ['Requests', <Figure of={count(since.requests)} />],
    ['Tracked calls', <Figure of={count(since.operations)} />],
    ['LLM calls', <Figure of={count(since.llm_calls)} />],
    ['Tokens', <Figure of={compact(since.tokens)} />],
    ['Cost', <Figure of={money(since.total_cost_usd)} />],
    [
      'Calls without a monitor',
      <Figure of={count(of.unresolved_calls)} />,
      'Several monitors, and no hint which one is meant',
    ],
  ];
  return <Facts of={facts} />;
}

type SeriesRow = readonly [family: string, of: { readonly count: number; readonly limit: number }];

const seriesColumns: readonly Column<SeriesRow>[] = [
  { key: 'family', title: 'Family', isText: true, value: ([name]) => name, cell: ([name]) => <Name of={name} /> },
  {
    key: 'count',
    title: 'Series',
    value: ([, { count: many }]) => many,
    cell: ([, { count: many }]) => <Figure of={count(many)} />,
  },
  {
    key: 'share',
    title: 'Of the limit',
    value: ([, { count: many, limit }]) => many / limit,
    cell: ([, { count: many, limit }]) => (
      <>
        <Figure of={count(limit)} />
        <Bar percent={(many / limit) * 100} tone={many >= limit ? 'bad' : many > limit * 0.8 ? 'warn' : 'plain'} />
      </>
    ),
  },
];

function Series({ of: { series } }: { readonly of: Health }) {
  const rows = Object.entries(series);
  return rows.length === 0 ? (
    <p class="soft none">Nothing was measured yet.</p>
  ) : (
    <Table
      caption="Series of each family"
      columns={seriesColumns}
      rows={rows}
      id={([name]) => name}
      order={{ key: 'share', descending: true }}
      most={12}
    />
  );
}
