import type { Budget } from '../api/answers.js';
import { change } from '../api/request.js';
import { refresh } from '../api/resource.js';
import { Dialog } from '../part/dialog.js';
import type { FormFields } from '../part/form-fields.js';

const durations = [
  [60, '1 hour'],
  [240, '4 hours'],
  [1440, '1 day'],
  [10_080, '7 days'],
] as const;

/** Asks for another limit of a budget for some time, or whether the one in force is to end. */
export function OverrideDialog({ budget, onClose }: { readonly budget: Budget; readonly onClose: () => void }) {
  const path = `budgets/${encodeURIComponent(budget.name)}/override`;
  const isUsd = budget.unit === 'usd';
  const submit = async (fields: FormFields): Promise<void> => {
    if (fields['end'] === 'yes') await change('DELETE', path);
    else {
      const limit = isUsd ? { limit_usd: fields['limit'] } : { limit_tokens: Number(fields['limit']) };
      await change('POST', path, { body: { ...limit, minutes: Number(fields['minutes']), why: fields['why'] } });
    }
    refresh('budgets');
  };
  return (
    <Dialog title={`Another limit of ${budget.name}`} action="Set on all replicas" onSubmit={submit} onClose={onClose}>
      <label class="field">
        Limit, in {isUsd ? 'USD' : 'tokens'}
        <input
          type="number"
          name="limit"
          required
          min={isUsd ? '0.000001' : '1'}
          step={isUsd ? 'any' : '1'}
          defaultValue={isUsd ? String(Number(budget.limit_cost_usd)) : String(budget.limit_tokens)}
        />
      </label>
      <label class="field">
        For
        <select name="minutes">
          {durations.map(([minutes, text]) => (
            <option key={minutes} value={minutes}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        Why
        <input type="text" name="why" required maxLength={500} defaultValue={budget.override?.why ?? ''} />
      </label>
      {budget.override !== null && (
        <label class="check">
          <input type="checkbox" name="end" value="yes" /> End it, so that the limit from code holds again
        </label>
      )}
    </Dialog>
  );
}
