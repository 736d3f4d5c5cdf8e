import { useState } from 'preact/hooks';
import type { Channel, ChannelTest } from '../api/answers.js';
import { change, RequestFailure } from '../api/request.js';
import { useAnswer } from '../api/resource.js';
import { mayWrite } from '../api/session.js';
import { count } from '../format/number.js';
import { Moment } from '../part/ago.js';
import { Card } from '../part/card.js';
import { Figure } from '../part/figure.js';
import { Dot, Name } from '../part/name.js';
import { Awaited, Empty } from '../part/notice.js';
import { channelCode } from './first-line.js';

/** Where notifications go, and whether they arrive. */
export function ChannelsCard() {
  const health = useAnswer('health', {}, 10_000);
  return (
    <Card title="Channels" hint="where notifications go" span="half">
      <Awaited of={health} lines={3}>
        {({ channels }) =>
          channels.length === 0 ? (
            <Empty code={channelCode}>Nobody is notified. Add a channel:</Empty>
          ) : (
            <ul class="plain-list">
              {channels.map((channel) => (
                <Row key={channel.name} channel={channel} />
              ))}
            </ul>
          )
        }
      </Awaited>
    </Card>
  );
}

function Row({ channel }: { readonly channel: Channel }) {
  const { name, kind, min_severity: severity, sent, failed, pending, last_sent: last, last_error: error } = channel;
  const [outcome, setOutcome] = useState<string | null>(null);
  const test = async (): Promise<void> => {
    setOutcome('sending …');
    try {
      const answer = (await change('POST', `alerts/channels/${encodeURIComponent(name)}/test`)) as ChannelTest;
      setOutcome(answer.delivered ? 'test delivered' : `test failed: ${answer.error?.message ?? 'no reason given'}`);
    } catch (problem) {
      if (!(problem instanceof RequestFailure)) throw problem;
      setOutcome(`test failed: ${problem.message}`);
    }
  };
  return (
    <li class="with-end">
      <div>
        <span class="with-dot">
          <Dot tone={error === null ? 'ok' : 'bad'} meaning={error === null ? 'works' : 'failed last'} />
          <Name of={name} detail={`${kind}, from ${severity}`} />
        </span>
        <p class="soft">
          <Figure of={count(sent)} /> sent · <Figure of={count(failed)} /> failed
          {pending > 0 && ` · ${pending} waiting`}
          {last !== null && (
            <>
              {' '}
              · last <Moment time={last} />
            </>
          )}
          {error !== null && <span class="tone-bad"> · {error}</span>}
          {outcome !== null && <span role="status"> · {outcome}</span>}
        </p>
      </div>
      {mayWrite() && (
        <button type="button" class="button" onClick={() => void test()}>
          Test
        </button>
      )}
    </li>
  );
}
