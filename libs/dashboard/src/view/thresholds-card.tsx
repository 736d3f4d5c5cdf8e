import { useState } from 'preact/hooks';
import type { Answers } from '../api/answers.js';
import { mayWrite } from '../api/session.js';
import { useRules } from '../judge.js';
import { Card } from '../part/card.js';
import type { FormFields } from '../part/form-fields.js';
import { Dialog } from '../part/dialog.js';
import { postConfig } from './config-dialog.js';
import { severityTone } from './firing-alerts.js';
import { thresholdText } from './rules-card.js';

/** A threshold that was posted while replicas ran. */
interface PostedThreshold {
  readonly metric: string;
  readonly statistic: string | null;
  readonly filter: Readonly<Record<string, string>>;
  readonly comparison: string;
  readonly threshold: number;
  readonly severity: string;
}

const severities = ['info', 'low', 'warning', 'high', 'critical'] as const;
const comparisons = ['>', '>=', '<', '<='] as const;

/** Thresholds of alerts that were set while replicas ran. */
export function ThresholdsCard({ config }: { readonly config: Answers['config'] | null }) {
  const [isAdding, setAdding] = useState(false);
  const posted = (config?.posted['alert_thresholds'] ?? []) as readonly PostedThreshold[];
  return (
    <Card
      title="Alert thresholds"
      hint="set while replicas run; they replace those of the rules"
      span="half"
      actions={
        mayWrite() && (
          <button type="button" class="button" onClick={() => setAdding(true)}>
            Set…
          </button>
        )
      }
    >
      {posted.length === 0 ? (
        <p class="soft none">None: the rules hold as they are in code.</p>
      ) : (
        <ul class="plain-list">
          {posted.map((threshold) => (
            <Row key={JSON.stringify(threshold)} of={threshold} version={config?.version ?? 0} />
          ))}
        </ul>
      )}
      {isAdding && <ThresholdDialog version={config?.version ?? 0} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function Row({ of, version }: { readonly of: PostedThreshold; readonly version: number }) {
  const [isEnding, setEnding] = useState(false);
  const labels = Object.entries(of.filter).map(([name, value]) => `${name} ${value}`);
  const text = `${of.metric}${of.statistic === null ? '' : ` ${of.statistic}`} ${thresholdText(of.comparison, of.threshold, unitOf(of.metric))}`;
  return (
    <li class="with-end">
      <div>
        <span class={`severity ${severityTone(of.severity)}`}>{of.severity}</span> <span class="code">{text}</span>
        {labels.length > 0 && <p class="soft">{labels.join(', ')}</p>}
      </div>
      {mayWrite() && (
        <button type="button" class="button" onClick={() => setEnding(true)}>
          Take back…
        </button>
      )}
      {isEnding && (
        <Dialog
          title="Take back a threshold"
          action="Take back"
          onSubmit={() => postConfig({ alert_thresholds: [{ ...of, threshold: null }] }, version)}
          onClose={() => setEnding(false)}
        >
          <p class="code">{text}</p>
        </Dialog>
      )}
    </li>
  );
}

/** A posted threshold names its metric alone; names say their unit. */
function unitOf(metric: string): string {
  if (metric.endsWith('_ms')) return 'ms';
  if (metric.endsWith('_percent')) return '%';
  return metric.endsWith('_usd') ? 'USD' : '';
}

function ThresholdDialog({ version, onClose }: { readonly version: number; readonly onClose: () => void }) {
  const metrics = [...new Set(useRules().flatMap(({ metric }) => metric ?? []))].sort();
  const submit = (fields: FormFields): Promise<void> =>
    postConfig(
      {
        alert_thresholds: [
          {
            metric: fields['metric'],
            comparison: fields['comparison'],
            threshold: Number(fields['threshold']),
            severity: fields['severity'],
          },
        ],
      },
      version,
    );
  return (
    <Dialog title="Set a threshold" action="Set on all replicas" onSubmit={submit} onClose={onClose}>
      <label class="field">
        Metric
        <input type="text" name="metric" list="metrics" required maxLength={100} />
        <datalist id="metrics">
          {metrics.map((metric) => (
            <option key={metric} value={metric} />
          ))}
        </datalist>
      </label>
      <div class="field-row">
        <label class="field">
          Fires when it is
          <select name="comparison">
            {comparisons.map((comparison) => (
              <option key={comparison} value={comparison}>
                {comparison}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Threshold
          <input type="number" name="threshold" step="any" required />
        </label>
        <label class="field">
          Severity
          <select name="severity">
            {severities.map((severity) => (
              <option key={severity} value={severity} selected={severity === 'warning'}>
                {severity}
              </option>
            ))}
          </select>
        </label>
      </div>
    </Dialog>
  );
}
