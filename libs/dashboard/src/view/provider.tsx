import type { Provider } from '../api/answers.js';
import { useWindowed } from '../api/window.js';
import { count } from '../format/number.js';
import { useRules } from '../judge.js';
import { address, linkTo } from '../navigation.js';
import { Moment } from '../part/ago.js';
import { Card } from '../part/card.js';
import { Facts } from '../part/facts.js';
import { Figure } from '../part/figure.js';
import { Awaited, Empty } from '../part/notice.js';
import { Tally } from '../part/tally.js';
import { ViewTitle } from '../part/view-title.js';
import { Table } from '../table/table.js';
import { FirstTokenChart, OutcomeChart, TokenRateChart } from './call-charts.js';
import { providerCalls } from './call-columns.js';
import { callFacts } from './call-facts.js';
import { CostPerDay } from './cost-per-day.js';
import { priceCode } from './first-line.js';
import { HeadroomCard } from './headroom-card.js';
import { healthTones, modelColumns } from './model-rows.js';

/** One provider and its models. */
export function ProviderView() {
  const [name = ''] = address.value.names;
  const reading = useWindowed('providers', { query: { provider: name }, series: 'names' });
  const rules = useRules();
  const provider =
    reading.answer !== null && Object.hasOwn(reading.answer.providers, name) ? reading.answer.providers[name]! : null;
  return (
    <>
      <ViewTitle
        title={name}
        crumbs={[['Providers', linkTo({ view: 'providers', names: [] })]]}
        beside={provider !== null && <HealthPill of={provider} />}
      />
      <Awaited of={reading} lines={8}>
        {(answer) => {
          if (provider === null)
            return (
              <Card title="Nothing in this window">
                <Empty>There was no call of this provider in this window. Look further back.</Empty>
              </Card>
            );
          const calls = providerCalls(provider);
          const models = Object.entries(provider.model_stats).map(([model, of]) => ({
            provider: name,
            name: model,
            model: of,
          }));
          return (
            <>
              <Card title="In this window" isOld={reading.isOld}>
                <Facts
                  of={[
                    ...callFacts(calls, rules),
                    [
                      'Fail-overs',
                      <Figure of={count(provider.failovers)} />,
                      'Calls made because another provider failed',
                    ],
                    [
                      'Cache hits',
                      <Figure of={count(provider.cache_hits)} />,
                      'Calls answered by a cache of the application',
                    ],
                  ]}
                />
                {provider.unpriced_calls > 0 && (
                  <Empty code={priceCode}>Some calls have no price, so that the cost is too low. Give one:</Empty>
                )}
              </Card>
              <OutcomeChart answer={answer} of={{ provider: name }} />
              <FirstTokenChart answer={answer} of={{ provider: name }} />
              <Card title="Models" isOld={reading.isOld}>
                <Table
                  caption="Models of the provider"
                  isMain
                  columns={modelColumns(rules).filter(({ key }) => key !== 'p99' && key !== 'average')}
                  rows={models}
                  id={({ name: model }) => model}
                  order={{ key: 'calls', descending: true }}
                />
              </Card>
              <Card title="Errors" hint="failed calls by category" span="third">
                <Tally
                  caption="Failed calls by category"
                  counts={provider.errors}
                  tone={() => 'bad'}
                  none="No call failed."
                />
                <LastErrors of={provider} />
              </Card>
              <Card title="Outcomes" hint="how calls ended" span="third">
                <Tally caption="Calls by outcome" counts={provider.outcomes} tone={outcomeTone} none="No call ended." />
              </Card>
              <Card title="Finish reasons" span="third">
                <Tally caption="Calls by finish reason" counts={provider.finish_reasons} none="No call told one." />
              </Card>
              <TokenRateChart answer={answer} of={{ provider: name }} span="half" />
              <HeadroomCard of={calls} span="half" />
              <CostPerDay provider={name} />
            </>
          );
        }}
      </Awaited>
    </>
  );
}

function HealthPill({ of: { health } }: { readonly of: Provider }) {
  return (
    <span
      class={`pill small ${healthTones[health]}`}
      title="critical below 80 % success; degraded below 90 %, above 5 000 ms on average, or with more than 10 % rate limited"
    >
      <i aria-hidden="true" />
      {health}
    </span>
  );
}

function outcomeTone(outcome: string) {
  if (outcome === 'completed') return 'good';
  return outcome === 'failed' || outcome === 'incomplete' ? 'bad' : 'plain';
}

/** The last message of each category; only where the option errors.messages keeps them. */
function LastErrors({ of: { last_errors: errors } }: { readonly of: Provider }) {
  if (errors === null) return null;
  return (
    <dl class="last-errors">
      {Object.entries(errors).map(([category, { message, seen }]) => (
        <div key={category}>
          <dt>
            {category.replaceAll('_', ' ')} · <Moment time={seen} />
          </dt>
          <dd class="code">
            <bdi>{message}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
