import type { Rule } from '../api/answers.js';
import { duration } from '../format/duration.js';
import { money } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent } from '../format/percent.js';
import { judge } from '../judge-value.js';
import type { Fact } from '../part/facts.js';
import { Figure } from '../part/figure.js';
import { Toned } from '../part/toned.js';
import { type Calls, efficiency, perThousand } from './call-columns.js';

/** What is told of the calls of a provider or a model. @param rules those about it, which judge some numbers */
export function callFacts(of: Calls, rules: readonly Rule[]): Fact[] {
  const { shared } = of;
  const judged = (metric: string, value: number | null, figure: Fact[1]): Fact[1] => (
    <Toned tone={judge(rules, metric, value)}>{figure}</Toned>
  );
  return [
    ['Calls', <Figure of={count(of.calls)} />],
    [
      'Success',
      judged('provider_success_rate_percent', of.successPercent, <Figure of={percent(of.successPercent)} />),
      'Of calls that completed or failed',
    ],
    ['In flight', <Figure of={count(shared.active_calls)} />],
    [
      'Oldest in flight',
      judged('oldest_call_ms', shared.oldest_call_ms, <Figure of={duration(shared.oldest_call_ms)} />),
    ],
    ['Average', judged('provider_response_time_ms', of.averageMs, <Figure of={duration(of.averageMs)} />)],
    ['p50', <Figure of={duration(of.p50Ms)} />],
    ['p95', <Figure of={duration(of.p95Ms)} />],
    ['p99', <Figure of={duration(of.p99Ms)} />],
    ['Streams', <Figure of={count(shared.streamed_calls)} />],
    ['First token, median', <Figure of={duration(shared.time_to_first_token.p50_ms)} />],
    ['First token, p95', <Figure of={duration(shared.time_to_first_token.p95_ms)} />],
    ['Between chunks', <Figure of={duration(shared.chunk_gap.p50_ms)} />, 'Median of the means of streams'],
    [
      'Output rate',
      <Figure of={decimal(shared.output_rate.p50_tokens_per_second, '/ s')} />,
      'Tokens after the first, median of streams',
    ],
    ['Tokens in', <Figure of={compact(shared.tokens.input_tokens)} />],
    ['of it cached', <Figure of={compact(shared.tokens.cached_tokens)} />],
    ['Tokens out', <Figure of={compact(shared.tokens.output_tokens)} />],
    ['of it reasoning', <Figure of={compact(shared.tokens.reasoning_tokens)} />],
    [
      'Calls without usage',
      <Figure of={count(shared.tokens.calls_without_usage)} />,
      'Completed, but did not tell their tokens',
    ],
    ['Efficiency', <Figure of={decimal(efficiency(of))} />, 'Output tokens per input token'],
    ['Retries', <Figure of={count(shared.retries)} />, 'Attempts after the first'],
    [
      'Rate-limited calls',
      judged(
        'rate_limit_hits',
        shared.rate_limits.rate_limit_hits,
        <Figure of={count(shared.rate_limits.rate_limit_hits)} />,
      ),
    ],
    [
      'Attempts with 429',
      <Figure of={count(shared.rate_limits.rate_limited_attempts)} />,
      'Whether or not a retry helped',
    ],
    ['Cost', <Figure of={money(shared.total_cost_usd)} />],
    ['Cost per 1 000 calls', <Figure of={money(perThousand(of))} />, 'Unknown while some calls have no price'],
    ['Unpriced calls', judged('unpriced_calls', shared.unpriced_calls, <Figure of={count(shared.unpriced_calls)} />)],
  ];
}
