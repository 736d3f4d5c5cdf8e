import { useState } from 'preact/hooks';
import type { Answers } from '../api/answers.js';
import { change, RequestFailure } from '../api/request.js';
import { refresh, useAnswer } from '../api/resource.js';
import { mayWrite } from '../api/session.js';
import { Moment } from '../part/ago.js';
import { Card } from '../part/card.js';
import { Awaited } from '../part/notice.js';

type Silence = Answers['alerts/silences']['silences'][number];

/** Alerts of which nobody is notified for a while. */
export function SilencesCard() {
  const silences = useAnswer('alerts/silences', {}, 30_000);
  return (
    <Card title="Silences" hint="alerts fire on, nobody is notified" span="half">
      <Awaited of={silences} lines={3}>
        {({ silences: all }) =>
          all.length === 0 ? (
            <p class="soft none">No alert is silenced.</p>
          ) : (
            <ul class="plain-list">
              {all.map((silence) => (
                <Row key={silence.id} silence={silence} />
              ))}
            </ul>
          )
        }
      </Awaited>
    </Card>
  );
}

function Row({ silence: { id, matchers, until, by, why } }: { readonly silence: Silence }) {
  const [failure, setFailure] = useState<string | null>(null);
  const end = async (): Promise<void> => {
    try {
      await change('DELETE', 'alerts/silences', { query: { id } });
      refresh('alerts', 'alerts/silences');
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      setFailure(error.message);
    }
  };
  return (
    <li class="with-end">
      <div>
        <b>
          <bdi>
            {Object.entries(matchers)
              .map(([name, value]) => `${name} ${value}`)
              .join(', ')}
          </bdi>
        </b>
        <p class="soft">
          until <Moment time={until} /> · by <bdi>{by}</bdi>
          {why !== '' && (
            <>
              {' '}
              · <bdi>{why}</bdi>
            </>
          )}
          {failure !== null && <span class="tone-bad"> · {failure}</span>}
        </p>
      </div>
      {mayWrite() && (
        <button type="button" class="button" onClick={() => void end()}>
          End
        </button>
      )}
    </li>
  );
}
