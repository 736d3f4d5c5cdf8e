import { useState } from 'preact/hooks';
import type { Budget } from '../api/answers.js';
import { useAnswer } from '../api/resource.js';
import { mayWrite } from '../api/session.js';
import { plain } from '../format/figure.js';
import { money } from '../format/money.js';
import { compact } from '../format/number.js';
import { wholePercent } from '../format/percent.js';
import { nowMs } from '../api/following.js';
import { momentText, wholeTime } from '../format/time.js';
import { spanText } from '../format/duration.js';
import { Moment } from '../part/ago.js';
import { Card, type Span } from '../part/card.js';
import { Empty, Failed, Skeleton } from '../part/notice.js';
import { OverrideDialog } from './override-dialog.js';

const budgetCode = `PerformanceModule.forRoot({
  budgets: [
    { name: 'all', limitUsd: 75, period: 'day' },
  ],
})`;

interface BudgetsCardProps {
  readonly span?: Span;
  readonly most?: number;
  /** Whether budgets can be given another limit here. */
  readonly canChange?: boolean;
}

/** How much of each budget is used, and where that leads. */
export function BudgetsCard({ span = 'third', most = 4, canChange = false }: BudgetsCardProps) {
  const [changing, setChanging] = useState<Budget | null>(null);
  const { answer, failure } = useAnswer('budgets', {}, 30_000);
  const isAbsent = failure?.status === 404;
  const budgets = (answer?.budgets ?? []).toSorted((a, b) => pressure(b) - pressure(a));
  return (
    <Card title="Budgets" span={span} hint={answer?.complete === false ? 'incomplete' : undefined}>
      {answer === null && failure === null && <Skeleton lines={4} />}
      {answer === null && failure !== null && !isAbsent && <Failed failure={failure} />}
      {(isAbsent || (answer !== null && budgets.length === 0)) && (
        <Empty code={budgetCode}>No budget yet. Give one, and be warned before it is used up:</Empty>
      )}
      {budgets.slice(0, most).map((budget) => (
        <BudgetBar
          key={`${budget.name} ${Object.values(budget.labels).join(' ')}`}
          budget={budget}
          onChange={canChange && mayWrite() ? () => setChanging(budget) : null}
        />
      ))}
      {changing !== null && <OverrideDialog budget={changing} onClose={() => setChanging(null)} />}
      {budgets.length > most && <p class="soft none">and {budgets.length - most} more under Usage &amp; cost</p>}
    </Card>
  );
}

/** How near a budget is to its limit, or will be: those that need attention come first. */
function pressure({ used_percent: used, forecast_percent: forecast }: Budget): number {
  return Math.max(used ?? 0, forecast ?? 0);
}

interface BudgetBarProps {
  readonly budget: Budget;
  /** Asks for another limit; null where that is not offered. */
  readonly onChange: (() => void) | null;
}

function BudgetBar({ budget, onChange }: BudgetBarProps) {
  const { used_percent: used, forecast_percent: forecast, state } = budget;
  const tone = state === 'exceeded' ? ' bad' : state === 'warning' ? ' warn' : '';
  const { text, tone: textTone, title } = outlook(budget);
  return (
    <div class="budget" data-budget={budget.name}>
      <div class="row">
        <span class="budget-name" title={[budget.name, ...Object.values(budget.labels)].join(' ')}>
          <bdi>{budget.name}</bdi>, {periodText(budget)}
          {Object.values(budget.labels).map((label) => (
            <small key={label}>
              {' '}
              <bdi>{label}</bdi>
            </small>
          ))}
        </span>
        <span title={amounts(budget).exact}>{amounts(budget).text}</span>
      </div>
      <div
        class="track"
        role="meter"
        aria-label={`${[budget.name, ...Object.values(budget.labels)].join(' ')}, used`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, used ?? 0)}
        aria-valuetext={used === null ? 'unknown' : plain(wholePercent(used))}
      >
        <div class={`fill${tone}`} style={{ width: `${Math.min(100, used ?? 0)}%` }} />
        {forecast !== null && <div class="marker" style={{ left: `${Math.min(99.5, forecast)}%` }} title="Forecast" />}
      </div>
      <small class="detail" title={title}>
        <span class={textTone === null ? undefined : `tone-${textTone}`}>{text}</span>
        {budget.hard_stop && ' · hard stop'}
        {(budget.refused_calls ?? 0) > 0 && ` · ${plain(compact(budget.refused_calls))} refused`}
        {budget.override !== null && (
          <>
            {' '}
            · other limit until <Moment time={budget.override.until} />, by <bdi>{budget.override.by}</bdi>
          </>
        )}
        {onChange !== null && (
          <button type="button" class="button quiet small" onClick={onChange}>
            {budget.override === null ? 'Other limit…' : 'Change or end…'}
          </button>
        )}
      </small>
    </div>
  );
}

function periodText({ period, window_seconds: length }: Budget): string {
  return period === 'rolling' ? `the last ${spanText(length ?? 0)}` : `per ${period}`;
}

function amounts(budget: Budget): { text: string; exact: string } {
  if (budget.unit === 'tokens') {
    const [used, limit] = [compact(budget.used_tokens), compact(budget.limit_tokens)];
    const exact = `${used.exact ?? used.text} of ${limit.exact ?? limit.text} tokens`;
    return { text: `${used.text} of ${limit.text} tokens`, exact };
  }
  const [used, limit] = [money(budget.used_cost_usd), money(budget.limit_cost_usd)];
  return { text: `${used.text} of ${limit.text}`, exact: `${used.exact} of ${limit.exact}` };
}

function outlook(budget: Budget): { text: string; tone: 'warn' | 'bad' | null; title?: string } {
  const now = nowMs.peek() / 1000;
  const { state, exceeds_at: reached, to } = budget;
  if (state === 'unknown') return { text: 'use unknown', tone: null };
  if (state === 'exceeded') return { text: 'used up', tone: 'bad' };
  if (reached !== null)
    return { text: `reached ${momentText(reached, now)} at this rate`, tone: 'warn', title: wholeTime(reached) };
  const forecast = budget.unit === 'usd' ? money(budget.forecast_cost_usd) : compact(budget.forecast_tokens);
  if (budget.period === 'rolling') return { text: 'rolls on', tone: null };
  if (forecast.exact === 'unknown') return { text: 'no forecast yet', tone: null };
  return { text: `forecast ${forecast.text}${to === null ? '' : ` at ${momentText(to, now)}`}`, tone: null };
}
