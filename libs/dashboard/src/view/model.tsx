import { useWindowed } from '../api/window.js';
import { useRules } from '../judge.js';
import { address, linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { Facts } from '../part/facts.js';
import { Awaited, Empty } from '../part/notice.js';
import { Tally } from '../part/tally.js';
import { ViewTitle } from '../part/view-title.js';
import { callsIn, FirstTokenChart, OutcomeChart, TokenRateChart } from './call-charts.js';
import { callFacts } from './call-facts.js';
import { priceCode } from './first-line.js';
import { HeadroomCard } from './headroom-card.js';

/** One model of a provider. */
export function ModelView() {
  const [provider = '', model = ''] = address.value.names;
  const reading = useWindowed('providers', { query: { provider }, series: 'names' });
  const rules = useRules();
  const of = { provider, model };
  return (
    <>
      <ViewTitle
        title={model}
        crumbs={[
          ['Providers', linkTo({ view: 'providers', names: [] })],
          [provider, linkTo({ view: 'providers', names: [provider] })],
        ]}
      />
      <Awaited of={reading} lines={8}>
        {(answer) => {
          const calls = callsIn(answer, of);
          if (calls === null)
            return (
              <Card title="Nothing in this window">
                <Empty>There was no call of this model in this window. Look further back.</Empty>
              </Card>
            );
          return (
            <>
              <Card title="In this window" isOld={reading.isOld}>
                <Facts of={callFacts(calls, rules)} />
                {calls.shared.unpriced_calls > 0 && (
                  <Empty code={priceCode}>Some calls have no price, so that the cost is too low. Give one:</Empty>
                )}
              </Card>
              <OutcomeChart answer={answer} of={of} />
              <FirstTokenChart answer={answer} of={of} />
              <TokenRateChart answer={answer} of={of} span="whole" />
              <Card title="Errors" hint="failed calls by category" span="third">
                <Tally
                  caption="Failed calls by category"
                  counts={calls.shared.errors}
                  tone={() => 'bad'}
                  none="No call failed."
                />
              </Card>
              <HeadroomCard of={calls} span="two-thirds" />
            </>
          );
        }}
      </Awaited>
    </>
  );
}
