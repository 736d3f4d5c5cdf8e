import type { Budget } from '../api/budgets.js';
import { useAnswer } from '../api/resource.js';
import { plain } from '../format/figure.js';
import { money } from '../format/money.js';
import { compact } from '../format/number.js';
import { wholePercent } from '../format/percent.js';
import { nowMs } from '../api/following.js';
import { momentText, wholeTime } from '../format/time.js';
import { spanText } from '../format/duration.js';
import { Card, type Span } from '../part/card.js';
import { Empty, Failed, Skeleton } from '../part/notice.js';

const budgetCode = `PerformanceModule.forRoot({
  budgets: [
    { name: 'all', limitUsd: 75, period: 'day' },
  ],
})`;

/** How much of each budget is used, and where that leads. */
export function BudgetsCard({ span = 'third', most = 6 }: { readonly span?: Span; readonly most?: number }) {
  const { answer, failure } = useAnswer('budgets', {}, 30_000);
  const isAbsent = failure?.status === 404;
  const budgets = answer?.budgets ?? [];
  return (
    <Card title="Budgets" span={span} hint={answer?.complete === false ? 'incomplete' : undefined}>
      {answer === null && failure === null && <Skeleton lines={4} />}
      {answer === null && failure !== null && !isAbsent && <Failed failure={failure} />}
      {(isAbsent || (answer !== null && budgets.length === 0)) && (
        <Empty code={budgetCode}>No budget yet. Give one, and be warned before it is used up:</Empty>
      )}
      {budgets.slice(0, most).map((budget) => (
        <BudgetBar key={`${budget.name} ${Object.values(budget.labels).join(' ')}`} budget={budget} />
      ))}
      {budgets.length > most && <p class="soft">and {budgets.length - most} more under Usage &amp; cost</p>}
    </Card>
  );
}

function BudgetBar({ budget }: { readonly budget: Budget }) {
  const { used_percent: used, forecast_percent: forecast, state } = budget;
  const tone = state === 'exceeded' ? ' bad' : state === 'warning' ? ' warn' : '';
  const { text, tone: textTone, title } = outlook(budget);
  return (
    <div class="budget" data-budget={budget.name}>
      <div class="row">
        <span>
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
        {budget.override !== null && ` · raised by ${budget.override.by}`}
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
