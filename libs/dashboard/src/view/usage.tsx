import { useMemo } from 'preact/hooks';
import { windowSeconds } from '../address.js';
import type { Answers, Usage } from '../api/answers.js';
import { refreshMs, secondsOf, useBefore, useWindowed, windowQuery } from '../api/window.js';
import { useAnswer } from '../api/resource.js';
import { entryOf, perMinute, ratesOf, valuesOf } from '../chart/stretch.js';
import { type Line, TimeChart } from '../chart/time-chart.js';
import { relativeChange } from '../format/change.js';
import { spanText } from '../format/duration.js';
import { plain } from '../format/figure.js';
import { dollarsOf, money, nanoUsd } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent } from '../format/percent.js';
import { beforeText } from '../format/window.js';
import { address, adjust } from '../navigation.js';
import { Card } from '../part/card.js';
import { Awaited, Empty } from '../part/notice.js';
import { Segments } from '../part/segments.js';
import { Compared, Tile } from '../part/tile.js';
import { ViewTitle } from '../part/view-title.js';
import { FilterBox, passesFilter } from '../table/filter.js';
import { Table } from '../table/table.js';
import { BudgetsCard } from './budgets-card.js';
import { chartColors } from './call-charts.js';
import { dollars } from './cost-per-day.js';
import { providerCode, tagCode } from './first-line.js';
import { UnpricedCard } from './unpriced-card.js';
import { usageColumns } from './usage-columns.js';

type Answer = Answers['usage'];
type Part = NonNullable<Answer['series']>[number];

const groups = ['auto', 'hour', 'day', 'month'] as const;
const longestHours = 4 * 86_400;
const fixedKinds: readonly (readonly [string, string])[] = [
  ['provider', 'Provider'],
  ['model', 'Model'],
  ['operation', 'Operation'],
];

/** Tokens and money by whatever they can be told apart by. */
export function UsageView() {
  const { options, window } = address.value;
  const group =
    groups.find((each) => each === options.group && (each !== 'hour' || windowSeconds(window) <= longestHours)) ??
    'auto';
  const parts = group === 'auto' ? { points: 60 } : { group };
  const reading = useAnswer('usage', { ...windowQuery(), ...parts }, refreshMs());
  const totals = useWindowed('usage', { series: 'totals' });
  const before = useBefore('usage', totals.answer);
  const { answer } = reading;
  const tags = answer === null ? [] : Object.keys(answer.by_tag);
  const byTag: readonly (readonly [string, string])[] =
    tags.length === 0 ? [['tag', 'Tag']] : tags.map((tag) => [`tag:${tag}`, tag]);
  const kinds = [...fixedKinds, ...byTag];
  const by = kinds.find(([kind]) => kind === options.by)?.[0] ?? 'provider';
  return (
    <>
      <ViewTitle title="Usage & cost">
        <FilterBox of="usage" />
      </ViewTitle>
      <Totals now={totals.answer} before={before} />
      <div class="title-row switch-row">
        <span class="soft">Split by</span>
        <Segments label="By" options={kinds} value={by} onChoose={(kind) => adjust({ by: kind })} />
        <span class="soft">Time</span>
        <Segments
          label="Over time"
          options={groups
            .filter((each) => each !== 'hour' || windowSeconds(window) <= longestHours)
            .map((each) => [each, each === 'auto' ? 'Auto' : `By ${each}`] as const)}
          value={group}
          onChoose={(each) => adjust({ group: each === 'auto' ? '' : each })}
        />
      </div>
      <UsageCharts answer={answer} reading={reading} by={by} per={group === 'auto' ? partText(answer) : group} />
      <Card title="Usage" hint={`by ${by.replace('tag:', '')}`} isOld={reading.isOld}>
        <Awaited of={reading} lines={6}>
          {(all) => <Rows answer={all} by={by} />}
        </Awaited>
      </Card>
      <UnpricedCard answer={answer} />
      <BudgetsCard span="half" most={20} canChange />
    </>
  );
}

/** Usage by name, of a whole answer or a part of it. */
function namedBy(
  part: Pick<Part, 'by_provider' | 'by_model' | 'by_operation' | 'by_tag'>,
  by: string,
): Readonly<Record<string, Usage>> {
  if (by === 'model') return part.by_model;
  if (by === 'operation') return part.by_operation;
  if (!by.startsWith('tag')) return part.by_provider;
  const tag = by.slice('tag:'.length);
  return Object.hasOwn(part.by_tag, tag) ? part.by_tag[tag]! : {};
}

function Rows({ answer, by }: { readonly answer: Answer; readonly by: string }) {
  const entries = Object.entries(namedBy(answer, by));
  if (entries.length === 0)
    return by.startsWith('tag') ? (
      <Empty code={tagCode}>No usage by tag in this window. Declare tags and set them:</Empty>
    ) : (
      <Empty code={providerCode}>No LLM call in this window. Decorate the methods that call a provider:</Empty>
    );
  return (
    <Table
      caption="Usage"
      isMain
      columns={usageColumns(by)}
      rows={entries.filter(([name]) => passesFilter(name))}
      id={([name]) => name}
      order={{ key: 'cost', descending: true }}
    />
  );
}

function Totals({ now, before }: { readonly now: Answer | null; readonly before: Answer | null }) {
  const to = beforeText(now === null ? 86_400 : secondsOf(now));
  const rate = (answer: Answer | null, value: number | null | undefined) =>
    answer === null || value === null || value === undefined ? null : perMinute(value, answer);
  const change = (value: (usage: Usage) => number | null) =>
    relativeChange(
      rate(now, now === null ? null : value(now.summary)),
      rate(before, before === null ? null : value(before.summary)),
    );
  const cost = ({ total_cost_usd: amount }: Usage) => (amount === null ? null : Number(nanoUsd(amount)));
  const summary = now?.summary;
  const rates = (value: (usage: Usage) => number | null) =>
    now === null ? undefined : ratesOf(now.series, now, (part) => value(part.summary));
  return (
    <div class="tiles six">
      <Tile
        label="Cost"
        figure={summary === undefined ? null : money(summary.total_cost_usd)}
        values={rates(({ total_cost_usd: amount }) => dollarsOf(amount))}
      >
        <Compared change={change(cost)} to={to} also={null} />
      </Tile>
      <Tile
        label="Tokens"
        figure={summary === undefined ? null : compact(summary.total_tokens)}
        values={rates(({ total_tokens: tokens }) => tokens)}
      >
        <Compared change={change(({ total_tokens: tokens }) => tokens)} to={to} also={null} />
      </Tile>
      <Tile
        label="Calls"
        figure={summary === undefined ? null : count(summary.total_calls)}
        values={rates(({ total_calls: calls }) => calls)}
      >
        <Compared change={change(({ total_calls: calls }) => calls)} to={to} also={null} />
      </Tile>
      <Tile
        label="Cost per call"
        figure={summary === undefined ? null : money(summary.average_cost_usd_per_call)}
        values={
          now === null
            ? undefined
            : valuesOf(now.series, now, (part) => dollarsOf(part.summary.average_cost_usd_per_call))
        }
      >
        {(summary?.unpriced_calls ?? 0) > 0
          ? `${plain(compact(summary?.unpriced_calls))} unpriced`
          : 'no unpriced calls'}
      </Tile>
      <Tile label="Cost today" figure={now === null ? null : money(now.day.cost_usd)}>
        day of UTC
      </Tile>
      <Tile label="Tokens today" figure={now === null ? null : compact(now.day.tokens)}>
        {now?.day.token_limit == null
          ? 'no daily limit'
          : `${plain(percent(now.day.token_usage_percent))} of ${plain(compact(now.day.token_limit))}`}
      </Tile>
    </div>
  );
}

interface UsageChartsProps {
  readonly answer: Answer | null;
  readonly reading: Parameters<typeof Awaited<Answer>>[0]['of'] & { readonly isOld: boolean };
  readonly by: string;
  /** What a bar is of. */
  readonly per: string;
}

/** How long a part of the window is. */
function partText(answer: Answer | null): string {
  const lengths = (answer?.series ?? []).map(({ from, to }) => to - from);
  return lengths.length === 0 ? 'part' : spanText(Math.max(...lengths));
}

function UsageCharts({ answer, reading, by, per }: UsageChartsProps) {
  const [cost, tokens] = useMemo(
    () =>
      answer === null
        ? [[], []]
        : [
            linesOf(answer, by, ({ total_cost_usd: amount }) => dollarsOf(amount)),
            linesOf(answer, by, ({ total_tokens: total }) => total),
          ],
    [answer, by],
  );
  return (
    <>
      <Card title="Cost" hint={`USD per ${per}`} span="half" isOld={reading.isOld}>
        <Awaited of={reading} chart>
          {(head) => (
            <TimeChart title="Cost" head={head} stretches={head.series ?? []} lines={cost} isStacked format={dollars} />
          )}
        </Awaited>
      </Card>
      <Card title="Tokens" hint={`in and out, per ${per}`} span="half" isOld={reading.isOld}>
        <Awaited of={reading} chart>
          {(head) => (
            <TimeChart
              title="Tokens"
              head={head}
              stretches={head.series ?? []}
              lines={tokens}
              isStacked
              format={tokenFigure}
            />
          )}
        </Awaited>
      </Card>
    </>
  );
}

const tokenFigure = (value: number) => (value < 10 ? decimal(value) : compact(value));

/** The largest names with a line each, and all others together; unknown where no call told. */
function linesOf(answer: Answer, by: string, value: (usage: Usage) => number | null): Line[] {
  const ranked = Object.entries(namedBy(answer, by))
    .map(([name, usage]) => ({ name, weight: value(usage) ?? 0 }))
    .sort((a, b) => b.weight - a.weight)
    .map(({ name }) => name);
  const own = ranked.slice(0, chartColors.length);
  const lines = own.map((name, at): Line => ({
    label: name,
    color: chartColors[at]!,
    values: valuesOf(answer.series, answer, (part) => {
      const usage = entryOf(namedBy(part, by), name, 0);
      return usage === null || usage === 0 ? usage : value(usage);
    }),
  }));
  if (ranked.length <= own.length) return lines;
  const others = valuesOf(answer.series, answer, (part) => {
    const rest = Object.entries(namedBy(part, by)).filter(([name]) => !own.includes(name));
    const known = rest.flatMap(([, usage]) => value(usage) ?? []);
    return rest.length > 0 && known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
  });
  return [...lines, { label: 'others', color: 'c6', values: others }];
}
