import { useState } from 'preact/hooks';
import type { Answers } from '../api/answers.js';
import { useAnswer } from '../api/resource.js';
import { mayWrite } from '../api/session.js';
import { Moment } from '../part/ago.js';
import { Card } from '../part/card.js';
import { Name } from '../part/name.js';
import { Awaited } from '../part/notice.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { type Column, Table } from '../table/table.js';
import { ConfigDialog, TakeBackDialog } from './config-dialog.js';
import { ThresholdsCard } from './thresholds-card.js';

type Config = Answers['config'];

/** An option as it is in force. */
export interface OptionRow {
  readonly name: string;
  readonly value: unknown;
  readonly source: string | null;
  readonly isChangeable: boolean;
  readonly isPosted: boolean;
  /** What would be in force without what was posted; undefined where nothing was. */
  readonly without: unknown;
}

/** The options in force, where each comes from, and who changed what. */
export function ConfigView() {
  const config = useAnswer('config', {}, 10_000);
  const history = useAnswer('config/history', {}, 30_000);
  const [editing, setEditing] = useState<OptionRow | null>(null);
  const [taking, setTaking] = useState<OptionRow | null>(null);
  const version = config.answer?.version ?? 0;
  return (
    <>
      <ViewTitle
        title="Configuration"
        beside={config.answer !== null && <span class="pill small plain">version {version}</span>}
      >
        <FilterBox of="options" />
      </ViewTitle>
      <Card title="Options" hint="as they are in force on all replicas">
        <Awaited of={config} lines={12}>
          {(answer) => (
            <Table
              caption="Options"
              isMain
              columns={optionColumns(setEditing, setTaking)}
              rows={optionRows(answer).filter(({ name, source }) => passesFilter(name, source ?? ''))}
              id={({ name }) => name}
              order={{ key: 'source', descending: true }}
              most={60}
            />
          )}
        </Awaited>
      </Card>
      <ThresholdsCard config={config.answer} />
      <Card title="History" hint="newest first" span="half">
        <Awaited of={history} lines={4}>
          {({ changes }) =>
            changes.length === 0 ? (
              <p class="soft none">Nothing was changed while replicas ran.</p>
            ) : (
              <ul class="plain-list">
                {changes.map((change) => (
                  <Change key={change.version} of={change} />
                ))}
              </ul>
            )
          }
        </Awaited>
      </Card>
      {editing !== null && <ConfigDialog option={editing} version={version} onClose={() => setEditing(null)} />}
      {taking !== null && <TakeBackDialog option={taking} version={version} onClose={() => setTaking(null)} />}
    </>
  );
}

function optionRows({ effective, sources, posted, overridden, changeable }: Config): OptionRow[] {
  // Thresholds of alerts have a card of their own.
  const shown = Object.entries(effective).filter(([name]) => name !== 'alert_thresholds');
  return shown.map(([name, value]) => ({
    name,
    value,
    source: Object.hasOwn(sources, name) ? sources[name]! : null,
    isChangeable: changeable.includes(name),
    isPosted: Object.hasOwn(posted, name),
    without: Object.hasOwn(overridden, name) ? overridden[name] : undefined,
  }));
}

/** A value of the configuration as text, on one line. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Those that somebody chose before those that nobody did. */
const sourceRanks = ['default', 'environment', 'code', 'posted'];

function optionColumns(edit: (row: OptionRow) => void, takeBack: (row: OptionRow) => void): Column<OptionRow>[] {
  return [
    {
      key: 'name',
      title: 'Option',
      isText: true,
      value: ({ name }) => name,
      cell: ({ name }) => (
        <span class="code">
          <Name of={name} />
        </span>
      ),
    },
    {
      key: 'value',
      title: 'Value',
      isText: true,
      value: ({ value }) => valueText(value),
      cell: ({ value, without }) => (
        <>
          <span class="code option-value">
            <Name of={valueText(value)} />
          </span>
          {without !== undefined && (
            <small class="was">
              without it <Name of={valueText(without)} />
            </small>
          )}
        </>
      ),
    },
    {
      key: 'source',
      title: 'From',
      isText: true,
      value: ({ source }) => sourceRanks.indexOf(source ?? ''),
      cell: ({ source, isPosted }) => (
        <span class={isPosted ? 'tone-warn' : source === 'default' ? 'soft' : undefined}>{source ?? 'unknown'}</span>
      ),
    },
    {
      key: 'change',
      title: 'Change',
      isText: true,
      value: ({ isChangeable }) => Number(isChangeable),
      cell: (row) => {
        if (!row.isChangeable) return <span class="soft">in code only</span>;
        if (!mayWrite()) return <span class="soft">needs write access</span>;
        return (
          <span class="row-actions">
            <button type="button" class="button" onClick={() => edit(row)}>
              Change…
            </button>
            {row.isPosted && (
              <button type="button" class="button" onClick={() => takeBack(row)}>
                Take back…
              </button>
            )}
          </span>
        );
      },
    },
  ];
}

function Change({ of }: { readonly of: Answers['config/history']['changes'][number] }) {
  const names = [...new Set([...Object.keys(of.before), ...Object.keys(of.after)])];
  return (
    <li>
      <p class="soft">
        version {of.version} · <Moment time={of.timestamp} /> · <bdi>{of.by}</bdi>
      </p>
      {names.map((name) => (
        <p key={name} class="code change-line">
          <b>{name}</b>: {valueText(of.before[name])} → {valueText(of.after[name])}
        </p>
      ))}
    </li>
  );
}
