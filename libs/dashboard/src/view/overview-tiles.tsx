import type { Answers, WindowHead } from '../api/answers.js';
import { recent, snapshot } from '../api/live.js';
import { secondsOf, useBefore, useWindowed } from '../api/window.js';
import { perMinute, ratesOf, valuesOf } from '../chart/stretch.js';
import { pointChange, relativeChange } from '../format/change.js';
import { duration } from '../format/duration.js';
import { plain } from '../format/figure.js';
import { dollarsOf, money, nanoUsd } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent } from '../format/percent.js';
import { beforeText } from '../format/window.js';
import { judge, targetOf } from '../judge-value.js';
import { useRules } from '../judge.js';
import { Compared, Tile } from '../part/tile.js';

type Endpoints = Answers['endpoints'];
type Usage = Answers['usage'];
type Cache = Answers['cache'];

/** The headline numbers of the window, each with its change against the window before and its course. */
export function OverviewTiles() {
  const endpoints = useWindowed('endpoints', { series: 'totals' });
  const usage = useWindowed('usage', { series: 'totals' });
  const cache = useWindowed('cache', { series: 'totals' });
  const requestsBefore = useBefore('endpoints', endpoints.answer);
  const usageBefore = useBefore('usage', usage.answer);
  const cacheBefore = useBefore('cache', cache.answer);
  return (
    <div class="tiles">
      <RequestTiles now={endpoints.answer} before={requestsBefore} />
      <UsageTiles now={usage.answer} before={usageBefore} />
      <CacheTile now={cache.answer} before={cacheBefore} />
      <CallsTile />
    </div>
  );
}

/** Something per minute of a window, as far as there are data; null when there is no window. */
function rateOf(answer: WindowHead | null, many: number | null | undefined): number | null {
  return answer === null || many === null || many === undefined ? null : perMinute(many, answer);
}

function RequestTiles({ now, before }: { readonly now: Endpoints | null; readonly before: Endpoints | null }) {
  const rules = useRules();
  const to = beforeText(now === null ? 3600 : secondsOf(now));
  const total = now?.aggregated;
  const was = before?.aggregated;
  const latencyTarget = targetOf(rules, 'response_time_ms');
  const errorTarget = targetOf(rules, 'error_rate_percent');
  const rate = rateOf(now, total?.total_operations);
  return (
    <>
      <Tile
        label="Requests"
        figure={total === undefined ? null : decimal(rate, '/ min')}
        values={now === null ? undefined : ratesOf(now.series, now, (part) => part.aggregated.total_operations)}
      >
        <Compared change={relativeChange(rate, rateOf(before, was?.total_operations))} to={to} also={null} />
      </Tile>
      <Tile
        label="Latency p95"
        figure={total === undefined ? null : duration(total.p95_duration_ms)}
        tone={judge(rules, 'response_time_ms', total?.p95_duration_ms)}
        values={now === null ? undefined : valuesOf(now.series, now, (part) => part.aggregated.p95_duration_ms)}
      >
        <Compared
          change={relativeChange(total?.p95_duration_ms, was?.p95_duration_ms)}
          worse="up"
          to={to}
          also={latencyTarget === null ? null : `target ${duration(latencyTarget).text}`}
        />
      </Tile>
      <Tile
        label="Errors"
        figure={total === undefined ? null : percent(total.error_rate_percent)}
        tone={judge(rules, 'error_rate_percent', total?.error_rate_percent)}
        values={now === null ? undefined : valuesOf(now.series, now, (part) => part.aggregated.error_rate_percent)}
      >
        <Compared
          change={pointChange(total?.error_rate_percent, was?.error_rate_percent)}
          worse="up"
          to={to}
          also={errorTarget === null ? null : `target ${plain({ ...percent(errorTarget), text: String(errorTarget) })}`}
        />
      </Tile>
    </>
  );
}

function UsageTiles({ now, before }: { readonly now: Usage | null; readonly before: Usage | null }) {
  const rules = useRules();
  const to = beforeText(now === null ? 3600 : secondsOf(now));
  const rate = rateOf(now, now?.summary.total_tokens);
  const day = now?.day;
  const unpriced = now?.summary.unpriced_calls ?? 0;
  const spent = (answer: Usage | null) => {
    const cost = nanoUsd(answer?.summary.total_cost_usd);
    return rateOf(answer, cost === null ? null : Number(cost));
  };
  return (
    <>
      <Tile
        label="Tokens"
        figure={now === null ? null : compact(now.summary.total_tokens)}
        tone={judge(rules, 'token_usage_percent', day?.token_usage_percent)}
        values={now === null ? undefined : ratesOf(now.series, now, (part) => part.summary.total_tokens)}
      >
        <Compared
          change={relativeChange(rate, rateOf(before, before?.summary.total_tokens))}
          to={to}
          also={
            day?.token_usage_percent == null
              ? `today ${plain(compact(day?.tokens))}`
              : `day ${plain(percent(day.token_usage_percent))}`
          }
        />
      </Tile>
      <Tile
        label="Cost"
        figure={now === null ? null : money(now.summary.total_cost_usd)}
        values={now === null ? undefined : ratesOf(now.series, now, (part) => dollarsOf(part.summary.total_cost_usd))}
      >
        <Compared
          change={relativeChange(spent(now), spent(before))}
          worse="up"
          to={to}
          also={unpriced > 0 ? `${plain(compact(unpriced))} unpriced` : `today ${money(day?.cost_usd).text}`}
        />
      </Tile>
    </>
  );
}

function CacheTile({ now, before }: { readonly now: Cache | null; readonly before: Cache | null }) {
  const rules = useRules();
  const summary = now?.summary;
  const to = beforeText(now === null ? 3600 : secondsOf(now));
  return (
    <Tile
      label="Cache hits"
      figure={summary === undefined ? null : percent(summary.hit_rate_percent)}
      tone={judge(rules, 'cache_hit_rate_percent', summary?.hit_rate_percent)}
      values={now === null ? undefined : valuesOf(now.series, now, (part) => part.summary.hit_rate_percent)}
    >
      {summary?.total_requests === 0 ? (
        'no look-ups'
      ) : (
        <Compared
          change={pointChange(summary?.hit_rate_percent, before?.summary.hit_rate_percent)}
          worse="down"
          to={to}
          also={`of ${plain(compact(summary?.total_requests))}`}
        />
      )}
    </Tile>
  );
}

/** Of this moment, whatever the window; its line begins when the page was opened. */
function CallsTile() {
  const now = snapshot.value?.answer;
  return (
    <Tile
      label="LLM calls in flight"
      figure={now === undefined ? null : count(now.active_llm_calls)}
      values={recent.value.map(({ active_llm_calls: calls }) => calls)}
    >
      {now?.active_requests === null ? 'requests unknown' : `of ${plain(count(now?.active_requests))} requests`}
    </Tile>
  );
}
