import { nowMs } from '../api/following.js';
import { agoText, spanText } from '../format/duration.js';
import { compact } from '../format/number.js';
import { wholePercent } from '../format/percent.js';
import { Bar } from '../part/bar.js';
import { Card, type Span } from '../part/card.js';
import { Figure } from '../part/figure.js';
import type { Calls } from './call-columns.js';

/** What the provider still allows, limit by limit, as it was told last. */
export function HeadroomCard({ of: { shared }, span }: { readonly of: Calls; readonly span: Span }) {
  const { headroom, retry_after_seconds: wait } = shared.rate_limits;
  return (
    <Card title="Headroom" hint="what the provider still allows" span={span}>
      {wait !== null && <p class="callout">The provider asks to wait for {spanText(wait)}.</p>}
      {headroom === null ? (
        <p class="soft none">No answer of a living replica told any limit.</p>
      ) : (
        <div class="wrap">
          <table>
            <caption class="visually-hidden">Limits of the provider</caption>
            <thead>
              <tr>
                <th scope="col" class="text">
                  Limit
                </th>
                <th scope="col">Left</th>
                <th scope="col">Of</th>
                <th scope="col">Share</th>
                <th scope="col">Full again</th>
                <th scope="col">Told</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(headroom).map(([kind, { limit, remaining, reset_seconds: reset, seen }]) => {
                const share = limit === null || remaining === null || limit === 0 ? null : (remaining / limit) * 100;
                return (
                  <tr key={kind}>
                    <th scope="row" class="text">
                      {kind.replaceAll('_', ' ')}
                    </th>
                    <td>
                      <Figure of={compact(remaining)} />
                    </td>
                    <td>
                      <Figure of={compact(limit)} />
                    </td>
                    <td>
                      <Figure of={wholePercent(share)} />
                      <Bar percent={share} tone={share !== null && share < 10 ? 'bad' : 'plain'} />
                    </td>
                    <td>{reset === null ? '–' : reset === 0 ? 'by now' : `in ${spanText(reset)}`}</td>
                    <td>{agoText(nowMs.peek() / 1000 - seen)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
