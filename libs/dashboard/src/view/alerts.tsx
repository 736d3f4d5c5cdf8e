import type { Answers } from '../api/answers.js';
import { useAnswer } from '../api/resource.js';
import { address, adjust } from '../navigation.js';
import { spanText } from '../format/duration.js';
import { Moment } from '../part/ago.js';
import { Card } from '../part/card.js';
import { type Fact, Facts } from '../part/facts.js';
import { Name } from '../part/name.js';
import { Awaited } from '../part/notice.js';
import { Segments } from '../part/segments.js';
import { Tally } from '../part/tally.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { type Column, Table } from '../table/table.js';
import { ChannelsCard } from './channels-card.js';
import { alertWords } from './alert-words.js';
import { AlertLabels, FiringAlerts, severityTone } from './firing-alerts.js';
import { RulesCard } from './rules-card.js';
import { SilencesCard } from './silences-card.js';

const lookBack = [
  ['24', '24 h'],
  ['168', '7 d'],
  ['720', '30 d'],
] as const;

/** What fires and what happened, which rules watch, and who is told. */
export function AlertsView() {
  const alerts = useAnswer('alerts', {}, 10_000);
  const hours = lookBack.find(([each]) => each === address.value.options.hours)?.[0] ?? '24';
  const history = useAnswer('alerts/history', { hours }, 30_000);
  const summary = useAnswer('alerts/summary', { hours }, 30_000);
  return (
    <>
      <ViewTitle title="Alerts">
        <FilterBox of="rules and history" />
      </ViewTitle>
      <FiringAlerts isAll />
      {alerts.answer !== null && alerts.answer.pending.length > 0 && <Pending answer={alerts.answer} />}
      <div class="title-row switch-row">
        <h2>What happened</h2>
        <Segments label="Look back" options={lookBack} value={hours} onChoose={(each) => adjust({ hours: each })} />
      </div>
      <Card title="History" hint="newest first" span="two-thirds" isOld={history.isOld}>
        <Awaited of={history} lines={6}>
          {({ changes }) =>
            changes.length === 0 ? (
              <p class="soft none">Nothing happened to alerts in this time.</p>
            ) : (
              <Table
                caption="What happened to alerts"
                columns={historyColumns}
                rows={changes.filter(({ rule, text, change, labels }) =>
                  passesFilter(rule, text, change, ...Object.values(labels)),
                )}
                id={({ alert_id: id, change, at }) => `${id} ${change} ${at}`}
                order={null}
                most={12}
              />
            )
          }
        </Awaited>
      </Card>
      <Card title="Summary" span="third" isOld={summary.isOld}>
        <Awaited of={summary} lines={5}>
          {(answer) => <Summary of={answer} />}
        </Awaited>
      </Card>
      <RulesCard />
      <SilencesCard />
      <ChannelsCard />
    </>
  );
}

function Pending({ answer: { pending } }: { readonly answer: Answers['alerts'] }) {
  return (
    <Card title="Pending" hint="over their threshold, but not for long enough yet">
      <ul class="plain-list">
        {pending.map((alert) => {
          const { title, value } = alertWords(alert);
          return (
            <li key={alert.id}>
              <span class={`severity ${severityTone(alert.severity)}`}>{alert.severity}</span> {title} — {value} ·{' '}
              <AlertLabels labels={alert.labels} /> since <Moment time={alert.since} />
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Summary({ of }: { readonly of: Answers['alerts/summary'] }) {
  const facts: Fact[] = [
    ['Fired', String(of.fired)],
    ['Resolved', String(of.resolved)],
    ['Lasted on average', of.average_duration_seconds === null ? '–' : spanText(of.average_duration_seconds)],
  ];
  return (
    <>
      <Facts of={facts} />
      <h3>By severity</h3>
      <Tally caption="Alerts by severity" counts={of.by_severity} tone={severityTone} none="None fired." />
      <h3>By rule</h3>
      <Tally caption="Alerts by rule" counts={of.by_rule} none="None fired." />
    </>
  );
}

type Change = Answers['alerts/history']['changes'][number];

const historyColumns: readonly Column<Change>[] = [
  {
    key: 'at',
    title: 'When',
    isText: true,
    value: ({ at }) => at,
    cell: ({ at }) => <Moment time={at} />,
  },
  {
    key: 'change',
    title: 'Change',
    isText: true,
    value: ({ change }) => change,
    cell: ({ change }) => change,
  },
  {
    key: 'severity',
    title: 'Severity',
    isText: true,
    value: ({ severity }) => severity,
    cell: ({ severity }) => <span class={`severity ${severityTone(severity)}`}>{severity}</span>,
  },
  {
    key: 'what',
    title: 'Alert',
    isText: true,
    value: ({ rule }) => rule,
    cell: (change) => <Name of={alertWords(change).title} />,
  },
  {
    key: 'labels',
    title: 'Of',
    isText: true,
    value: ({ labels }) => Object.values(labels).join(' '),
    cell: ({ labels }) => <AlertLabels labels={labels} />,
  },
  {
    key: 'value',
    title: 'Value',
    value: ({ value }) => value,
    cell: (change) => alertWords(change).value,
  },
  {
    key: 'lasted',
    title: 'Lasted',
    value: ({ change, at, since }) => (change === 'resolved' && since !== null ? at - since : null),
    cell: ({ change, at, since }) => (change === 'resolved' && since !== null ? spanText(at - since) : '–'),
  },
];
