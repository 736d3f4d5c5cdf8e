import type { Endpoint } from '../api/answers.js';
import { useWindowed } from '../api/window.js';
import { perMinute } from '../chart/stretch.js';
import { duration } from '../format/duration.js';
import { money, perMany } from '../format/money.js';
import { compact, count, decimal } from '../format/number.js';
import { percent, wholePercent } from '../format/percent.js';
import { bytes } from '../format/size.js';
import { judge } from '../judge-value.js';
import { useRules } from '../judge.js';
import { address, linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { type Fact, Facts } from '../part/facts.js';
import { Figure } from '../part/figure.js';
import { Awaited, Empty } from '../part/notice.js';
import { Tally } from '../part/tally.js';
import { Toned } from '../part/toned.js';
import { ViewTitle } from '../part/view-title.js';
import { LatencyChart, TrafficChart } from './endpoint-charts.js';

/** One endpoint. */
export function EndpointView() {
  const [name = ''] = address.value.names;
  const reading = useWindowed('endpoints', { query: { endpoint: name }, series: 'totals' });
  return (
    <>
      <ViewTitle title={name} crumbs={[['Endpoints', linkTo({ view: 'endpoints', names: [] })]]} />
      <Awaited of={reading} lines={6}>
        {(answer) => {
          const endpoint = Object.hasOwn(answer.endpoints, name) ? answer.endpoints[name]! : null;
          if (endpoint === null)
            return (
              <Card title="Nothing in this window">
                <Empty>There was no request of this endpoint in this window. Look further back.</Empty>
              </Card>
            );
          return (
            <>
              <Card title="In this window" isOld={reading.isOld}>
                <Numbers of={endpoint} rate={perMinute(endpoint.stats.total_operations, answer)} />
              </Card>
              <TrafficChart endpoint={name} />
              <LatencyChart endpoint={name} />
              <Card title="Status codes" span="half">
                <Tally
                  caption="Requests by status"
                  counts={endpoint.status_code_counts}
                  tone={(status) => (status >= '5' ? 'bad' : status >= '4' ? 'warn' : 'good')}
                  none="No request was answered."
                />
              </Card>
              <Card title="Errors" hint="by category" span="half">
                <Tally
                  caption="Requests that did not succeed, by category"
                  counts={endpoint.errors}
                  tone={() => 'bad'}
                  none="Every request succeeded."
                />
              </Card>
            </>
          );
        }}
      </Awaited>
    </>
  );
}

function Numbers({ of, rate }: { readonly of: Endpoint; readonly rate: number | null }) {
  const rules = useRules();
  const { stats, tokens } = of;
  const facts: Fact[] = [
    ['Requests', <Figure of={count(stats.total_operations)} />],
    ['Per minute', <Figure of={decimal(rate)} />],
    [
      'Errors',
      <Toned tone={judge(rules, 'error_rate_percent', stats.error_rate_percent)}>
        <Figure of={percent(stats.error_rate_percent)} />
      </Toned>,
    ],
    ['Aborted', <Figure of={count(of.aborted)} />, 'Requests whose client left before the answer was complete'],
    ['Apdex', <Figure of={decimal(stats.apdex)} />, 'Satisfied requests and half of the tolerating ones, of all'],
    ['Average', <Figure of={duration(stats.avg_duration_ms)} />],
    ['p50', <Figure of={duration(stats.p50_duration_ms)} />],
    [
      'p95',
      <Toned tone={judge(rules, 'response_time_ms', stats.p95_duration_ms)}>
        <Figure of={duration(stats.p95_duration_ms)} />
      </Toned>,
    ],
    ['p99', <Figure of={duration(stats.p99_duration_ms)} />],
    ['Slowest', <Figure of={duration(stats.max_duration_ms)} />],
    ['p95 of successes', <Figure of={duration(stats.successful.p95_duration_ms)} />],
    ['Waiting for providers', <Figure of={wholePercent(of.provider_wait_percent)} />, 'Of the time of its requests'],
    ['LLM calls', <Figure of={compact(tokens.llm_calls)} />, 'Made inside its requests'],
    ['Tokens in', <Figure of={compact(tokens.input_tokens)} />],
    ['Tokens out', <Figure of={compact(tokens.output_tokens)} />],
    ['Cost', <Figure of={money(of.total_cost_usd)} />],
    ['Cost per request', <Figure of={money(perMany(of.total_cost_usd, 1, stats.total_operations))} />],
    ['Unpriced calls', <Figure of={count(of.unpriced_calls)} />],
    ['Received', <Figure of={bytes(of.request_bytes)} />, 'Bodies whose size is known'],
    ['Sent', <Figure of={bytes(of.response_bytes)} />],
  ];
  return <Facts of={facts} />;
}
