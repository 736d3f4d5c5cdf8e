import type { Alert } from '../api/answers.js';
import { change } from '../api/request.js';
import { refresh } from '../api/resource.js';
import type { FormFields } from '../part/form-fields.js';
import { Dialog } from '../part/dialog.js';

const durations = [
  [30, '30 minutes'],
  [60, '1 hour'],
  [240, '4 hours'],
  [1440, '1 day'],
  [10_080, '7 days'],
] as const;

/** Asks for how long, and why, nobody is to be notified of an alert. */
export function SilenceDialog({ alert, onClose }: { readonly alert: Alert; readonly onClose: () => void }) {
  const hasLabels = Object.keys(alert.labels).length > 0;
  const submit = async (fields: FormFields): Promise<void> => {
    const labels = fields['scope'] === 'rule' ? {} : alert.labels;
    await change('POST', 'alerts/silences', {
      body: { matchers: { rule: alert.rule, ...labels }, minutes: Number(fields['minutes']), why: fields['why'] },
    });
    refresh('alerts', 'alerts/silences');
  };
  return (
    <Dialog title="Silence an alert" action="Silence" onSubmit={submit} onClose={onClose}>
      <p class="soft">It fires on and is shown here; nobody is notified.</p>
      <label class="field">
        For
        <select name="minutes">
          {durations.map(([minutes, text]) => (
            <option key={minutes} value={minutes} selected={minutes === 60}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {hasLabels && (
        <label class="field">
          What
          <select name="scope">
            <option value="alert">Only {Object.values(alert.labels).join(', ')}</option>
            <option value="rule">Every alert of the rule {alert.rule}</option>
          </select>
        </label>
      )}
      <label class="field">
        Why
        <input type="text" name="why" required maxLength={500} placeholder="Migration until noon" />
      </label>
    </Dialog>
  );
}
