import type { Rule } from '../api/answers.js';
import { useAnswer } from '../api/resource.js';
import { spanText } from '../format/duration.js';
import { grouped } from '../format/number.js';
import { thin } from '../format/text.js';
import { Card } from '../part/card.js';
import { Dot, Name } from '../part/name.js';
import { Awaited } from '../part/notice.js';
import { passesFilter } from '../table/filter.js';
import { type Column, Table } from '../table/table.js';

const tones: Readonly<Record<string, 'ok' | 'warn' | 'bad' | 'plain'>> = {
  ok: 'ok',
  pending: 'warn',
  firing: 'bad',
  error: 'bad',
  stale: 'warn',
};

/** Those that need attention first. */
const ranks = ['firing', 'error', 'pending', 'stale', 'no_data', 'ok', 'inactive'];

/** Every rule with what it watches, from when on it fires, and how it is. */
export function RulesCard() {
  const alerts = useAnswer('alerts', {}, 10_000);
  return (
    <Card title="Rules" hint="of the whole fleet">
      <Awaited of={alerts} lines={8}>
        {({ rules }) =>
          rules.length === 0 ? (
            <p class="soft none">No rule was evaluated yet; the first evaluation comes within seconds.</p>
          ) : (
            <Table
              caption="Rules of alerts"
              isMain
              columns={columns}
              rows={rules.filter(({ name, title, category, state }) => passesFilter(name, title, category, state))}
              id={({ name }) => name}
              order={{ key: 'state', descending: false }}
            />
          )
        }
      </Awaited>
    </Card>
  );
}

const signs: Readonly<Record<string, string>> = { '>=': '≥', '<=': '≤' };

/** `> 5 000 ms`. */
export function thresholdText(comparison: string, threshold: number, unit: string): string {
  return `${signs[comparison] ?? comparison}${thin}${grouped(String(threshold))}${unit === '' ? '' : thin + unit}`;
}

const columns: readonly Column<Rule>[] = [
  {
    key: 'name',
    title: 'Rule',
    isText: true,
    value: ({ title }) => title,
    cell: ({ title, name }) => <Name of={title} detail={title === name ? '' : name} />,
  },
  {
    key: 'state',
    title: 'State',
    isText: true,
    value: ({ state }) => ranks.indexOf(state),
    cell: ({ state }) => (
      <span class="with-dot">
        <Dot tone={tones[state] ?? 'plain'} meaning={state} />
        {state.replaceAll('_', ' ')}
      </span>
    ),
  },
  {
    key: 'thresholds',
    title: 'Fires',
    isText: true,
    value: ({ metric }) => metric,
    cell: ({ metric, comparison, thresholds, unit }) => {
      const levels = Object.entries(thresholds);
      return levels.length === 0 ? (
        <span class="soft">{metric === null ? 'as its check says' : 'no fixed threshold'}</span>
      ) : (
        levels.map(([severity, threshold], at) => (
          <span key={severity}>
            {at > 0 && ', '}
            {thresholdText(comparison, threshold, unit)} <small>{severity}</small>
          </span>
        ))
      );
    },
  },
  {
    key: 'target',
    title: 'Target',
    value: ({ target }) => target,
    cell: ({ target, unit }) => (target === null ? '–' : thresholdText('', target, unit).trim()),
  },
  {
    key: 'window',
    title: 'Over',
    hint: 'How far it looks back',
    value: ({ window_seconds: seconds }) => seconds,
    cell: ({ window_seconds: seconds, for_seconds: hold }) =>
      seconds === null ? '–' : `${spanText(seconds)}${hold === null || hold === 0 ? '' : `, for ${spanText(hold)}`}`,
  },
  {
    key: 'category',
    title: 'Category',
    isText: true,
    value: ({ category }) => category,
    cell: ({ category }) => category,
  },
  {
    key: 'reason',
    title: 'Why',
    isText: true,
    value: ({ reason }) => reason,
    cell: ({ reason }) => (reason === null ? '' : <Name of={reason} />),
  },
];
