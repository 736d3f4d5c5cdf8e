import { useState } from 'preact/hooks';
import type { Alert, Answers } from '../api/answers.js';
import { change } from '../api/request.js';
import { refresh, useAnswer } from '../api/resource.js';
import { mayWrite } from '../api/session.js';
import { Ago, Lasting, Moment } from '../part/ago.js';
import type { Tone } from '../part/bar.js';
import { Name } from '../part/name.js';
import { Failed, Skeleton } from '../part/notice.js';
import { alertWords } from './alert-words.js';
import { SilenceDialog } from './silence-dialog.js';

/** The colour of a severity: grave ones stand out, mild ones do not. */
export function severityTone(severity: string): Tone {
  if (severity === 'critical' || severity === 'high') return 'bad';
  return severity === 'warning' ? 'warn' : 'plain';
}

const most = 5;

function isGrave({ severity, acknowledged, silenced_until: until }: Alert): boolean {
  return severityTone(severity) !== 'plain' && !acknowledged && until === null;
}

/** `2 low: Low token efficiency · 1 info: Calls without a price`. */
function restText(alerts: readonly Alert[]): string {
  const bySeverity = Map.groupBy(alerts, ({ severity }) => severity);
  return [...bySeverity]
    .map(([severity, some]) => {
      const titles = [...new Set(some.map((alert) => alertWords(alert).title))];
      return `${some.length} ${severity}: ${titles.join(', ')}`;
    })
    .join(' · ');
}

/**
 * Alerts that fire, worst first, with what to do about each; a line that says so when none does.
 *
 * @param isAll whether mild ones and those that somebody takes care of have a line of their own from the start
 */
export function FiringAlerts({ isAll = false }: { readonly isAll?: boolean }) {
  const { answer, failure, receivedMs } = useAnswer('alerts', {}, 10_000);
  const [silencing, setSilencing] = useState<Alert | null>(null);
  const [isWhole, setWhole] = useState(isAll);
  if (answer === null)
    return (
      <section class="card" aria-label="Firing alerts">
        {failure === null ? <Skeleton lines={1} /> : <Failed failure={failure} />}
      </section>
    );
  if (answer.active.length === 0) return <AllWell answer={answer} receivedMs={receivedMs ?? 0} />;
  const shown = isWhole ? answer.active : answer.active.filter(isGrave).slice(0, most);
  const rest = answer.active.filter((alert) => !shown.includes(alert));
  return (
    <section class="card flush" aria-label="Firing alerts">
      {shown.map((alert) => (
        <AlertRow key={alert.id} alert={alert} onSilence={() => setSilencing(alert)} />
      ))}
      {rest.length > 0 && (
        <button type="button" class="alert rest" onClick={() => setWhole(true)}>
          {restText(rest)} <span class="link">Show</span>
        </button>
      )}
      {silencing !== null && <SilenceDialog alert={silencing} onClose={() => setSilencing(null)} />}
    </section>
  );
}

function AllWell({ answer, receivedMs }: { readonly answer: Answers['alerts']; readonly receivedMs: number }) {
  const { evaluated_at: evaluated, timestamp } = answer;
  return (
    <section class="card calm" aria-label="Firing alerts">
      {evaluated === null ? (
        'No rule was evaluated yet.'
      ) : (
        <>
          <b>Nothing fires.</b> {answer.rules.length} rules, evaluated{' '}
          <Ago time={evaluated} asOf={{ timestamp, receivedMs }} />.
        </>
      )}
    </section>
  );
}

function AlertRow({ alert, onSilence }: { readonly alert: Alert; readonly onSilence: () => void }) {
  const {
    severity,
    since,
    labels,
    recommendation,
    acknowledged,
    acknowledged_by: by,
    silenced_until: until,
    not_notified: unheard,
  } = alert;
  const tone = severityTone(severity);
  const { title, value } = alertWords(alert);
  return (
    <div class={`alert ${tone}`} data-alert={alert.rule}>
      <div>
        <p>
          <span class={`severity ${tone}`}>{severity}</span> <b>{title}</b> — {value}
        </p>
        <p class="advice">
          {Object.entries(labels).map(([name, label]) => (
            <span key={name} title={name}>
              <bdi>{label}</bdi> ·{' '}
            </span>
          ))}
          since <Moment time={since} /> (<Lasting since={since} />){alert.state === 'no_data' && ' · no data now'}
          {alert.state === 'stale' && ' · not evaluated now'}
          {acknowledged && ` · acknowledged by ${by ?? 'somebody'}`}
          {until !== null && (
            <>
              {' '}
              · silenced until <Moment time={until} />
            </>
          )}
          {unheard.length > 0 && <span class="tone-bad"> · {unheard.join(', ')} could not be told</span>}
          {recommendation !== null && ` · Next: ${recommendation.immediate}`}
          <Runbook url={alert.runbook_url} />
        </p>
      </div>
      {mayWrite() && (
        <div class="alert-actions">
          {!acknowledged && <Acknowledge alert={alert} />}
          <button type="button" class="button" onClick={onSilence}>
            Silence…
          </button>
        </div>
      )}
    </div>
  );
}

function Runbook({ url }: { readonly url: string | null }) {
  if (url === null || !/^https?:\/\//.test(url)) return null;
  return (
    <>
      {' '}
      ·{' '}
      <a class="link" href={url} target="_blank" rel="noreferrer noopener">
        Runbook
      </a>
    </>
  );
}

function Acknowledge({ alert }: { readonly alert: Alert }) {
  const [failure, setFailure] = useState<string | null>(null);
  const acknowledge = async (): Promise<void> => {
    try {
      await change('POST', `alerts/${encodeURIComponent(alert.id)}/acknowledge`);
      refresh('alerts');
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      {failure !== null && (
        <span class="tone-bad" role="alert">
          {failure}
        </span>
      )}
      <button type="button" class="button" onClick={() => void acknowledge()}>
        Acknowledge
      </button>
    </>
  );
}

/** Labels of what an alert is about. */
export function AlertLabels({ labels }: Pick<Alert, 'labels'>) {
  const entries = Object.entries(labels);
  if (entries.length === 0) return <span class="soft">all</span>;
  return (
    <>
      {entries.map(([name, value]) => (
        <Name key={name} of={value} />
      ))}
    </>
  );
}
